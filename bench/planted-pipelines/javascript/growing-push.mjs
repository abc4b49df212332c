// planted: growing-array
// Half a million numbers pushed one by one.
const size = 500_000
export const samples = () => [3, 5].map((k) => Uint8Array.from({ length: size }, (_, i) => (i * k) % 251))

export function preprocess(bytes) {
  const out = []
  for (const byte of bytes) {
    if (byte !== 250) out.push(byte / 255) // here
  }
  return out
}
export const predict = (x) => x.length
