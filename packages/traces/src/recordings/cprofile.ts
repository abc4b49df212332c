// cProfile's own file (python -m cProfile -o, Profile.dump_stats): a marshalled dictionary of (file, line, function) to (calls without
// recursion, calls, own time, time with what it called, callers). Seconds. Threads other than the profiled one are not in it.
import { type Frame, isImport, isWaiting, languageOf, modelCallOf } from './frames.ts'
import { type Marshalled, readMarshal } from './marshal.ts'
import type { Head, TraceReader } from './reader.ts'
import type { FunctionRow, FunctionTimes, Recording } from './recording.ts'
import { damageError } from './small-json.ts'
import { type TraceSource, wholeOf } from './source.ts'

const MOST_BYTES = 256 * 2 ** 20

/** `{`, with or without the mark of a reference, and then a tuple: `)` or `(`. */
function recognises({ bytes }: Head): string | undefined {
  if (bytes.length <= 6) return undefined
  const isDictionary = (bytes[0]! & 0x7f) === 0x7b
  const key = bytes[1]! & 0x7f
  const isTuple = (key === 0x29 && bytes[2] === 3) || (key === 0x28 && bytes.readUInt32LE(2) === 3)
  return isDictionary && isTuple ? 'a marshalled dictionary of (file, line, function)' : undefined
}

async function read(source: TraceSource, recognisedBy: string): Promise<Recording> {
  const value = readMarshal(source.file, await wholeOf(source, MOST_BYTES))
  if (value === null || typeof value !== 'object' || !('pairs' in value)) throw damageError(source.file, 'no dictionary')
  const entries = value.pairs.map(([key, row]) => entryOf(source.file, key, row))
  return {
    ...{ kind: 'functions', format: 'cprofile', version: null, recognisedBy, recordedWith: [], devices: [], slowed: true },
    warnings: [],
    functions: timesOf(entries),
  }
}

interface Entry extends Frame {
  readonly selfS: number
  readonly totalS: number
  readonly calls: number
}

function entryOf(file: string, key: Marshalled, row: Marshalled): Entry {
  const isEntry = Array.isArray(key) && key.length === 3 && Array.isArray(row) && row.length >= 4
  const [path, line, name] = isEntry ? (key as readonly Marshalled[]) : []
  const [primitive, calls, selfS, totalS] = isEntry ? (row as readonly Marshalled[]) : []
  if (typeof path !== 'string' || typeof line !== 'number' || typeof name !== 'string')
    throw damageError(file, 'a key that names no function')
  if (typeof primitive !== 'number' || typeof calls !== 'number' || typeof selfS !== 'number' || typeof totalS !== 'number')
    throw damageError(file, `${name} has no times`)
  const isBuiltIn = path === '~'
  const where = { file: isBuiltIn ? null : path, line: isBuiltIn ? null : line }
  return { name, ...where, selfS: Math.max(0, selfS), totalS: Math.max(0, totalS), calls }
}

function timesOf(entries: readonly Entry[]): FunctionTimes {
  const wholeS = entries.reduce((sum, { selfS }) => sum + selfS, 0)
  const share = (seconds: number): number => (wholeS > 0 ? Math.min(1, seconds / wholeS) : 0)
  const sum = (keep: (entry: Entry) => boolean): number => entries.reduce((all, one) => all + (keep(one) ? one.selfS : 0), 0)
  // Calls of a model nest: of one library the longest holds the others.
  const calls = new Map<string, number>()
  for (const entry of entries) {
    const title = modelCallOf(entry)
    if (title !== undefined) calls.set(title, Math.max(calls.get(title) ?? 0, entry.totalS))
  }
  const [model] = [...calls].sort((a, b) => b[1] - a[1])
  const modelS = [...calls.values()].reduce((all, one) => all + one, 0)
  const importS = Math.max(0, ...entries.filter(isImport).map(({ totalS }) => totalS))
  return {
    ...{ how: 'calls', totalMs: wholeS * 1000, samples: null },
    rows: [...entries].sort((a, b) => b.selfS - a.selfS).map((one) => rowOf(one, share)),
    model: model === undefined ? null : { name: model[0], share: share(modelS) },
    importShare: share(importS),
    idleShare: share(sum(isWaiting)),
    pythonShare: share(
      Math.max(0, sum((one) => languageOf(one) === 'python') - sum((one) => languageOf(one) === 'python' && isImport(one))),
    ),
  }
}

function rowOf({ name, file, line, selfS, totalS, calls }: Entry, share: (seconds: number) => number): FunctionRow {
  const language = languageOf({ name, file, line })
  const isModel =
    modelCallOf({ name, file, line }) !== undefined ||
    /(^|[\\/])(torch|onnxruntime|keras|tensorflow|sklearn)[\\/]/.test(file ?? '')
  return {
    ...{ name, file, line, language, selfShare: share(selfS), totalShare: share(totalS), calls },
    nativeShare: language === 'native' ? 1 : 0,
    ...(isModel ? { inModel: true as const } : {}),
  }
}

export const cprofile: TraceReader = { id: 'cprofile', title: 'cProfile', recognises, read }
