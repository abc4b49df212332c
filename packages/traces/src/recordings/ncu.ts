// Nsight Compute's tables: ncu --csv --page raw --print-units base, a metric for each column and the units in the second row, or --page
// details, a metric for each line. Kernels are replayed with caches flushed and clocks fixed: their times are of each alone, and never add up.
import { csvRows } from '@whyslow/graph/csv.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { Head, TraceReader } from './reader.ts'
import type { OperatorTableRow, Recording } from './recording.ts'
import { type TraceSource, wholeOf } from './source.ts'
import { numberIn } from './table-number.ts'

const TO_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  nsecond: 1e-6,
  us: 1e-3,
  usecond: 1e-3,
  ms: 1,
  msecond: 1,
  s: 1e3,
  second: 1e3,
}
const METRICS = {
  time: /^(gpu__time_duration(_measured_user)?\.(sum|avg)|Duration)$/,
  compute: /^(sm__throughput\.avg\.pct_of_peak_sustained_elapsed|Compute \(SM\) Throughput|SM \[%\])$/,
  memory:
    /^(gpu__compute_memory_throughput\.avg\.pct_of_peak_sustained_elapsed|dram__throughput\.avg\.pct_of_peak_sustained_elapsed|Memory Throughput|Memory \[%\])$/,
  occupancy: /^(sm__warps_active\.avg\.pct_of_peak_sustained_active|Achieved Occupancy)$/,
}

function recognises({ kind, text }: Head): string | undefined {
  if (kind === 'object') return undefined
  return /(^|\n)"ID",.*"Kernel Name",/.test(text) ? 'its columns ID and Kernel Name' : undefined
}

async function read(source: TraceSource, recognisedBy: string): Promise<Recording> {
  const text = (await wholeOf(source, 64 * 2 ** 20)).toString('utf8')
  // ncu prints what it is doing before the table.
  const table = [...csvRows(text.slice(text.indexOf('"ID",')), ',')]
  const head = table[0] ?? []
  const rows = head.includes('Metric Name') ? fromDetails(head, table.slice(1)) : fromRaw(head, table.slice(1))
  if (rows.length === 0)
    throw new InputError(`${source.file}: no kernel has a duration; record with ncu --set full, export with --csv --page raw`)
  return {
    ...{ kind: 'table', format: 'ncu', version: null, recognisedBy, recordedWith: [], devices: [], slowed: true },
    warnings: [
      'kernels were replayed one by one, caches flushed and clocks fixed: their times are not those of a run and do not add up',
    ],
    table: { of: 'replayed', rows },
  }
}

type Values = Map<keyof typeof METRICS, { value: number; unit: string }>

function rowOf(name: string, values: Values): OperatorTableRow[] {
  const time = values.get('time')
  const scale = time === undefined ? undefined : TO_MS[time.unit]
  if (time === undefined || scale === undefined || !Number.isFinite(time.value)) return []
  const share = (key: keyof typeof METRICS): number | undefined => {
    const told = values.get(key)
    return told !== undefined && Number.isFinite(told.value) ? told.value / 100 : undefined
  }
  const [computeShare, memoryShare, occupancy] = [share('compute'), share('memory'), share('occupancy')]
  return [
    {
      ...{ name, opType: name.replace(/[<(].*$/s, '').replace(/^void /, ''), timeMs: time.value * scale, calls: 1, kernel: name },
      ...(computeShare === undefined ? {} : { computeShare }),
      ...(memoryShare === undefined ? {} : { memoryShare }),
      ...(occupancy === undefined ? {} : { occupancy }),
    },
  ]
}

const metricOf = (name: string): keyof typeof METRICS | undefined =>
  (Object.keys(METRICS) as (keyof typeof METRICS)[]).find((key) => METRICS[key].test(name.trim()))

/** A column for each metric; the second row has the units. */
function fromRaw(head: readonly string[], rows: readonly string[][]): OperatorTableRow[] {
  const name = head.indexOf('Kernel Name')
  const [units = [], ...kernels] = rows
  return kernels.flatMap((row) => {
    const values: Values = new Map()
    for (const [at, column] of head.entries()) {
      const metric = metricOf(column)
      if (metric !== undefined && !values.has(metric))
        values.set(metric, { value: numberIn(row[at]), unit: (units[at] ?? '').trim() })
    }
    return rowOf(row[name] ?? '(no name)', values)
  })
}

/** A line for each metric of each kernel. */
function fromDetails(head: readonly string[], rows: readonly string[][]): OperatorTableRow[] {
  const at = (name: string): number => head.indexOf(name)
  const places = {
    id: at('ID'),
    name: at('Kernel Name'),
    metric: at('Metric Name'),
    unit: at('Metric Unit'),
    value: at('Metric Value'),
  }
  const kernels = new Map<string, { name: string; values: Values }>()
  for (const row of rows) {
    const key = row[places.id] ?? ''
    const kernel = kernels.get(key) ?? { name: row[places.name] ?? '(no name)', values: new Map() }
    kernels.set(key, kernel)
    const metric = metricOf(row[places.metric] ?? '')
    if (metric !== undefined)
      kernel.values.set(metric, { value: numberIn(row[places.value]), unit: (row[places.unit] ?? '').trim() })
  }
  return [...kernels.values()].flatMap(({ name, values }) => rowOf(name, values))
}

export const ncu: TraceReader = { id: 'ncu', title: 'Nsight Compute CSV', recognises, read }
