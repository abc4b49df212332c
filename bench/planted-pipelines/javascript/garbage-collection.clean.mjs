const xs = new Float64Array(600_000)
export const samples = () => [1, 2]
export function preprocess(k) {
  for (let i = 0; i < xs.length; i++) xs[i] = i * k
  return xs
}
export const predict = (x) => x.length
