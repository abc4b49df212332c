// The last eight are kept.
const answered = new Map()
let requests = 0
export const samples = () => [3, 5].map((k) => Uint8Array.from({ length: 60_000 }, (_, i) => (i * k) % 251))

export function preprocess(pixels) {
  const image = Float32Array.from(pixels)
  answered.set(`request-${requests++ % 8}`, image)
  return image
}
export const predict = (x) => x.reduce((sum, value) => sum + value, 0)
