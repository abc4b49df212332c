// planted: json-in-the-loop
// Features go through text for no reason.
export const samples = () =>
  [1, 2].map((k) => ({ rows: Array.from({ length: 20_000 }, (_, i) => ({ id: i, v: (i * k) % 97, name: `n${i}` })) }))

export function preprocess(sample) {
  const copy = JSON.parse(JSON.stringify(sample)) // here
  return copy.rows
}
export const predict = (rows) => rows.length
