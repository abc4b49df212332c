// The same over typed arrays, written into a buffer that is kept.
const size = 300_000
export const samples = () => [0, 1, 2].map((k) => ({ a: list(k), b: list(k + 7) }))
const list = (k) => Float64Array.from({ length: size }, (_, i) => ((i * 31 + k) % 1009) / 7)
const out = new Float64Array(size)

export function predict({ a, b }) {
  for (let i = 0; i < a.length; i++) {
    out[i] = a[i] * b[i] + 0.5
  }
  return out
}
