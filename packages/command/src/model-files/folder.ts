// A folder while it is written: each file is hashed as it goes out and is on the disk before the next one begins.
import { createHash } from 'node:crypto'
import path from 'node:path'
import { setImmediate as pause } from 'node:timers/promises'
import type { Disk } from './disk.ts'

/** What a file of the folder is for. */
export type Role =
  | 'model'
  | 'weights'
  | 'options'
  | 'predict'
  | 'python'
  | 'types'
  | 'worker'
  | 'server'
  | 'engine'
  | 'package'
  | 'readme'
  | 'report'

/** A file as it was written. `path` is relative to the folder. */
export interface WrittenFile {
  readonly path: string
  readonly role: Role
  readonly sizeBytes: number
  /** Lower-case hex. */
  readonly sha256: string
}

export interface Folder {
  /** What was added, in order. */
  readonly files: readonly WrittenFile[]
  /** Writes one file. Between chunks other work gets its turn, and an aborted signal stops it. */
  add(path: string, role: Role, content: string | Iterable<Uint8Array>): Promise<void>
}

/** Begins at the existing folder `at`. Errors of the disk are thrown as they come; the file begun stays, closed. */
export function folderAt(at: string, disk: Disk, signal?: AbortSignal): Folder {
  const files: WrittenFile[] = []
  return {
    files,
    async add(name, role, content) {
      const written = await writeFile(path.join(at, name), content, disk, signal)
      files.push({ path: name, role, ...written })
    },
  }
}

/** Writes a file that must not exist yet. */
export async function writeFile(
  file: string,
  content: string | Iterable<Uint8Array>,
  disk: Disk,
  signal?: AbortSignal,
): Promise<{ sizeBytes: number; sha256: string }> {
  const hash = createHash('sha256')
  let sizeBytes = 0
  const descriptor = disk.create(file)
  try {
    for (const chunk of typeof content === 'string' ? [new TextEncoder().encode(content)] : content) {
      signal?.throwIfAborted()
      disk.write(descriptor, chunk)
      hash.update(chunk)
      sizeBytes += chunk.byteLength
      await pause()
    }
    signal?.throwIfAborted()
    disk.sync(descriptor)
  } finally {
    disk.close(descriptor)
  }
  return { sizeBytes, sha256: hash.digest('hex') }
}
