// The history on a terminal: a line for each model, or for one model its measurements by machine, engine and inputs, with a plot and what
// changed last. Drawn from the document alone.

import { plural, significant, time, timeWithInterval } from '@whyslow/measure/statistics/numbers.ts'
import { change, type HistoryDocument, type HistoryEntry, seriesOf } from '../documents/history.ts'
import { shortNames } from './contestant-names.ts'
import { type Colours, page, paper, type TerminalOptions, warningLines } from './page.ts'
import { plot } from './plot.ts'
import { cells, pad, printable, shorten, wrap } from './wrap.ts'

/** A plot of fewer tells no more than its numbers. */
const LEAST_PLOTTED = 3
const MOST_LISTED = 10
const MOST_NAME = 30

/** `model`: as the user named it; null: all models. Ends with a line end. Pure. */
export function renderHistory(doc: HistoryDocument, model: string | null, options: TerminalOptions): string {
  const { width, colours } = paper(options)
  const of = model === null ? '' : ` of ${model}`
  const sections =
    doc.entries.length === 0
      ? [wrap(`Nothing is saved${of}. Save a measurement: whyslow model.onnx\u00a0--save`, width)]
      : model === null
        ? [models(doc, width, colours)]
        : groupsOf(doc.entries, seriesOf).map((series) => seriesText(series, width, colours))
  const warnings = doc.warnings.map((warning) => `${warning} (${doc.file})`)
  return page([...sections, warningLines(warnings, width, colours)])
}

/** Groups in the order of their first entries. */
function groupsOf(entries: readonly HistoryEntry[], keyOf: (entry: HistoryEntry) => string): HistoryEntry[][] {
  const groups = new Map<string, HistoryEntry[]>()
  for (const entry of entries) {
    const key = keyOf(entry)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [entry])
    else group.push(entry)
  }
  return [...groups.values()]
}

const dayOf = ({ savedAt }: HistoryEntry): string => savedAt.slice(0, 10)
const latencyOf = ({ latency }: HistoryEntry): string => timeWithInterval(latency.p50Ms, latency.ciLowMs, latency.ciHighMs)

function models({ entries }: HistoryDocument, width: number, colours: Colours): string[] {
  const rows = groupsOf(entries, (entry) => `${entry.model.path} | ${seriesOf(entry)}`)
  const names = shortNames([...new Set(entries.map(({ model }) => model.path))])
  const nameOf = (entry: HistoryEntry) => shorten(printable(names.get(entry.model.path)!), MOST_NAME)
  const nameWidth = Math.max(5, ...rows.map(([first]) => cells(nameOf(first!))))
  const engineWidth = Math.max(6, ...rows.map(([first]) => cells(printable(first!.engine.id))))
  const head = `${pad('model', nameWidth)}  ${pad('engine', engineWidth)}  latest      latency, and since the one before`
  return [
    colours.bold(shorten(head, width)),
    ...rows.flatMap((row) => {
      const last = row.at(-1)!
      const begin = `${pad(nameOf(last), nameWidth)}  ${pad(printable(last.engine.id), engineWidth)}  ${dayOf(last)}  `
      const count = row.length === 1 ? '' : `; ${row.length} saved`
      return wrap(`${latencyOf(last)}${sinceBefore(row)}${count}`, width, begin)
    }),
  ]
}

/** ', 1.12× the one before', or that it cannot be told; empty for the first. */
function sinceBefore(series: readonly HistoryEntry[]): string {
  const [before, last] = series.slice(-2)
  if (before === undefined || last === undefined) return ''
  const { ratio, order } = change(before.latency, last.latency)
  if (order === 'no-difference') return ', no detectable difference'
  return `, ${order}: ${significant(ratio)}×`
}

function seriesText(series: readonly HistoryEntry[], width: number, colours: Colours): string[] {
  const last = series.at(-1)!
  const threads = last.engine.threads === null ? '' : `, ${last.engine.threads} threads`
  const head = `${last.engine.id} on ${last.engine.device}${threads}; ${last.machine.cpu}, ${plural(last.machine.usableCpus, 'usable CPU')}; ${last.inputs}`
  const drawn =
    series.length < LEAST_PLOTTED
      ? []
      : plot(
          series.map(({ latency }) => ({ value: latency.p50Ms, low: latency.ciLowMs, high: latency.ciHighMs })),
          width,
          time,
        )
  const listed = series.slice(-MOST_LISTED)
  const left = series.length - listed.length
  return [
    ...wrap(head, width).map(colours.bold),
    ...drawn,
    ...(left > 0 ? [`${left} earlier; --json writes all of them.`] : []),
    ...listed.flatMap((entry, i) => {
      const before = listed[i - 1]
      const changes = [
        before !== undefined && before.model.sha256 !== entry.model.sha256 ? ['another model'] : [],
        before !== undefined && before.engine.version !== entry.engine.version ? [`engine ${entry.engine.version}`] : [],
        entry.metric === null ? [] : [`${entry.metric.name} ${significant(entry.metric.value)}`],
      ].flat()
      const what = [latencyOf(entry), `trust ${entry.latency.trust}`, ...changes].join(', ')
      return wrap(what, width, `${entry.savedAt.slice(0, 16).replace('T', ' ')}  `)
    }),
    ...lastChange(series, width),
  ]
}

function lastChange(series: readonly HistoryEntry[], width: number): string[] {
  const [before, last] = series.slice(-2)
  if (before === undefined || last === undefined) return []
  const { ratio, order } = change(before.latency, last.latency)
  const text =
    order === 'no-difference'
      ? `No detectable difference to the one before: the intervals overlap (${significant(ratio)}×).`
      : `${order === 'slower' ? 'Slower' : 'Faster'} than the one before: ${significant(ratio)}× its time, and the intervals do not touch.`
  return wrap(text, width)
}
