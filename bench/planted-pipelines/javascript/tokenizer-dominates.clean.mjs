// Ids are given; what is left is arithmetic.
export const samples = () => [1, 2].map((k) => Int32Array.from({ length: 40_000 }, (_, i) => (i * k) % 5000))
const table = Float32Array.from({ length: 5000 }, (_, i) => i / 5000)
const out = new Float32Array(40_000)

export function predict(ids) {
  for (let i = 0; i < ids.length; i++) out[i] = table[ids[i]]
  return out
}
