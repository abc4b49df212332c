// Options of the form name=what. Names of inputs come from models and may hold ':', '/', '.', spaces and even '='.

/** '--shape name=1x3x224x224': name and dimensions; 'name=' is a scalar. A dimension has no '=', so the last one splits. undefined: no shape. */
export function parseShape(text: string): { name: string; shape: number[] } | undefined {
  const at = text.lastIndexOf('=')
  if (at < 1) return undefined
  const dimensions = text.slice(at + 1)
  if (dimensions === '') return { name: text.slice(0, at), shape: [] }
  if (!/^\d+(x\d+)*$/.test(dimensions)) return undefined
  const shape = dimensions.split('x').map(Number)
  return shape.every(Number.isSafeInteger) ? { name: text.slice(0, at), shape } : undefined
}

/** 'name=value', split at the first '='. undefined: there is no name or no '='. */
export function parseAssignment(text: string): { name: string; value: string } | undefined {
  const at = text.indexOf('=')
  return at < 1 ? undefined : { name: text.slice(0, at), value: text.slice(at + 1) }
}
