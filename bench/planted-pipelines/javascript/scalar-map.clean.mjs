const size = 300_000
const out = new Float32Array(size)
export const samples = () => [1, 2].map((k) => Uint8Array.from({ length: size }, (_, i) => (i * k) % 256))

export function preprocess(pixels) {
  for (let i = 0; i < pixels.length; i++) out[i] = (pixels[i] / 255 - 0.485) / 0.229
  return out
}
export function predict(x) {
  return x[0] + x[x.length - 1]
}
