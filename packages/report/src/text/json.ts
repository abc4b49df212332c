// The documents as JSON text. A document is already plain; what is added is a layout that stays readable with thousands of samples.

/**
 * Two-space JSON with a line end; arrays of numbers stand on one line.
 * Throws an Error that names the field where a number is not finite: JSON would turn it into null, which means "not known".
 */
export function renderJson(doc: object): string {
  const text = JSON.stringify(doc, refuseNonFinite, 2)
  // In JSON text a real line end is never inside a string, so this touches arrays of numbers only.
  return `${text.replace(/\[\n\s+(-?\d[^\]"{[]*?)\n\s*\]/g, (_, numbers: string) => `[${numbers.replace(/,\s+/g, ', ')}]`)}\n`
}

function refuseNonFinite(key: string, value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new Error(`the document holds ${value} in '${key}'; what is not known must be null`)
  }
  return value
}
