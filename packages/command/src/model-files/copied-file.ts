// The bytes of a file in pieces, for a folder that is being written.
import fs from 'node:fs'
import { InputError } from '@whyslow/graph/input-error.ts'

const CHUNK_BYTES = 16 * 2 ** 20

/** Throws InputError if the file can no longer be read. */
export function* copiedFile(file: string): Iterable<Uint8Array> {
  const descriptor = attempt(file, () => fs.openSync(file, 'r'))
  try {
    for (let count = -1; count !== 0; ) {
      const chunk = new Uint8Array(CHUNK_BYTES)
      count = attempt(file, () => fs.readSync(descriptor, chunk))
      if (count > 0) yield chunk.subarray(0, count)
    }
  } finally {
    fs.closeSync(descriptor)
  }
}

function attempt<T>(file: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new InputError(`${file} can no longer be read (${code}); put it back and start again`, { cause: error })
  }
}
