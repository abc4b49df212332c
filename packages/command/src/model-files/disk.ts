// The operations on files that shipping needs, few and synchronous, so that a test can let any one of them fail or be the last;
// and what the system's error codes mean to a user.
import fs from 'node:fs'
import { InputError } from '@whyslow/graph/input-error.ts'

export interface Disk {
  makeFolder(path: string): void
  /** A new file, open for writing; one that exists is an error. */
  create(path: string): number
  /** All of the bytes. */
  write(descriptor: number, bytes: Uint8Array): void
  /** Onto the medium. */
  sync(descriptor: number): void
  close(descriptor: number): void
  /** The folder's entries onto the medium, where the system can do that. */
  syncFolder(path: string): void
  rename(from: string, to: string): void
  /** A file, or a folder with all that is in it; no error if it is not there. */
  remove(path: string): void
}

export const nodeDisk: Disk = {
  makeFolder: (path) => fs.mkdirSync(path),
  create: (path) => fs.openSync(path, 'wx'),
  write(descriptor, bytes) {
    for (let done = 0; done < bytes.byteLength; ) done += fs.writeSync(descriptor, bytes, done, bytes.byteLength - done)
  },
  sync: (descriptor) => fs.fsyncSync(descriptor),
  close: (descriptor) => fs.closeSync(descriptor),
  syncFolder(path) {
    let descriptor: number | undefined
    try {
      descriptor = fs.openSync(path, 'r')
      fs.fsyncSync(descriptor)
    } catch (error) {
      // Windows and some network file systems cannot do it for folders.
      if (!['EISDIR', 'EPERM', 'EACCES', 'EINVAL', 'ENOTSUP', 'EBADF'].includes(codeOf(error) ?? '')) throw error
    } finally {
      if (descriptor !== undefined) fs.closeSync(descriptor)
    }
  },
  rename: (from, to) => fs.renameSync(from, to),
  remove: (path) => fs.rmSync(path, { recursive: true, force: true, maxRetries: 3 }),
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full; make room, or give a folder on another disk',
  EDQUOT: 'your disk quota is used up; make room, or give a folder on another disk',
  EROFS: 'the file system is read-only; give a folder elsewhere',
  EACCES: 'there is no permission to write there; give a folder elsewhere',
  EPERM: 'there is no permission to write there; give a folder elsewhere',
  ENOENT: 'the folder above it is gone; make it, or give a folder elsewhere',
  ENOTDIR: 'its parent is not a folder; give a folder elsewhere',
  EBUSY: 'it is in use, or another disk is mounted there; give a folder inside it',
  EXDEV: 'another disk is mounted there; give a folder inside it',
  ENOTEMPTY: 'something was put there meanwhile; try again',
  EEXIST: 'something was put there meanwhile; try again',
  ENAMETOOLONG: 'its name is too long; give a shorter one',
  EFBIG: 'the file system cannot hold files this large; give a folder on another disk',
  EIO: 'the disk reports an error; give a folder on another disk',
}

/** An error of the system as InputError about the folder `out`; any other error as it is. */
export function asInputError(error: unknown, out: string): unknown {
  const code = codeOf(error)
  if (code === undefined || error instanceof InputError) return error
  const reason = REASONS[code] ?? `the system says ${code}; give a folder elsewhere`
  return new InputError(`-o ${out}: cannot be written: ${reason}`, { cause: error })
}

/** The code of an error that the system raised; undefined for any other. */
function codeOf(error: unknown): string | undefined {
  const { code, syscall } = error as NodeJS.ErrnoException
  return error instanceof Error && typeof code === 'string' && typeof syscall === 'string' ? code : undefined
}
