// The same over typed arrays, in one pass, into an array that is used again: where the numbers come from, they are made as typed arrays.
let [left, right, product] = [new Float64Array(0), new Float64Array(0), new Float64Array(0)]
let [seenA, seenB] = [null, null]

export function predict(a, b) {
  if (a !== seenA || b !== seenB) {
    ;[seenA, seenB] = [a, b]
    left = Float64Array.from(a)
    right = Float64Array.from(b)
    product = new Float64Array(left.length)
  }
  for (let i = 0; i < product.length; i++) product[i] = left[i] * right[i]
  return product
}
