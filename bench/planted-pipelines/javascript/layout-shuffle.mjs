// planted: layout-shuffle
// HWC to CHW by three loops.
const [h, w, c] = [320, 320, 3]
const out = new Float32Array(h * w * c)
export const samples = () => [1, 2].map((k) => Uint8Array.from({ length: h * w * c }, (_, i) => (i * k) % 256))

export function preprocess(pixels) {
  for (let ch = 0; ch < c; ch++) {
    // here
    for (let y = 0; y < h; y++) {
      for (let x = 0; x < w; x++) {
        out[ch * h * w + y * w + x] = pixels[(y * w + x) * c + ch] / 255
      }
    }
  }
  return out
}
export const predict = (x) => x[11]
