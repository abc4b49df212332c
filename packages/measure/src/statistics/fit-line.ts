/** Weighted least squares of y = fixed + perUnit * x with weights 1/y², so that relative errors count. undefined below three points. */
export function fitLine(
  points: readonly { readonly x: number; readonly y: number }[],
): { fixed: number; perUnit: number } | undefined {
  if (points.length < 3) return undefined
  let [w, wx, wy, wxx, wxy] = [0, 0, 0, 0, 0]
  for (const { x, y } of points) {
    const weight = 1 / (y * y)
    w += weight
    wx += weight * x
    wy += weight * y
    wxx += weight * x * x
    wxy += weight * x * y
  }
  const determinant = w * wxx - wx * wx
  if (determinant === 0) return undefined
  const perUnit = (w * wxy - wx * wy) / determinant
  return { fixed: (wy - perUnit * wx) / w, perUnit }
}
