// A million products, one by one, over plain arrays.
export const samples = () => [
  { a: Array.from({ length: 1_000_000 }, (_, k) => (k * 7) / 3), b: Array.from({ length: 1_000_000 }, (_, k) => (k + 1) / 7) },
]

export function predict(a, b) {
  const c = []
  for (let i = 0; i < a.length; i++) c.push(a[i] * b[i])
  return c
}
