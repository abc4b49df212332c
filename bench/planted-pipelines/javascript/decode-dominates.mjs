// planted: decode-dominates
// Pictures come as PNG, and are taken apart by hand.
import { deflateSync, inflateSync } from 'node:zlib'

const [width, height] = [512, 384]
export const samples = () => [1, 2].map(pictureOf)

function pictureOf(k) {
  const rows = Buffer.alloc(height * (width * 3 + 1))
  for (let i = 0; i < rows.length; i++) rows[i] = i % (width * 3 + 1) === 0 ? 1 : (i * k * 31) % 7
  return Buffer.concat([chunk('IHDR', head()), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))])
}

function head() {
  const bytes = Buffer.alloc(13)
  bytes.writeUInt32BE(width, 0)
  bytes.writeUInt32BE(height, 4)
  return bytes
}

function chunk(name, body) {
  const size = Buffer.alloc(4)
  size.writeUInt32BE(body.length)
  return Buffer.concat([size, Buffer.from(name, 'latin1'), body, Buffer.alloc(4)])
}

function unpack(bytes) {
  // here
  const parts = []
  let [w, h] = [0, 0]
  for (let at = 0; at < bytes.length; ) {
    const size = bytes.readUInt32BE(at)
    const name = bytes.toString('latin1', at + 4, at + 8)
    if (name === 'IHDR') [w, h] = [bytes.readUInt32BE(at + 8), bytes.readUInt32BE(at + 12)]
    if (name === 'IDAT') parts.push(bytes.subarray(at + 8, at + 8 + size))
    at += size + 12
  }
  const raw = inflateSync(Buffer.concat(parts)) // or here
  const pixels = new Uint8Array(w * h * 3)
  for (let y = 0; y < h; y++) {
    // or here
    const from = y * (w * 3 + 1) + 1
    for (let x = 0; x < w * 3; x++) pixels[y * w * 3 + x] = raw[from + x] + (x >= 3 ? pixels[y * w * 3 + x - 3] : 0) // or here
  }
  return pixels
}

export const preprocess = (body) => unpack(body)

export function predict(pixels) {
  let sum = 0
  for (let i = 0; i < pixels.length; i += 64) sum += pixels[i]
  return sum
}
