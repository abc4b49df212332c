// Saved evidence: JSON, with the numbers that JSON cannot hold (infinities in masks, NaN) written as { "$number": "-Infinity" }.
import { readFileSync } from 'node:fs'
import { InputError } from '../graph/input-error.ts'
import type { Evidence } from './evidence.ts'

export function formatEvidence(evidence: Evidence): string {
  const text = JSON.stringify(evidence, (_, value: unknown) =>
    typeof value === 'number' && !Number.isFinite(value) ? { $number: String(value) } : value,
  )
  return `${text}\n`
}

/** Evidence from a file, or InputError that says what the file is instead. */
export function readEvidence(path: string): Evidence {
  const document = parse(path, readText(path))
  const schema = isRecord(document) ? document.schema : undefined
  if (typeof schema === 'string' && schema.startsWith('whyslow-report/')) {
    throw new InputError(`${path}: this is a report document; explain takes what --save-evidence wrote`)
  }
  if (typeof schema === 'string' && schema.startsWith('whyslow-evidence/') && schema !== 'whyslow-evidence/1') {
    throw new InputError(
      `${path}: evidence of version ${schema.split('/')[1]}, this whyslow reads version 1; use the whyslow that wrote it`,
    )
  }
  if (schema !== 'whyslow-evidence/1') {
    throw new InputError(`${path}: this JSON is not whyslow evidence; explain takes what --save-evidence wrote`)
  }
  const fault = faultIn(document as Record<string, unknown>)
  if (fault !== undefined) throw new InputError(`${path}: damaged evidence (${fault}); save it again with --save-evidence`)
  return document as Evidence
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const what =
      code === 'ENOENT' ? 'no such file' : code === 'EISDIR' ? 'this is a folder' : `cannot be read (${code ?? 'unknown error'})`
    throw new InputError(`${path}: ${what}; explain takes what --save-evidence wrote`)
  }
}

function parse(path: string, text: string): unknown {
  try {
    return JSON.parse(text, (_, value: unknown) =>
      isRecord(value) && typeof value.$number === 'string' ? Number(value.$number) : value,
    )
  } catch {
    throw new InputError(`${path}: this is not JSON; explain takes what --save-evidence wrote (whyslow MODEL measures a model)`)
  }
}

type Kind = 'object' | 'array' | 'string' | 'number'

// What every stage takes for granted: a path that must hold the kind, where the object that it is in is there at all.
const always: Readonly<Record<string, Kind>> = {
  toolVersion: 'string',
  createdAt: 'string',
  machine: 'object',
  absent: 'object',
  warnings: 'array',
}
const wherePresent: Readonly<Record<string, Readonly<Record<string, Kind>>>> = {
  machine: { cpu: 'string', usableCpus: 'number', isa: 'array', accelerators: 'array', caches: 'object' },
  roofs: { threads: 'number', flopsPerSecond: 'object', bytesPerSecond: 'object' },
  model: { file: 'string', sha256: 'string', opsets: 'object', parameters: 'number' },
  graph: { nodes: 'array', inputs: 'array', outputs: 'array', constants: 'object', types: 'object' },
  inputs: {},
  outputs: {},
  engine: { id: 'string', version: 'string', options: 'object', threadsInUse: 'number' },
  latency: { p50Ms: 'number', ciLowMs: 'number', ciHighMs: 'number', samplesMs: 'array', blocks: 'array', reasons: 'array' },
  memory: { weightsBytes: 'number' },
  profile: { graph: 'object', nodes: 'array', overheadPerNodeUs: 'number', profiledP50Ms: 'number' },
  callCost: { callMs: 'number' },
  threadSweep: { points: 'array' },
  batchSweep: { points: 'array' },
  sizeSweeps: {},
  experiments: {},
  eventLoop: { busyShare: 'number' },
}
const lists: ReadonlySet<string> = new Set(['inputs', 'outputs', 'sizeSweeps', 'experiments'])

function faultIn(evidence: Record<string, unknown>): string | undefined {
  for (const [key, kind] of Object.entries(always)) if (kindOf(evidence[key]) !== kind) return `${key} is no ${kind}`
  for (const [key, fields] of Object.entries(wherePresent)) {
    const value = evidence[key]
    if (value === undefined) continue
    const kind = lists.has(key) ? 'array' : 'object'
    if (kindOf(value) !== kind) return `${key} is no ${kind}`
    for (const [field, wanted] of Object.entries(fields)) {
      if (kindOf((value as Record<string, unknown>)[field]) !== wanted) return `${key}.${field} is no ${wanted}`
    }
  }
  return undefined
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  return value === null ? 'null' : typeof value
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return kindOf(value) === 'object'
}
