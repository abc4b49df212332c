// Values as lines of Python have them.

/** A string as Python and JavaScript both read it. */
export function quotePython(text: string): string {
  return `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`
}
