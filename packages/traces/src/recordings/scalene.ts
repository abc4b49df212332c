// Scalene's JSON (scalene --json): for each line of the program the shares of time in the interpreter, in native code and waiting, in
// percent of elapsed_time_sec, and what it copies. The one profiler that tells Python itself from what it calls.
import { fieldsOf, type JsonObject } from '@whyslow/graph/json.ts'
import type { Head, TraceReader } from './reader.ts'
import type { FunctionRow, Recording } from './recording.ts'
import { damageError, listOf, numberOf, readObject } from './small-json.ts'
import type { TraceSource } from './source.ts'

function recognises({ kind, keys, text }: Head): string | undefined {
  if (kind !== 'object') return undefined
  if (/"n_cpu_percent_python"/.test(text)) return 'lines with n_cpu_percent_python'
  const isOwn = keys.includes('alloc_samples') || keys.includes('elapsed_time_sec')
  return isOwn && (keys.includes('files') || keys.includes('combined_stacks'))
    ? `its members ${keys.slice(0, 2).join(' and ')}`
    : undefined
}

/** It names lines, not functions: what their text calls. */
const CALLS_MODEL =
  /\b\w*(session|sess)\w*\.run\(|\.predict(_proba|_on_batch)?\(|\b(self\.)?(model|net|network|estimator)\(|\.generate\(/
const IMPORTS = /^(import|from)\s/

async function read(source: TraceSource, recognisedBy: string): Promise<Recording> {
  const file = await readObject(source)
  const rows = Object.entries(fieldsOf(file.files)).flatMap(([path, one]) =>
    listOf(fieldsOf(one).lines).map((line) => rowOf(path, fieldsOf(line))),
  )
  const sum = (of: (row: Row) => number): number => rows.reduce((all, row) => all + of(row), 0)
  const whole = sum((row) => row.python + row.native + row.system)
  if (whole === 0) throw damageError(source.file, 'no line took time')
  const elapsedS = numberOf(file.elapsed_time_sec)
  const calls = rows.filter((row) => CALLS_MODEL.test(row.text) && !IMPORTS.test(row.text))
  const busy = (row: Row): number => row.python + row.native
  return {
    ...{ kind: 'functions', format: 'scalene', version: null, recognisedBy, devices: [], slowed: false, warnings: [] },
    recordedWith: sum((row) => row.copied) > 0 ? ['memory'] : [],
    functions: {
      ...{ how: 'samples', totalMs: elapsedS > 0 ? elapsedS * 1000 : null, samples: null },
      rows: rows.filter((row) => row.python + row.native + row.system > 0).map((row) => functionRow(row, whole)),
      model:
        calls.length === 0
          ? null
          : { name: 'the model', share: calls.reduce((all, row) => all + row.python + row.native, 0) / whole },
      importShare: sum((row) => (IMPORTS.test(row.text) ? busy(row) : 0)) / whole,
      idleShare: sum((row) => row.system) / whole,
      // Of a line that calls a model the rest is the library's.
      pythonShare: sum((row) => (IMPORTS.test(row.text) || CALLS_MODEL.test(row.text) ? 0 : row.python)) / whole,
    },
  }
}

interface Row {
  readonly path: string
  readonly line: number
  readonly text: string
  readonly python: number
  readonly native: number
  /** Waiting, and work of the system. */
  readonly system: number
  readonly copied: number
}

function rowOf(path: string, line: JsonObject): Row {
  return {
    ...{ path, line: numberOf(line.lineno), text: typeof line.line === 'string' ? line.line.trim() : '' },
    ...{ python: numberOf(line.n_cpu_percent_python), native: numberOf(line.n_cpu_percent_c) },
    ...{ system: numberOf(line.n_sys_percent), copied: numberOf(line.n_copy_mb_s) },
  }
}

function functionRow({ path, line, text, python, native, system }: Row, whole: number): FunctionRow {
  const all = python + native + system
  return {
    ...{ name: text.slice(0, 80), file: path, line, language: 'python', selfShare: all / whole, totalShare: null, calls: null },
    ...(CALLS_MODEL.test(text) ? { inModel: true as const } : {}),
    nativeShare: python + native > 0 ? native / (python + native) : null,
  }
}

export const scalene: TraceReader = { id: 'scalene', title: 'Scalene', recognises, read }
