const size = 500_000
const out = new Float32Array(size)
export const samples = () => [3, 5].map((k) => Uint8Array.from({ length: size }, (_, i) => (i * k) % 251))

export function preprocess(bytes) {
  let at = 0
  for (const byte of bytes) {
    if (byte !== 250) out[at++] = byte / 255
  }
  return out.subarray(0, at)
}
export const predict = (x) => x.length
