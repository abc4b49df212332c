const size = 4_000_000
const x = new Float32Array(size)
export const samples = () => [1, 2, 3]

export function preprocess(k) {
  for (let i = 0; i < size; i += 16) x[i] = k
  return x
}
export const predict = (given) => given[4096]
