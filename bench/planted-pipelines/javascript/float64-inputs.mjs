// planted: float64-inputs
// Features are gathered in float64 and made float32 for the model at the last moment.
const size = 600_000
const features = new Float64Array(size)
export const samples = () => [1, 2].map((k) => Uint16Array.from({ length: size }, (_, i) => (i * k) % 4093))

export function preprocess(raw) {
  features.set(raw)
  return new Float32Array(features) // here
}
export const predict = (x) => x[7] + x[size - 1]
