// Files of this machine: written whole or not at all, and told apart by what is in them.
import { createHash, randomBytes } from 'node:crypto'
import { createReadStream, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/**
 * Beside, then renamed: a reader sees the whole file, or what was there before. With the permissions `mode`, where they are given. Throws
 * the disk's errors, and leaves nothing beside.
 */
export function writeWhole(path: string, content: Uint8Array | string, mode?: number): void {
  const beside = besideOf(path)
  try {
    writeFileSync(beside, content, { flag: 'wx', ...(mode === undefined ? {} : { mode }) })
    renameSync(beside, path)
  } catch (error) {
    rmSync(beside, { force: true })
    throw error
  }
}

/** A name that nobody else takes, in the folder of `path`. */
export const besideOf = (path: string): string => join(dirname(path), `.${basename(path)}.${randomBytes(4).toString('hex')}.tmp`)

/** SHA-256 of a file's bytes, as hexadecimal digits. Rejects with the disk's errors. */
export async function hashOfFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array)
  return hash.digest('hex')
}
