// planted: repeated-allocation
// Buffers of 16 MB for each prediction.
const size = 4_000_000
export const samples = () => [1, 2, 3]

export function preprocess(k) {
  const x = new Float32Array(size) // here
  for (let i = 0; i < size; i += 4096) x[i] = k
  return x
}
export const predict = (x) => x[4096]
