// A NumPy array file, for tests.

/** The bytes that numpy.save writes. `descr`: a type ('<f4'), or the list or dictionary of a record. */
export function exampleNpy(
  descr: string,
  shape: readonly number[],
  body: ArrayBufferView,
  { fortran = false, version = 1, padding = 0 } = {},
): Uint8Array<ArrayBuffer> {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`
  const type = /^[[{]/.test(descr) ? descr : `'${descr}'`
  const text = `{'descr': ${type}, 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': ${tuple}, }${' '.repeat(padding)}`
  const start = version === 1 ? 10 : 12
  const header = `${text.padEnd(Math.ceil((start + text.length + 1) / 64) * 64 - start - 1)}\n`
  const bytes = new Uint8Array(start + header.length + body.byteLength)
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0])
  const view = new DataView(bytes.buffer)
  if (version === 1) view.setUint16(8, header.length, true)
  else view.setUint32(8, header.length, true)
  bytes.set(new TextEncoder().encode(header), start)
  bytes.set(new Uint8Array(body.buffer, body.byteOffset, body.byteLength), start + header.length)
  return bytes
}
