// TensorFlow Lite's benchmark_model with --enable_op_profiling (tensorflow/lite/tools/benchmark), as CSV or as it prints: every node is
// listed three times, by order, by time and by type. Run Order of the regular runs is the one that is read.
import { csvRows } from '@whyslow/graph/csv.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { Head, TraceReader } from './reader.ts'
import type { OperatorTableRow, Recording } from './recording.ts'
import { type TraceSource, wholeOf } from './source.ts'
import { numberIn } from './table-number.ts'

const HEADER = /\[?node type\]?\s*[,\t]\s*\[?(start|first)\]?/i
/** The profiler's buffer: larger graphs are cut silently. */
const BUFFER = 1024

function recognises({ kind, text }: Head): string | undefined {
  return kind !== 'object' && HEADER.test(text) ? 'its columns, node type and start' : undefined
}

async function read(source: TraceSource, recognisedBy: string): Promise<Recording> {
  const text = (await wholeOf(source, 64 * 2 ** 20)).toString('utf8')
  const regular = text.lastIndexOf('Operator-wise Profiling Info for Regular Benchmark Runs')
  const lines = (regular >= 0 ? text.slice(regular) : text).split(/\r?\n/)
  const start = lines.findIndex((line) => HEADER.test(line))
  const separator = lines[start]!.includes('\t') ? '\t' : ','
  const head = cellsOf(lines[start]!, separator).map((cell) => cell.replace(/[[\]]/g, '').toLowerCase())
  const column = (name: RegExp): number => head.findIndex((cell) => name.test(cell))
  const at = {
    type: column(/node type/),
    ms: column(/avg/),
    calls: column(/times called/),
    name: column(/^name/),
    cycles: column(/cycles/),
  }
  const rows: OperatorTableRow[] = []
  for (const line of lines.slice(start + 1)) {
    if (/^=+|^\s*$|node type/i.test(line)) break
    const cells = cellsOf(line, separator)
    const timeMs = numberIn(cells[at.ms])
    if (!Number.isFinite(timeMs)) continue
    const opType = cells[at.type] ?? 'node'
    rows.push({
      name: (cells[at.name] ?? '').replace(/^\[|\](:\d+)?$/g, '') || opType,
      opType,
      timeMs,
      calls: numberIn(cells[at.calls]) || null,
      kernel: null,
    })
  }
  if (at.ms < 0 || rows.length === 0)
    throw new InputError(`${source.file}: no node has a time; run benchmark_model with --enable_op_profiling=true`)
  return {
    ...{ kind: 'table', format: 'tflite', version: null, recognisedBy, recordedWith: [], devices: [], slowed: true },
    warnings:
      rows.length === BUFFER ? [`exactly ${BUFFER} nodes: the profiler's buffer was full, and later nodes are missing`] : [],
    table: { of: 'prediction', rows: withoutDelegated(rows) },
  }
}

/** What a delegate ran is also in the node of the delegate: it counts once. */
function withoutDelegated(rows: readonly OperatorTableRow[]): OperatorTableRow[] {
  const hasDelegate = rows.some(({ opType }) => /^DELEGATE$|TfLiteXNNPackDelegate|Delegate$/.test(opType))
  return rows.filter(({ opType }) => !hasDelegate || !/^Delegate\/|\(Delegate\)|^XNNPACK .*:/.test(opType))
}

const cellsOf = (line: string, separator: string): string[] => ([...csvRows(line, separator)][0] ?? []).map((cell) => cell.trim())

export const tflite: TraceReader = { id: 'tflite', title: 'TensorFlow Lite benchmark', recognises, read }
