const size = 400_000
export const samples = () => [1, 2].map((k) => Float32Array.from({ length: size }, (_, i) => (i * k) % 13))

export const preprocess = (values) => values.subarray(0, size - 1)
export function predict(x) {
  let sum = 0
  for (let i = 0; i < x.length; i++) sum += x[i]
  return sum
}
