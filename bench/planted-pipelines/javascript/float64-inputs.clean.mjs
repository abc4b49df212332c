const size = 600_000
const features = new Float32Array(size)
export const samples = () => [1, 2].map((k) => Uint16Array.from({ length: size }, (_, i) => (i * k) % 4093))

export function preprocess(raw) {
  features.set(raw)
  return features
}
export const predict = (x) => x[7] + x[size - 1]
