// A copy of what a library computed. `slice` fills its memory with zeros before it copies into it, which takes as long as the copy again.

/** An array of its own memory, from its start on. */
export function copyOf(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const copy = Buffer.allocUnsafeSlow(bytes.byteLength)
  copy.set(bytes)
  return copy
}
