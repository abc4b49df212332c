// Pixels are sent as they are.
const [width, height] = [512, 384]
export const samples = () => [1, 2].map((k) => Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * k) % 256))

export function predict(pixels) {
  let sum = 0
  for (let i = 0; i < pixels.length; i += 64) sum += pixels[i]
  return sum
}
