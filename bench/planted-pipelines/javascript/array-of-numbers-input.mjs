// planted: array-of-numbers-input
// The model wants float32, and is handed a list.
const size = 400_000
export const samples = () => [1, 2].map((k) => Array.from({ length: size }, (_, i) => (i * k) % 13))

export function preprocess(values) {
  return Float32Array.from(values) // here
}
export const predict = (x) => x[7]
