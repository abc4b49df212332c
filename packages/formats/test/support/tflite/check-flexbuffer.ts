// A FlexBuffer's map of numbers, for tests: everything is four bytes wide.

/** Keys as they stand in the library's files, sorted; whole numbers become ints, others floats. */
export function flexMap(entries: Readonly<Record<string, number | boolean>>): Uint8Array<ArrayBuffer> {
  const sorted = Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1))
  const bytes: number[] = []
  const word = (value: number, isFloat = false) => {
    const view = new DataView(new ArrayBuffer(4))
    if (isFloat) view.setFloat32(0, value, true)
    else view.setInt32(0, value, true)
    bytes.push(...new Uint8Array(view.buffer))
  }
  const places = sorted.map(([key]) => bytes.push(...new TextEncoder().encode(key), 0) - key.length - 1)
  word(sorted.length)
  const keys = bytes.length
  for (const place of places) word(bytes.length - place)
  word(bytes.length - keys)
  word(4)
  word(sorted.length)
  const values = bytes.length
  const isFloat = (value: number | boolean) => typeof value === 'number' && !Number.isInteger(value)
  for (const [, value] of sorted) word(Number(value), isFloat(value))
  // Bools are 26, ints 1, floats 3; the lower two bits are the width.
  for (const [, value] of sorted) bytes.push((typeof value === 'boolean' ? 26 << 2 : isFloat(value) ? 3 << 2 : 1 << 2) | 2)
  bytes.push(bytes.length - values, (9 << 2) | 2, 1)
  return Uint8Array.from(bytes)
}
