// Values as lines to paste.

const MOST_COLUMNS = 78

/** An object as it stands in code, a member a line where it is long. `names`: members that are an expression, by theirs. */
export function writeLiteral(value: unknown, names: Readonly<Record<string, string>> = {}, before = ''): string {
  const short = inLine(value, names)
  if (typeof value !== 'object' || value === null || before.length + short.length <= MOST_COLUMNS) return short
  const within = `${before}  `
  const isList = Array.isArray(value)
  const lines = Object.entries(value).map(([key, one]) => {
    const start = isList ? within : `${within}${keyOf(key)}: `
    return `${start}${Object.hasOwn(names, key) ? names[key] : writeLiteral(one, names, within)},\n`
  })
  return isList ? `[\n${lines.join('')}${before}]` : `{\n${lines.join('')}${before}}`
}

function inLine(value: unknown, names: Readonly<Record<string, string>>): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map((one) => inLine(one, names)).join(', ')}]`
  const members = Object.entries(value).map(
    ([key, one]) => `${keyOf(key)}: ${Object.hasOwn(names, key) ? names[key] : inLine(one, names)}`,
  )
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`
}

const keyOf = (key: string): string => (/^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key))
