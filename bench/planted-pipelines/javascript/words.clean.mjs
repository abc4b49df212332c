export const samples = () => [1, 2].map((k) => Int32Array.from({ length: 9000 }, (_, i) => (i * k) % 3000))
const table = new Float32Array(3000).fill(0.5)
export function predict(ids) {
  let sum = 0
  for (const id of ids) sum += table[id]
  return sum
}
