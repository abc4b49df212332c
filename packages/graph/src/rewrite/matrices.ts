// Matrices of weights: turned, and how much of them a rounding keeps.

/** 10 log10 of the sum of squares over the sum of squared errors. Infinity if nothing is lost, so for zeros alone. */
export function sqnrDb(signal: number, noise: number): number {
  return noise === 0 ? Number.POSITIVE_INFINITY : 10 * Math.log10(signal / noise)
}

/** A matrix [rows, columns] turned into [columns, rows], in squares that stay in the cache. */
export function transposeMatrix<Numbers extends Int8Array | Uint8Array | Float32Array>(
  values: Numbers,
  rows: number,
  columns: number,
) {
  const turned = new (values.constructor as new (length: number) => Numbers)(values.length)
  const side = 64
  for (let top = 0; top < rows; top += side) {
    const bottom = Math.min(rows, top + side)
    for (let left = 0; left < columns; left += side) {
      const right = Math.min(columns, left + side)
      for (let row = top; row < bottom; row++) {
        for (let column = left; column < right; column++) turned[column * rows + row] = values[row * columns + column]!
      }
    }
  }
  return turned
}
