// planted: scalar-loop
// A product of two lists of numbers, one at a time, into a list that is there: one made anew would take longer than the loop.
const size = 300_000
export const samples = () => [0, 1, 2].map((k) => ({ a: list(k), b: list(k + 7) }))
const list = (k) => Array.from({ length: size }, (_, i) => ((i * 31 + k) % 1009) / 7)
const out = new Array(size).fill(0.5)
export function predict({ a, b }) {
  for (let i = 0; i < a.length; i++) {
    // here
    out[i] = a[i] * b[i] + 0.5
  }
  return out
}
