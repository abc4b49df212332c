// Models and inputs by their content, in a folder that all machines of a fleet see: `sha256/ab/abcd…`. An agent copies what it needs into a
// bounded cache of its own, checked, before a trial begins.
import { copyFileSync, existsSync, linkSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs'
import path from 'node:path'
import { InputError } from '../../graph/input-error.ts'
import { besideOf, hashOfFile } from '../../machine/files.ts'
import type { StoredFile } from './job-type.ts'

const placeIn = (folder: string, sha256: string): string => path.join(folder, 'sha256', sha256.slice(0, 2), sha256)

/** Puts a file into the store, where it is not there yet. Throws InputError where that cannot be. */
export async function keep(folder: string, file: string): Promise<StoredFile> {
  try {
    const sha256 = await hashOfFile(file)
    const stored = { name: path.basename(file), sha256, sizeBytes: statSync(file).size }
    const place = placeIn(folder, sha256)
    if (!existsSync(place)) copyWhole(file, place)
    return stored
  } catch (error) {
    throw new InputError(
      `--models ${folder}: ${file} cannot be kept there (${codeOf(error)}); give a folder that all machines see`,
    )
  }
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? String(error)

function copyWhole(from: string, to: string): void {
  mkdirSync(path.dirname(to), { recursive: true })
  const beside = besideOf(to)
  try {
    copyFileSync(from, beside)
    renameSync(beside, to)
  } catch (error) {
    rmSync(beside, { force: true })
    throw error
  }
}

/** Copies a file of the store into the cache, unless it is there, and checks it. The path; throws InputError where it is not what it should be. */
export async function fetchInto(cache: string, store: string, { name, sha256, sizeBytes }: StoredFile): Promise<string> {
  const own = placeIn(cache, sha256)
  if (existsSync(own)) {
    // The cache forgets what was used longest ago.
    utimesSync(own, new Date(), new Date())
    return own
  }
  const from = placeIn(store, sha256)
  const size = statSync(from, { throwIfNoEntry: false })?.size
  if (size === undefined) throw new InputError(`${name} (${sha256.slice(0, 12)}) is not in ${store}`)
  if (size !== sizeBytes) throw new InputError(`${name} has ${size} bytes in ${store}, and not ${sizeBytes}`)
  const coming = besideOf(own)
  mkdirSync(path.dirname(own), { recursive: true })
  try {
    copyFileSync(from, coming)
    if ((await hashOfFile(coming)) !== sha256) throw new InputError(`${name} in ${store} is not what its name says`)
    renameSync(coming, own)
  } finally {
    rmSync(coming, { force: true })
  }
  return own
}

/** A folder in which the files stand under their names. The path of the first. */
export async function setOut(folder: string, cache: string, store: string, files: readonly StoredFile[]): Promise<string> {
  mkdirSync(folder, { recursive: true })
  for (const file of files) {
    const own = await fetchInto(cache, store, file)
    const to = path.join(folder, file.name)
    try {
      linkSync(own, to)
    } catch {
      copyFileSync(own, to)
    }
  }
  return path.join(folder, files[0]!.name)
}

/** Forgets files, those first that were not used for longest, until the rest is within the limit. */
export function bound(cache: string, mostBytes: number): void {
  const root = path.join(cache, 'sha256')
  if (!existsSync(root)) return
  const files = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const file = path.join(entry.parentPath, entry.name)
      const { size, mtimeMs } = statSync(file)
      return { file, size, mtimeMs }
    })
    .sort((a, b) => b.mtimeMs - a.mtimeMs)
  let total = 0
  for (const { file, size } of files) {
    total += size
    if (total > mostBytes) rmSync(file, { force: true })
  }
}
