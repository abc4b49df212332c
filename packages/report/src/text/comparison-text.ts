// The comparison on a terminal: the sentence, one table, what it means in sentences, who is worth choosing, who could not be measured.
// Drawn from the document alone.

import {
  bytes,
  count,
  metricValue,
  plural,
  significant,
  singular,
  time,
  timeWithInterval,
} from '@whyslow/measure/statistics/numbers.ts'
import type { ComparisonDocument, Contestant } from '../documents/comparison.ts'
import { sourceWords } from './answers/likeness.ts'
import { withShortNames } from './contestant-names.ts'
import { type Colours, type Column, page, paper, type TerminalOptions, table, warningLines, widthOf } from './page.ts'
import { cells, nextWords, pad, printable, shorten, wrap, wrapCommand, wrapHanging } from './wrap.ts'

interface Measure {
  readonly head: string
  readonly cell: (one: Contestant) => string
  /** What a question mark in it represents. */
  readonly unknown?: (one: Contestant) => string
}

/** Below this a name is cut so far that models cannot be distinguished. */
const LEAST_NAME = 14
const PLACE_WIDTH = 3

/** The whole comparison as text that ends with a line end. Pure. */
export function renderComparison(given: ComparisonDocument, options: TerminalOptions): string {
  const doc = withShortNames(given)
  const { width, colours } = paper(options)
  return page([
    wrap(doc.answer, width).map(colours.bold),
    contestants(doc, width, colours),
    doc.sentences.flatMap((sentence) => wrap(sentence, width, '- ')),
    batches(doc, width, colours),
    growth(doc, width, colours),
    front(doc, width),
    findings(doc, width, colours, options.command),
    notMeasured(doc, width),
    basis(doc, width),
    warningLines(doc.warnings, width, colours),
  ])
}

function contestants(doc: ComparisonDocument, width: number, colours: Colours): string[] {
  const places = new Map(doc.ranking.map(({ id, place }) => [id, place]))
  const placeOf = ({ id }: Contestant) => places.get(id) ?? Number.POSITIVE_INFINITY
  const measured = doc.contestants.filter(({ p50Ms }) => p50Ms !== null)
  const rows = measured.toSorted((x, y) => placeOf(x) - placeOf(y) || x.p50Ms! - y.p50Ms!)
  if (rows.length === 0) return []
  const measures = measuresOf(doc)
  const columns = measures.map(({ head, cell }): Column => ({ head, side: 'left', texts: rows.map(cell) }))
  const title = doc.of === 'engines' ? 'engine' : 'model'
  const longest = Math.max(cells(title), ...rows.map(({ id }) => cells(printable(id))))
  const room = (kept: number) => width - PLACE_WIDTH - widthOf(columns.slice(0, kept))
  // The columns at the right are the first to go: latency stays.
  let kept = columns.length
  while (kept > 1 && room(kept) < Math.min(longest, LEAST_NAME)) kept -= 1
  const nameWidth = Math.min(longest, Math.max(LEAST_NAME, room(kept)))
  const placed = (place: string, name: string) => pad(place, PLACE_WIDTH) + pad(shorten(printable(name), nameWidth), nameWidth)
  const names: Column = {
    head: placed('', title),
    texts: rows.map(({ id }) => placed(places.has(id) ? `${places.get(id)}.` : '', id)),
  }
  return [...table([names, ...columns.slice(0, kept)], colours), ...legend(measures.slice(0, kept), rows, width)]
}

/** What a question mark represents, of the columns that show one. */
function legend(measures: readonly Measure[], rows: readonly Contestant[], width: number): string[] {
  const unknown = measures.flatMap(({ cell, unknown }) =>
    rows.flatMap((row) => (cell(row) === '?' ? (unknown?.(row) ?? []) : [])),
  )
  return unknown.length === 0 ? [] : wrap(`?: ${[...new Set(unknown)].join('; ')}`, width, '     ')
}

function measuresOf(doc: ComparisonDocument): Measure[] {
  const latency: Measure = { head: 'latency', cell: (one) => timeWithInterval(one.p50Ms!, one.ciLowMs!, one.ciHighMs!) }
  const rate: Measure = { head: 'samples/s', cell: ({ samplesPerSecond }) => significant(samplesPerSecond!) }
  const start: Measure = { head: 'start', cell: ({ startMs }) => time(startMs!) }
  const device: Measure = { head: 'on', cell: ({ device }) => shorten(printable(device ?? ''), 16) }
  const precision: Measure = { head: 'floats', cell: ({ precision }) => precision ?? 'as given' }
  const size: Measure = { head: 'size', cell: ({ sizeBytes }) => bytes(sizeBytes) }
  const macs: Measure = { head: 'MACs', cell: ({ macs }) => (macs === null ? '?' : count(macs)), unknown: () => 'work not known' }
  const named = doc.contestants.find(({ metric }) => metric !== null)?.metric?.name
  const quality: Measure =
    named === undefined
      ? {
          head: 'outputs',
          cell: (one) => agreementOf(one, doc.reference),
          unknown: (one) => one.agreementReason ?? 'outputs not compared',
        }
      : {
          head: named,
          cell: ({ metric }) => (metric === null ? '?' : metricValue(metric)),
          unknown: () => `${named} not measured`,
        }
  if (doc.of === 'models') return [latency, rate, quality, size, macs]
  const chosen = doc.contestants.some(({ precision, p50Ms }) => precision !== undefined && p50Ms !== null)
  return chosen ? [latency, precision, quality, rate, start, device] : [latency, rate, quality, start, device]
}

function agreementOf({ id, agreement }: Contestant, reference: string): string {
  if (agreement === null) return '?'
  if (id === reference) return '='
  if (agreement.equal) return '='
  if (agreement.top1 !== null && agreement.top1 < 1) return `${significant(agreement.top1 * 100)} % same`
  return `±${significant(agreement.maxAbs, 1)}`
}

function batches(doc: ComparisonDocument, width: number, colours: Colours): string[] {
  const rows = doc.contestants.filter(({ batches }) => batches.length > 1)
  if (rows.length === 0) return []
  const lines = rows.flatMap(({ id, batches, fit }) => {
    const points = batches.map(({ batch, p50Ms }) => `${batch} → ${time(p50Ms)}`).join(', ')
    const line = fit === null ? '' : `; ${time(fit.fixedMs)} + ${time(fit.perSampleMs)} a sample`
    return wrap(`${id}: ${points}${line}`, width, '  ', '    ')
  })
  return [colours.bold('Latency against batch'), ...lines]
}

function growth(doc: ComparisonDocument, width: number, colours: Colours): string[] {
  const lines = doc.reports.flatMap((report) =>
    report.sweeps
      .filter(({ dimension }) => dimension !== 'batch')
      .flatMap(({ dimension, unit, points, fit }) => {
        const shown = points.map(({ at, p50Ms }) => `${at} → ${time(p50Ms)}`).join(', ')
        const line = fit === null ? '' : `; ${time(fit.fixedMs)} + ${time(fit.perUnitMs)} per ${singular(unit)}`
        const name = dimension === unit ? dimension : `${dimension} (${unit})`
        return wrap(`${report.model?.file ?? ''}: ${name} ${shown}${line}`, width, '  ', '    ')
      }),
  )
  return lines.length > 0 ? [colours.bold('Growth with the size of the input'), ...lines] : []
}

const AXES: Readonly<Record<string, string>> = { start: 'time to the first result', agreement: 'agreement of outputs' }

function front({ pareto, contestants }: ComparisonDocument, width: number): string[] {
  if (contestants.filter(({ p50Ms }) => p50Ms !== null).length < 2) return []
  const axes = pareto.axes.map((axis) => AXES[axis] ?? axis)
  const worse = pareto.dominated.map(({ id, by }) => `${id} (${by} is as good or better in all)`)
  const not = worse.length > 0 ? `; not: ${worse.join(', ')}` : ''
  return wrapHanging(`Worth choosing by ${axes.join(', ')}: ${pareto.front.join(', ')}${not}.`, width)
}

function findings(doc: ComparisonDocument, width: number, colours: Colours, command: string | undefined): string[] {
  const index = doc.contestants.find(({ id }) => id === doc.reference)?.report ?? null
  const found = index === null ? undefined : doc.reports[index]?.findings.find(({ rule }) => rule === 'engine-choice')
  if (found === undefined) return []
  const next = found.next === null ? [] : wrapCommand(nextWords(found, command), width, 'Next: ').map(colours.cyan)
  return [...wrapHanging(`${found.title}: ${found.detail}`, width), ...next]
}

function notMeasured(doc: ComparisonDocument, width: number): string[] {
  const failed = doc.contestants.filter(({ outcome }) => outcome !== 'measured')
  const parts = doc.contestants.filter(({ outcome, reason }) => outcome === 'measured' && reason !== null)
  const withFix = (reason: string | null, fix: string | null) => [reason, fix].filter((text) => text !== null).join('; ')
  return [
    ...failed.flatMap(({ id, reason, fix }) => wrapHanging(`Not measured: ${id}: ${withFix(reason, fix)}`, width)),
    ...parts.flatMap(({ id, reason }) => wrapHanging(`${id}: ${reason}`, width)),
    ...(doc.notHere.length > 0
      ? wrapHanging(`Not here: ${doc.notHere.map(({ id }) => id).join(', ')}. Why: whyslow\u00a0doctor`, width)
      : []),
  ]
}

/** '8 samples (one sample of ort-webgpu)': what most have, and who has something else. */
function commonAndOthers(all: readonly { readonly id: string; readonly samples: number }[]): string {
  const say = (samples: number) => (samples === 1 ? 'one sample' : `${samples} samples`)
  const times = (count: number) => all.filter(({ samples }) => samples === count).length
  const common = all.reduce((top, { samples }) => (times(samples) > times(top) ? samples : top), all[0]!.samples)
  const others = all.filter(({ samples }) => samples !== common).map(({ id, samples }) => `${say(samples)} of ${id}`)
  return others.length === 0 ? say(common) : `${say(common)} (${others.join(', ')})`
}

function basis(doc: ComparisonDocument, width: number): string[] {
  const report = doc.reports[0]
  if (report === undefined) return []
  const rounds = doc.contestants.flatMap(({ id, report }) =>
    report === null ? [] : [{ id, count: doc.reports[report]!.latency?.blocks.length ?? 0 }],
  )
  const most = Math.max(...rounds.map(({ count }) => count))
  const fewer = rounds.filter(({ count }) => count < most).map(({ id, count }) => `${count} of ${id}`)
  const inputs = (report.model?.inputs ?? []).map(
    (input) =>
      `${input.name} ${input.dtype} ${input.shape.length === 0 ? 'scalar' : input.shape.join('x')} (${sourceWords(input)})`,
  )
  const rows = doc.contestants.find(({ metric }) => metric !== null)?.metric?.rows
  const on = doc.contestants.flatMap(({ id, agreementSamples }) =>
    agreementSamples === null ? [] : [{ id, samples: agreementSamples }],
  )
  const compared =
    rows === undefined
      ? on.length === 0
        ? ''
        : `; outputs compared on ${commonAndOthers(on)}`
      : `; ${count(rows)} labelled rows`
  const cpus = report.machine.usableCpus
  const versions = [...new Set(doc.reports.flatMap(({ engine }) => (engine === null ? [] : [`${engine.id} ${engine.version}`])))]
  return [
    ...wrapHanging(
      `${most} rounds of fresh processes in turns${fewer.length > 0 ? ` (${fewer.join(', ')})` : ''}; ratios round by round, intervals of 95 % for all pairs together${compared}.`,
      width,
    ),
    ...wrapHanging(
      `Inputs: ${inputs.join(', ')}. ${versions.join(', ')}; ${report.machine.cpu}${cpus === null ? '' : `, ${plural(cpus, 'usable CPU')}`}.`,
      width,
    ),
  ]
}
