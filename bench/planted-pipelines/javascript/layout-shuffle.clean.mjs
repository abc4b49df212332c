// The model takes HWC: nothing is moved.
const [h, w, c] = [320, 320, 3]
const out = new Float32Array(h * w * c)
export const samples = () => [1, 2].map((k) => Uint8Array.from({ length: h * w * c }, (_, i) => (i * k) % 256))

export function preprocess(pixels) {
  for (let i = 0; i < pixels.length; i++) out[i] = pixels[i] / 255
  return out
}
export const predict = (x) => x[11]
