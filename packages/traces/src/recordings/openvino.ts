// OpenVINO's benchmark_app: benchmark_average_counters_report.csv and its detailed and sorted kin
// (tools/benchmark_tool/openvino/tools/benchmark/utils/statistics_report.py). Layers that were not run are fused, not free.
import { csvRows } from '@whyslow/graph/csv.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { Head, TraceReader } from './reader.ts'
import type { OperatorTableRow, Recording } from './recording.ts'
import { type TraceSource, wholeOf } from './source.ts'
import { numberIn } from './table-number.ts'

const HEADER = /^\ufeff?\s*(?:[^\n]*\n)?\s*"?layerName"?\s*([;,])\s*"?execStatus"?/

function recognises({ text }: Head): string | undefined {
  return HEADER.test(text.slice(0, 2000)) ? 'its first line, layerName and execStatus' : undefined
}

async function read(source: TraceSource, recognisedBy: string): Promise<Recording> {
  const text = (await wholeOf(source, 64 * 2 ** 20)).toString('utf8')
  const table = Array.from(csvRows(text, HEADER.exec(text)?.[1] ?? ';'), (row) => row.map((field) => field.trim()))
  const head = table.find(([first]) => first === 'layerName')!
  const place = (...names: readonly string[]): number => head.findIndex((field) => names.some((name) => field.startsWith(name)))
  const at = { status: place('execStatus'), type: place('layerType'), kernel: place('execType'), time: place('realTime') }
  const rows = table.filter((row) => row.length >= 4 && row[0] !== '' && !/^(layerName|total)$/i.test(row[0]!))
  const fused = rows.filter((row) => /not_run|optimized_out/i.test(row[at.status] ?? '')).length
  const timed = mergedRows(rows, at)
  if (at.time < 0 || timed.length === 0)
    throw new InputError(`${source.file}: no layer has a time; run benchmark_app with --report_type average_counters`)
  const reference = timed.filter(({ kernel }) => kernel !== null && /^ref/.test(kernel)).length
  return {
    ...{ kind: 'table', format: 'openvino-counters', version: null, recognisedBy, recordedWith: [], devices: [], slowed: true },
    warnings: [
      ...(fused > 0 ? [`${fused} layers were not run by themselves: they are fused into others, and not free`] : []),
      ...(reference > 0 ? [`${reference} layers ran a reference kernel (ref): slow ones for what no fast kernel is there`] : []),
    ],
    table: { of: 'prediction', rows: timed },
  }
}

/** The detailed report has a block for each request: times are averaged over them. */
function mergedRows(
  rows: readonly string[][],
  at: Readonly<Record<'status' | 'type' | 'kernel' | 'time', number>>,
): OperatorTableRow[] {
  const sums = new Map<string, { row: readonly string[]; ms: number; requests: number }>()
  for (const row of rows) {
    const ms = numberIn(row[at.time])
    if (!Number.isFinite(ms)) continue
    const known = sums.get(row[0]!) ?? { row, ms: 0, requests: 0 }
    sums.set(row[0]!, { row, ms: known.ms + ms, requests: known.requests + 1 })
  }
  return [...sums].map(([name, { row, ms, requests }]) => ({
    ...{ name, opType: row[at.type] ?? 'layer', timeMs: ms / requests, calls: 1, kernel: row[at.kernel] || null },
  }))
}

export const openvino: TraceReader = { id: 'openvino-counters', title: 'OpenVINO counters', recognises, read }
