// What was measured once and holds for this machine (roofs, the profiler's cost), kept on disk as JSON, one file a key.
// A cache that cannot be read or written costs time, never an answer: it gives a warning, as data.
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeWhole } from '../machine/files.ts'
import { cacheFolder } from '../machine/folders.ts'
import type { Machine } from '../machine/types.ts'

/** Written into every key: values whose meaning or method changed are measured again. */
const cacheVersion = 2

export interface CacheOptions {
  /** `no-cache`: neither read nor write. `refresh`: write only. */
  readonly mode: 'use' | 'refresh' | 'no-cache'
  /** Folder of the cache. By default the user's. */
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

/** Writes a JSON value. Returns a warning or null. Never throws. */
export function writeCached(key: CacheKey, value: unknown, options: CacheOptions): string | null {
  if (options.mode === 'no-cache') return null
  const folder = options.folder ?? cacheFolder()
  const file = fileOf(key, folder)
  const entry: Entry = { key: fingerprint(key), writtenAt: new Date().toISOString(), value }
  try {
    mkdirSync(folder, { recursive: true })
    writeWhole(file, `${JSON.stringify(entry)}\n`)
    return null
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error)
    return `the measured ${key.kind} could not be kept, so the next run measures them again (${code}: ${folder})`
  }
}
