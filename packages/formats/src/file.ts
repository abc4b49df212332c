// Reading the user's file: what can go wrong with a path, in words that a user understands.
import fs from 'node:fs'
import { InputError } from '@whyslow/graph/input-error.ts'

/** How much of a file is looked at to tell what it is. */
const START_BYTES = 64 * 1024
const END_BYTES = 256 * 1024

export interface FileStart {
  readonly bytes: Uint8Array
  readonly sizeBytes: number
}

/** The first 64 KB of a regular file. Throws InputError if there is none, or it cannot be read. */
export function readStart(file: string): FileStart {
  return withFile(file, (descriptor, sizeBytes) => {
    return { bytes: readFully(descriptor, Math.min(sizeBytes, START_BYTES)), sizeBytes }
  })
}

/** The last 256 KB: of a zip archive its directory. Throws InputError as `readStart` does. */
export function readEnd(file: string): Uint8Array {
  return withFile(file, (descriptor, sizeBytes) => {
    const length = Math.min(sizeBytes, END_BYTES)
    const bytes = new Uint8Array(length)
    return bytes.subarray(0, fs.readSync(descriptor, bytes, 0, length, sizeBytes - length))
  })
}

/** All bytes of a regular file of at most `limitBytes`. Throws InputError, with `above` as advice, where it is larger. */
export function readWhole(file: string, limitBytes: number, above: string): Uint8Array<ArrayBuffer> {
  return withFile(file, (descriptor, sizeBytes) => {
    if (sizeBytes > limitBytes) throw new InputError(`${file} has ${sizeBytes} bytes, too many for its format; ${above}`)
    return readFully(descriptor, sizeBytes)
  })
}

function withFile<Result>(file: string, use: (descriptor: number, sizeBytes: number) => Result): Result {
  let descriptor: number | undefined
  try {
    const facts = fs.statSync(file)
    if (facts.isDirectory()) throw new InputError(`${file} is a directory; name the model file in it`)
    if (!facts.isFile()) throw new InputError(`${file} is not a regular file; save the model to a file first`)
    descriptor = fs.openSync(file, 'r')
    return use(descriptor, fs.fstatSync(descriptor).size)
  } catch (error) {
    throw isSystemError(error) ? new InputError(`${file} ${reason(error)}`) : error
  } finally {
    if (descriptor !== undefined) fs.closeSync(descriptor)
  }
}

/** Not a Buffer: its `subarray` would make every weight a Buffer. Shorter where the file shrinks meanwhile. */
function readFully(descriptor: number, sizeBytes: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(sizeBytes)
  let done = 0
  while (done < sizeBytes) {
    const count = fs.readSync(descriptor, bytes, done, sizeBytes - done, done)
    if (count === 0) break
    done += count
  }
  return bytes.subarray(0, done)
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).code === 'string'
}

function reason({ code }: NodeJS.ErrnoException): string {
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'does not exist; check the path'
    case 'EACCES':
    case 'EPERM':
      return 'may not be read by this user; change its permissions'
    case 'ERR_INVALID_ARG_VALUE':
      return 'is not a valid path; check it'
    default:
      return `cannot be read (${code}); check the path and the disk`
  }
}
