// Slopes of a PRelu as its simpler forms ask for them. https://onnx.ai/onnx/operators/onnx__PRelu.html

/** `one`: all the same; `up-to-1`: none above, and none is 0, whose product with infinity is not a number. */
export function slopesKind(slopes: readonly number[]): 'one' | 'up-to-1' | 'other' {
  const [first] = slopes
  if (first === undefined) return 'other'
  if (slopes.every((one) => one === first)) return 'one'
  return slopes.every((one) => one <= 1 && one !== 0) ? 'up-to-1' : 'other'
}
