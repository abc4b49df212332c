// The regular files of a tar archive, into a folder. POSIX ustar: https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'

const BLOCK_BYTES = 512

export function untar(archive: Buffer, folder: string): void {
  for (let at = 0; at + BLOCK_BYTES <= archive.length && archive[at] !== 0; ) {
    const text = (from: number, length: number) => archive.toString('utf8', at + from, at + from + length).replace(/\0.*$/s, '')
    const size = Number.parseInt(text(124, 12), 8)
    const type = text(156, 1)
    const path = normalize(join(text(345, 155), text(0, 100)))
    if (path.startsWith('..')) throw new Error(`'${path}' lies outside the archive`)
    at += BLOCK_BYTES
    if (type === '' || type === '0') {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), archive.subarray(at, at + size))
    }
    at += Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES
  }
}
