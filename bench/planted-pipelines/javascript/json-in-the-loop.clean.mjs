export const samples = () =>
  [1, 2].map((k) => ({ rows: Array.from({ length: 20_000 }, (_, i) => ({ id: i, v: (i * k) % 97, name: `n${i}` })) }))

export const preprocess = (sample) => sample.rows
export function predict(rows) {
  let sum = 0
  for (const { v } of rows) sum += v
  return sum
}
