// Arrivals that were recorded: a text file with a number or a time on each line, or one column of a CSV.
import { csvRows } from '@whyslow/graph/csv.ts'
import { InputError } from '@whyslow/graph/input-error.ts'

const UNIT_MS: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, ms: 1, s: 1000, sec: 1000, seconds: 1000 }
/** Names of columns that are times, and of those that are gaps. */
const TIMES = /^(time|timestamp|timestamps|arrival|arrivals|arrival_time|arrived_at|at|t|ts|date|datetime)$/
const GAPS = /^(gap|gaps|interval|intervals|delta|inter_arrival|interarrival|iat)$/
const LONGEST_LINES = 5_000_000

/**
 * Gaps between arrivals, ms. Numbers are seconds where no column's name says another unit (`interval_ms`, `time_us`); without a name they
 * are times where they never fall, else gaps. Throws InputError if it cannot be read.
 */
export function readTrace(text: string, file: string): readonly number[] {
  const values: number[] = []
  let [rows, column]: [number, ReturnType<typeof columnOf> | undefined] = [0, undefined]
  for (const row of csvRows(text.replace(/^\uFEFF/, '').replace(/^#.*\n?/gm, ''))) {
    if (++rows > LONGEST_LINES) throw new InputError(`${file}: more than ${LONGEST_LINES} lines are not replayed; give fewer`)
    const cells = row.map((cell) => cell.trim())
    if (column === undefined) {
      const isHeader = cells.some((cell) => cell !== '' && instant(cell) === null)
      column = isHeader ? columnOf(cells, file) : { at: 0, kind: null, unitMs: 1000 }
      if (isHeader) continue
    }
    const cell = cells[column.at] ?? ''
    const value = instant(cell)
    if (value === null) throw new InputError(`${file}: line ${rows} holds no number or time ('${cell.slice(0, 40)}')`)
    values.push(value.isDate ? value.number : value.number * column.unitMs)
  }
  const gaps = (column?.kind ?? guessedKind(values)) === 'times' ? differences(values, file) : values
  if (gaps.some((gap) => gap < 0)) throw new InputError(`${file}: a gap between arrivals is below 0`)
  if (gaps.length < 1 || !(gaps.reduce((sum, gap) => sum + gap, 0) > 0))
    throw new InputError(`${file}: a trace needs at least two arrivals at different times`)
  return gaps
}

function columnOf(names: readonly string[], file: string): { at: number; kind: 'times' | 'gaps' | null; unitMs: number } {
  for (const [at, name] of names.entries()) {
    const [, stem, unit] = /^(.*?)(?:[_ (]+(ns|us|ms|s|sec|seconds)\)?)?$/.exec(name.toLowerCase())!
    const unitMs = UNIT_MS[unit ?? 's']!
    if (TIMES.test(stem!)) return { at, kind: 'times', unitMs }
    if (GAPS.test(stem!)) return { at, kind: 'gaps', unitMs }
  }
  const known = 'a column called time or interval, with _ms, _us or _ns if it is not in seconds'
  throw new InputError(`${file}: no column of arrivals among ${names.join(', ').slice(0, 200)}; give ${known}`)
}

/** A number, or a date in ms. */
function instant(cell: string): { readonly number: number; readonly isDate: boolean } | null {
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(cell)) return { number: Number(cell), isDate: false }
  if (!/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/.test(cell)) return null
  const at = Date.parse(cell)
  return Number.isNaN(at) ? null : { number: at, isDate: true }
}

const guessedKind = (values: readonly number[]): 'times' | 'gaps' =>
  values.length > 2 && values.every((value, k) => k === 0 || value >= values[k - 1]!) ? 'times' : 'gaps'

function differences(times: readonly number[], file: string): number[] {
  const gaps = times.slice(1).map((time, k) => time - times[k]!)
  const back = gaps.findIndex((gap) => gap < 0)
  if (back >= 0) throw new InputError(`${file}: times of arrivals go back after arrival ${back + 1}; sort them`)
  return gaps
}
