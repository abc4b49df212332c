// planted: scalar-loop
// Normalized by map, which makes a list of every number.
const size = 300_000
export const samples = () => [1, 2].map((k) => Array.from({ length: size }, (_, i) => (i * k) % 256))

export function preprocess(pixels) {
  return pixels.map((p) => (p / 255 - 0.485) / 0.229) // here
}
export function predict(x) {
  return x[0] + x[x.length - 1]
}
