// Which container a Keras file is: one rule for the reader and, in Python, for the engine (python/collector/whyslow_collector/keras_files.py).
// Keras goes by a file's name, zip readers by its end, HDF5 readers by its start or what follows a user block, so a file that is both would be
// two models. https://docs.hdfgroup.org/hdf5/develop/_f_m_t3.html (II.A), https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT (4.3.16)
import { InputError } from '@whyslow/graph/input-error.ts'

const HDF5 = Buffer.from('\x89HDF\r\n\x1a\n', 'latin1')
const MEMBER = Buffer.from('PK\x03\x04', 'latin1')
const DIRECTORY = Buffer.from('PK\x01\x02', 'latin1')
const END = Buffer.from('PK\x05\x06', 'latin1')
const LOCATOR = Buffer.from('PK\x06\x07', 'latin1')
const END_BYTES = 22

/** Throws InputError if the file is both, or neither. */
export function containerOf(bytes: Uint8Array<ArrayBuffer>, file: string): 'keras' | 'hdf5' {
  const held = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const [zip, hdf5] = [isZip(held), isHdf5(held)]
  if (zip && hdf5)
    throw new InputError(
      `${file} is a zip archive and an HDF5 file at once, and programs would not agree about what it holds; save the model again in Keras`,
    )
  if (!zip && !hdf5) throw new InputError(`${file} is neither a .keras archive nor an HDF5 file; save it again in Keras`)
  return zip ? 'keras' : 'hdf5'
}

const hasAt = (held: Buffer, signature: Buffer, at: number): boolean =>
  at >= 0 && held.subarray(at, at + signature.length).equals(signature)

/** Its superblock is at the start, or after a user block of 512, 1024, 2048 … bytes. */
function isHdf5(held: Buffer): boolean {
  for (let at = 0; at < held.length; at = at === 0 ? 512 : at * 2) if (hasAt(held, HDF5, at)) return true
  return false
}

/** It starts as one, or has a directory anywhere. */
function isZip(held: Buffer): boolean {
  if (hasAt(held, MEMBER, 0)) return true
  for (let at = held.indexOf(END); at >= 0; at = held.indexOf(END, at + 1)) if (isEnd(held, at)) return true
  return false
}

/** Arrays may hold the four bytes by chance: before an end of directory is a directory, or the locator of a larger one. */
function isEnd(held: Buffer, at: number): boolean {
  if (at + END_BYTES > held.length) return false
  const sizeBytes = held.readUInt32LE(at + 12)
  const isEmpty = held.subarray(at + 4, at + END_BYTES).every((byte) => byte === 0)
  return isEmpty || hasAt(held, LOCATOR, at - 20) || (sizeBytes > 0 && hasAt(held, DIRECTORY, at - sizeBytes))
}
