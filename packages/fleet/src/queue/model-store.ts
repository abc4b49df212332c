// Models and inputs by their content: into the store that all machines of a fleet see, and from it into a bounded cache of the agent's own,
// checked, before a trial begins.
import {
  constants,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs'
import path from 'node:path'
import { InputError } from '@whyslow/graph/input-error.ts'
import { hashOfFile, temporaryNameFor } from '@whyslow/measure/machine/files.ts'
import { bytes } from '@whyslow/measure/statistics/numbers.ts'
import { type FileStore, storePath } from './file-store.ts'
import type { StoredFile } from './job-type.ts'

/** Puts a file into the store, unless it is there already, whole. Throws InputError if that cannot be. */
export async function keep(store: FileStore, file: string): Promise<StoredFile> {
  try {
    const sha256 = await hashOfFile(file)
    const stored = { name: path.basename(file), sha256, sizeBytes: statSync(file).size }
    if (!(await store.holds(sha256, stored.sizeBytes))) await store.put(sha256, file)
    return stored
  } catch (error) {
    if (error instanceof InputError) throw error
    throw new InputError(
      `--shared-models ${store.name}: ${file} cannot be kept there (${codeOf(error)}); give a folder that all machines see`,
    )
  }
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? (error as Error).message

export interface Places {
  readonly store: FileStore
  readonly cache: string
  /** What the cache may hold, bytes. */
  readonly mostBytes: number
  readonly signal?: AbortSignal
}

/**
 * Copies a file of the store into the cache, unless it is there, and checks it; what was used longest ago makes room. The path; throws InputError
 * if it is not what it should be, and the signal's reason if it is aborted.
 */
export async function fetchInto(
  { name, sha256, sizeBytes }: StoredFile,
  { cache, mostBytes, store, signal }: Places,
): Promise<string> {
  const own = path.join(cache, storePath(sha256))
  // Read again: one may have been cut short by a machine that went down, or changed through a link. That also brings it into the page cache.
  if (statSync(own, { throwIfNoEntry: false })?.size === sizeBytes && (await isContent(own, sha256))) return own
  const size = await store.sizeOf(sha256)
  if (size === undefined) throw new InputError(`${name} (${sha256.slice(0, 12)}) is not in ${store.name}`)
  if (size !== sizeBytes) throw new InputError(`${name} has ${size} bytes in ${store.name}, and not ${sizeBytes}`)
  trimCache(cache, mostBytes - sizeBytes)
  const coming = temporaryNameFor(own)
  mkdirSync(path.dirname(own), { recursive: true })
  try {
    await store.get(sha256, coming, { sizeBytes, signal })
    if ((await hashOfFile(coming)) !== sha256) throw new InputError(`${name} in ${store.name} is not what its name says`)
    renameSync(coming, own)
  } finally {
    rmSync(coming, { force: true })
  }
  return own
}

/** Marks it as used, too: the cache forgets what was used longest ago. False where another agent has just made room. */
async function isContent(own: string, sha256: string): Promise<boolean> {
  try {
    utimesSync(own, new Date(), new Date())
    return (await hashOfFile(own)) === sha256
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false
    throw error
  }
}

const NO_LINKS = new Set(['EXDEV', 'EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK'])

/** A folder in which the files stand under their names. The path of the first. */
export async function setOut(folder: string, files: readonly StoredFile[], places: Places): Promise<string> {
  const sizeBytes = files.reduce((sum, one) => sum + one.sizeBytes, 0)
  if (sizeBytes > places.mostBytes)
    throw new InputError(`${files[0]!.name} has ${bytes(sizeBytes)}, and an agent keeps ${bytes(places.mostBytes)} at most`)
  mkdirSync(folder, { recursive: true })
  for (const file of files) {
    const own = await fetchInto(file, places)
    const to = path.join(folder, file.name)
    try {
      linkSync(own, to)
    } catch (error) {
      // Another disk, or one without links. A file that stands there is never written to: it may be a link into the cache.
      if (!NO_LINKS.has(codeOf(error))) throw error
      copyFileSync(own, to, constants.COPYFILE_EXCL)
    }
  }
  return path.join(folder, files[0]!.name)
}

/** Forgets files, those first that were not used for longest, until the rest is within the limit. */
export function trimCache(cache: string, mostBytes: number): void {
  const root = path.join(cache, 'sha256')
  if (!existsSync(root)) return
  const files = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .flatMap((entry) => {
      const file = path.join(entry.parentPath, entry.name)
      // Another agent may have taken it away meanwhile.
      const found = statSync(file, { throwIfNoEntry: false })
      return found === undefined ? [] : [{ file, size: found.size, mtimeMs: found.mtimeMs }]
    })
    .sort((a, b) => b.mtimeMs - a.mtimeMs)
  let total = 0
  for (const { file, size } of files) {
    total += size
    if (total > mostBytes) rmSync(file, { force: true })
  }
}
