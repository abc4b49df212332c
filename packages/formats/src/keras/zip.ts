// A .keras archive: a zip whose members have plain paths and do not grow beyond measure.
import { type Archive, openZip } from '@whyslow/graph/archives/zip.ts'
import { InputError } from '@whyslow/graph/input-error.ts'

/** Keras stores members as they are, and arrays do not compress well: more than this is a bomb. */
const LARGEST_RATIO = 100

/** Throws InputError, which begins with `where`. */
export function openArchive(bytes: Uint8Array<ArrayBuffer>, where: string): Archive {
  const archive = openZip(bytes, { where, again: 'download it or save it again with Keras' })
  for (const [name, { packedBytes, sizeBytes }] of archive.members) {
    if (/^[/\\]|^[A-Za-z]:|(^|[/\\])\.\.([/\\]|$)/.test(name))
      throw new InputError(`${where} has a member that names a path outside (${name}); save it again with Keras`)
    if (sizeBytes > LARGEST_RATIO * Math.max(packedBytes, 1024))
      throw new InputError(`${where} would grow to ${sizeBytes} bytes when it is unpacked ('${name}'); save it again with Keras`)
  }
  return archive
}
