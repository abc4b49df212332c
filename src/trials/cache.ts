// What was measured once and holds for this machine (roofs, the profiler's cost), kept on disk as JSON, one file a key.
// Folders: XDG Base Directory Specification (XDG_CACHE_HOME, else ~/.cache), ~/Library/Caches on macOS, %LOCALAPPDATA% on
// Windows. A cache that cannot be read or written costs time, never an answer: it gives a warning, as data.
import { createHash, randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import type { Machine } from '../machine/types.ts'

/** Written into every key: values whose meaning or method changed are measured again. */
const cacheVersion = 1

export interface CacheOptions {
  /** `no-cache`: neither read nor write. `refresh`: write only. */
  readonly mode: 'use' | 'refresh' | 'no-cache'
  /** By default the user's cache folder of this system. */
  readonly folder?: string
}

/** What a cached measurement depends on. */
export interface CacheKey {
  /** What was measured: 'roofs', 'trial'. */
  readonly kind: string
  /** What else it depends on, as one string; absent for what is the machine's own. */
  readonly subject?: string
  readonly machine: Machine
  readonly engine: string
  readonly engineVersion: string
  readonly nodeVersion: string
  /** null: the engine's own choice. */
  readonly threads: number | null
}

export interface CacheRead {
  /** undefined: not there, or not to be used. */
  readonly value: unknown
  /** ISO time of the measurement; null without a value. */
  readonly writtenAt: string | null
  readonly warning: string | null
}

interface Entry {
  readonly key: Readonly<Record<string, unknown>>
  readonly writtenAt: string
  readonly value: unknown
}

/** The user's cache folder for whyslow on this system. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env, platform: string = process.platform): string {
  if (platform === 'win32') return join(env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'whyslow', 'cache')
  if (platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'whyslow')
  // The specification says to ignore a path that is not absolute.
  const xdg = env.XDG_CACHE_HOME
  return join(xdg && isAbsolute(xdg) ? xdg : join(homedir(), '.cache'), 'whyslow')
}

/** The parts of a key that are compared: everything that a measurement depends on, and nothing that varies by itself. */
function fingerprint(key: CacheKey): Readonly<Record<string, unknown>> {
  const { cpu, architecture, platform, onlineCpus, usableCpus, quotaCpus, isa, virtualised, os } = key.machine
  return {
    cacheVersion,
    kind: key.kind,
    ...(key.subject === undefined ? {} : { subject: key.subject }),
    machine: { cpu, architecture, platform, onlineCpus, usableCpus, quotaCpus, isa, virtualised, os },
    engine: key.engine,
    engineVersion: key.engineVersion,
    nodeVersion: key.nodeVersion,
    threads: key.threads,
  }
}

function fileOf(key: CacheKey, folder: string): string {
  const hash = createHash('sha256')
    .update(JSON.stringify(fingerprint(key)))
    .digest('hex')
  return join(folder, `${key.kind}-${hash.slice(0, 24)}.json`)
}

/** Reads what was written for the same key. Never throws. */
export function readCached(key: CacheKey, options: CacheOptions): CacheRead {
  const nothing = { value: undefined, writtenAt: null, warning: null }
  if (options.mode !== 'use') return nothing
  const file = fileOf(key, options.folder ?? cacheFolder())
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT') return nothing
    return { ...nothing, warning: `the cached ${key.kind} could not be read and are measured again (${code}: ${file})` }
  }
  const entry = parseEntry(text)
  if (entry && JSON.stringify(entry.key) === JSON.stringify(fingerprint(key))) {
    return { value: entry.value, writtenAt: entry.writtenAt, warning: null }
  }
  return { ...nothing, warning: `the cached ${key.kind} are damaged and are measured again (${file})` }
}

function parseEntry(text: string): Entry | null {
  try {
    const entry = JSON.parse(text) as Entry | null
    return entry?.key && typeof entry.writtenAt === 'string' && entry.value !== undefined ? entry : null
  } catch {
    return null
  }
}

/** Writes a JSON value, beside and then renamed, so that nobody reads half of it. Returns a warning or null. Never throws. */
export function writeCached(key: CacheKey, value: unknown, options: CacheOptions): string | null {
  if (options.mode === 'no-cache') return null
  const folder = options.folder ?? cacheFolder()
  const file = fileOf(key, folder)
  const beside = `${file}.${randomUUID()}.tmp`
  const entry: Entry = { key: fingerprint(key), writtenAt: new Date().toISOString(), value }
  try {
    mkdirSync(folder, { recursive: true })
    writeFileSync(beside, `${JSON.stringify(entry)}\n`)
    renameSync(beside, file)
    return null
  } catch (error) {
    removeQuietly(beside)
    const code = (error as NodeJS.ErrnoException).code ?? String(error)
    return `the measured ${key.kind} could not be kept, so the next run measures them again (${code}: ${folder})`
  }
}

function removeQuietly(file: string): void {
  try {
    unlinkSync(file)
  } catch {
    // It was not made.
  }
}
