// planted: growing-array
// A list that is copied whole for every element.
export const samples = () => [0, 1].map((k) => Array.from({ length: 3000 }, (_, i) => (i * 17 + k) % 101))

export function preprocess(values) {
  let out = []
  for (const value of values) {
    out = [...out, value * 2] // here
  }
  return out
}
export const predict = (x) => x.length
