// Where a fleet's models and inputs lie by their content, `sha256/ab/abcd…`: a folder that all machines see, or a bucket of any store that
// speaks S3.
import { mkdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { copyFile } from 'node:fs/promises'
import path from 'node:path'
import { hashOfFile, temporaryNameFor } from '@whyslow/measure/machine/files.ts'

export interface FileStore {
  /** As it was named, for messages. */
  readonly name: string
  /** Bytes of a file; undefined if it is not there. */
  sizeOf(sha256: string): Promise<number | undefined>
  /** Whether it is there and is what its name says: all of it is read. Others can write to the store. */
  holds(sha256: string, sizeBytes: number): Promise<boolean>
  /** Whole or not at all, in place of what is there. */
  put(sha256: string, file: string): Promise<void>
  /** Copies the file's `sizeBytes` to `to`, which is not there yet. What came is for the caller to check. */
  get(sha256: string, to: string, given: { readonly sizeBytes: number; readonly signal?: AbortSignal | undefined }): Promise<void>
  close(): void
}

/** Place of a file, in a store and in a cache. */
export const storePath = (sha256: string): string => `sha256/${sha256.slice(0, 2)}/${sha256}`

export function folderStore(folder: string): FileStore {
  const placeIn = (sha256: string) => path.join(folder, storePath(sha256))
  const sizeOf = async (sha256: string) => statSync(placeIn(sha256), { throwIfNoEntry: false })?.size
  return {
    name: folder,
    sizeOf,
    async holds(sha256, sizeBytes) {
      if ((await sizeOf(sha256)) !== sizeBytes) return false
      // One that may not be read is none, and another comes in its place.
      return (await hashOfFile(placeIn(sha256)).catch(() => null)) === sha256
    },
    put: (sha256, file) => copyWhole(file, placeIn(sha256)),
    // Meanwhile an agent renews what it holds.
    get: (sha256, to) => copyFile(placeIn(sha256), to),
    close() {},
  }
}

async function copyWhole(from: string, to: string): Promise<void> {
  mkdirSync(path.dirname(to), { recursive: true })
  const beside = temporaryNameFor(to)
  try {
    await copyFile(from, beside)
    renameSync(beside, to)
  } catch (error) {
    rmSync(beside, { force: true })
    throw error
  }
}
