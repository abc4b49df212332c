// What `whyslow load` says on a terminal: the answer, a line for each rate, what the tail is made of, findings, and how good the generator was.

import { perSecond, plural, sharePercent, significant, time } from '@whyslow/measure/statistics/numbers.ts'
import type { LoadDocument, LoadLaw, LoadPartMeans, LoadPoint } from '../documents/load.ts'
import type { LoadAnswers } from '../documents/load-audit.ts'
import type { LoadStreams } from '../documents/load-streams.ts'
import { pooledRates } from './answers/load-rates.ts'
import { checkedLines } from './findings/findings-text.ts'
import { pad, wrap } from './wrap.ts'

interface Width {
  readonly width: number
}

export function renderLoad(document: LoadDocument, { width }: Width): string {
  const { answer, points, findings, warnings } = document
  const blocks = [
    wrap(answer, width),
    table(points),
    ...streamsBlock(points, width),
    ...partsBlock(points, width),
    ...statisticsBlock(points, width),
    ...theoryBlock(points, width),
    ...setupBlock(document, width),
    ...alternativesBlock(document, width),
    ...findings.map(({ title, detail }, k) => [...wrap(title, width, `${k + 1}. `), ...wrap(detail, width, '   ')]),
    ...[checkedLines(document, width)].filter((lines) => lines.length > 0),
    auditLines(document, width),
    ...(warnings.length === 0 ? [] : [warnings.flatMap((warning) => wrap(warning, width, 'Note: '))]),
  ]
  return `${blocks.map((lines) => lines.join('\n')).join('\n\n')}\n`
}

const COLUMNS = ['sent/s', 'answered/s', 'mean', 'p50', 'p90', 'p99', 'p99 interval', 'errors'] as const

function table(points: readonly LoadPoint[]): string[] {
  const isClosed = points.some(({ clients }) => clients !== null)
  const notes = points.flatMap((point) => {
    const note = noteOf(point)
    return note === '' ? [] : [`  ${askedOf(point)}: ${note}`]
  })
  const rates = pooledRates(points)
  const hasRuns = rates.some(({ runs }) => runs > 1)
  const head = [isClosed ? 'clients' : COLUMNS[0], ...COLUMNS.slice(1), ...(hasRuns ? ['runs'] : [])]
  const rows = rates.map(({ point, runs }) => [...row(point), ...(hasRuns ? [String(runs)] : [])])
  return [...aligned([head, ...rows]), ...new Set(notes)]
}

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((cells) => cells[column]!.length)))
  return rows.map((cells) =>
    cells
      .map((cell, column) => pad(cell, widths[column]!, 'left'))
      .join('  ')
      .trimEnd(),
  )
}

/** Why numbers are left out. */
const LIMITS = {
  none: '',
  unclear: 'may not keep up',
  'sends-late': 'the generator was late',
  'falls-behind': 'the generator does not keep up',
  'beyond-ceiling': 'the generator does not keep up',
} as const

const noteOf = ({ saturated, generatorLimit, keepsUp }: LoadPoint): string =>
  saturated ? 'does not keep up' : LIMITS[generatorLimit ?? (keepsUp === null ? 'unclear' : 'none')]

const pointName = ({ offeredPerSecond, clients }: LoadPoint): string =>
  offeredPerSecond === null ? String(clients) : perSecond(offeredPerSecond)

function row(point: LoadPoint): string[] {
  const first = pointName(point)
  const bad = point.errors === 0 ? '0' : `${significant((100 * point.errors) / Math.max(1, point.requests), 2)} %`
  if (point.saturated) return [first, perSecond(point.achievedPerSecond), '-', '-', '-', '-', '', bad]
  const interval = point.intervals.p99Ms
  const range =
    point.p99Ms === null || interval === null ? '' : `${time(interval.low)}–${interval.high === null ? '?' : time(interval.high)}`
  return [
    first,
    perSecond(point.achievedPerSecond),
    ...[point.meanMs, point.p50Ms, point.p90Ms, point.p99Ms].map((ms) => (ms === null ? '-' : time(ms))),
    range,
    bad,
  ]
}

const STREAM_COLUMNS = ['first token p50', 'p90', 'p99', 'per token p50', 'p90', 'p99', 'tokens/s'] as const

/** When text came, for each rate: the first token, and each after it. */
function streamsBlock(points: readonly LoadPoint[], width: number): string[][] {
  const known = points.flatMap((point) => (point.streams === undefined ? [] : [{ point, streams: point.streams }]))
  if (known.length === 0) return []
  const cell = (ms: number | null | undefined) => (ms == null ? '-' : time(ms))
  const rows = known.map(({ point, streams: { firstTokenMs: first, timePerTokenMs: token, tokensPerSecond } }) => [
    pointName(point),
    ...[first?.p50, first?.p90, first?.p99, token?.p50, token?.p90, token?.p99].map(cell),
    tokensPerSecond === null ? '-' : perSecond(tokensPerSecond),
  ])
  const head = [points.some(({ clients }) => clients !== null) ? 'clients' : COLUMNS[0], ...STREAM_COLUMNS]
  const notes = known.flatMap(({ point, streams }) => wrap(streamNote(point, streams), width - 2).map((line) => `  ${line}`))
  return [[...aligned([head, ...rows]), ...notes]]
}

const COUNTED = {
  usage: "by the server's own count",
  listed: 'as its chunks list them',
  tokenizer: 'by the tokenizer',
} as const

function streamNote(
  point: LoadPoint,
  { tokensPerStream, tokensPerChunk, countedBy, goodput, cachedShare, stalls }: LoadStreams,
): string {
  const tokens =
    countedBy === null || tokensPerStream === null
      ? ['tokens not counted']
      : [
          `${significant(tokensPerStream)} tokens a stream ${COUNTED[countedBy]}`,
          ...(tokensPerChunk === null ? [] : [`${significant(tokensPerChunk, 2)} a chunk`]),
        ]
  const good =
    goodput === null ? [] : [`${perSecond(goodput.perSecond)} requests/s (${sharePercent(goodput.share)}) keep ${goodput.bounds}`]
  const cache = cachedShare === null ? [] : [`${sharePercent(cachedShare)} of the prompts from the prefix cache`]
  const stalled = stalls === null || stalls.stalls === 0 ? [] : [`stalls take ${sharePercent(stalls.share)} of the streams' time`]
  return `${askedOf(point)}: ${[...tokens, ...good, ...cache, ...stalled].join('; ')}`
}

/** For the highest rate that holds: the slowest hundredth compared with the middle. */
function partsBlock(points: readonly LoadPoint[], width: number): string[][] {
  const point = points.findLast(({ parts, saturated }) => parts !== null && !saturated)
  if (point?.parts == null) return []
  const { names, slowest, typical, basis } = point.parts
  const shown = names.map((_, k) => k).filter((k) => slowest.partsMs[k]! > 0.01 * slowest.latencyMs || basis[k] === 'told')
  const label = (k: number) => (basis[k] === 'told' ? `${names[k]} (reported by the server)` : names[k]!)
  const widest = Math.max(8, ...shown.map((k) => label(k).length))
  const line = (name: string, of: (means: LoadPartMeans) => number) =>
    `  ${pad(name, widest)}  ${pad(time(of(slowest)), 11, 'left')}  ${pad(time(of(typical)), 10, 'left')}`
  return [
    [
      ...wrap(`What latencies are made of at ${askedOf(point)}, averaged over requests`, width),
      `  ${pad('', widest)}  ${pad('slowest 1 %', 11, 'left')}  ${pad('around p50', 10, 'left')}`,
      ...shown.map((k) => line(label(k), ({ partsMs }) => partsMs[k]!)),
      line('together', ({ latencyMs }) => latencyMs),
    ],
  ]
}

/** What another server counted itself, at each rate. */
function statisticsBlock(points: readonly LoadPoint[], width: number): string[][] {
  const lines = points.flatMap((point) => {
    if (point.statistics === undefined) return []
    const { queueMs, inputMs, inferMs, outputMs, rowsTogether } = point.statistics
    const means = `queue ${time(queueMs)}, input ${time(inputMs)}, model ${time(inferMs)}, output ${time(outputMs)}`
    const rows = rowsTogether > 1 ? `; ${significant(rowsTogether, 2)} rows a call` : ''
    return wrap(`${askedOf(point)}: ${means}${rows}`, width - 2).map((text) => `  ${text}`)
  })
  if (lines.length === 0) return []
  return [[...wrap("Means by the server's own statistics, warm-up and other clients' requests included", width), ...lines]]
}

const askedOf = ({ offeredPerSecond, clients }: LoadPoint): string =>
  offeredPerSecond === null ? plural(clients ?? 0, 'client') : `${perSecond(offeredPerSecond)} requests/s`

const FORMULAE = { 'Allen-Cunneen': 'Allen and Cunneen', Inoue: 'of batches, Inoue: at most' } as const

/** The wait by queueing theory, from the mean and the variation of the service, compared with the measured one. */
function theoryBlock(points: readonly LoadPoint[], width: number): string[][] {
  const known = points.flatMap(({ offeredPerSecond, theory }) => (theory == null ? [] : [{ offeredPerSecond, ...theory }]))
  if (known.length === 0) return []
  const lines = known.map(({ offeredPerSecond, utilisation, waitMs, measuredWaitMs }) => {
    const busy = `workers ${significant(100 * utilisation, 2)} % busy`
    return `  ${perSecond(offeredPerSecond!)} requests/s, ${busy}: ${time(waitMs)}, measured ${time(measuredWaitMs)}`
  })
  return [[...wrap(`Mean wait for a worker by queueing theory (${FORMULAE[known[0]!.formula]}), and measured`, width), ...lines]]
}

/** The setup of the server, if it was this program's own. */
function setupBlock({ setup, machine }: LoadDocument, width: number): string[][] {
  if (setup === null) return []
  const { workers, threadsPerWorker: threads, engine, queueLimit, maxBatch, batchDelayMs = 0, deadlineMs } = setup
  const each = threads === null ? '' : ` × ${plural(threads, 'thread')}`
  const late = deadlineMs === null ? '' : `, dropped after ${time(deadlineMs)}`
  const wait = batchDelayMs === 0 ? '' : ` of those that come within ${time(batchDelayMs)}`
  const rows = maxBatch === 1 ? '' : `, predicted up to ${maxBatch} rows together${wait}`
  const cpus = machine.usableCpus === 1 ? 'the one CPU' : `the same ${machine.usableCpus} CPUs`
  const what = `${engine ?? "the folder's own engine"}, ${plural(workers, 'worker')}${each}, up to ${queueLimit} wait${late}${rows}`
  return [[...wrap(`Server: ${what}; on ${cpus} that the generator uses.`, width), ...batchLines(setup, width)]]
}

/** What predictions of several rows took, where the server chose by that. */
function batchLines({ batchCosts = null, whyAlone = null }: Setup, width: number): string[] {
  if (batchCosts === null) return whyAlone === null ? [] : wrap(`Requests are not joined: ${whyAlone}.`, width)
  const costs = batchCosts.map(({ rows, ms }, k) => `${k === 0 ? plural(rows, 'row') : rows} ${time(ms)}`).join(', ')
  return wrap(`A prediction takes by its rows: ${costs}.${whyAlone === null ? '' : ' One by one is as fast.'}`, width)
}

type Setup = NonNullable<LoadDocument['setup']>

/** Other set-ups with the same arrivals, and the command's own before and after them. */
function alternativesBlock({ alternatives = [], setup }: LoadDocument, width: number): string[][] {
  const [first] = alternatives
  if (first === undefined || setup === null) return []
  const { before, after } = first
  const line = (name: string, { saturated, meanMs, p99Ms }: LoadPoint) => {
    const p99 = p99Ms === null ? '' : `, p99 ${time(p99Ms)}`
    return `  ${name}: ${saturated || meanMs === null ? 'does not keep up' : `mean ${time(meanMs)}${p99}`}`
  }
  const named = ({ workers, threadsPerWorker: threads, maxBatch }: typeof setup) =>
    `${plural(workers, 'worker')}${threads === null ? '' : ` × ${plural(threads, 'thread')}`}${maxBatch === 1 ? '' : `, up to ${maxBatch} rows together`}`
  return [
    [
      ...wrap(`Other set-ups of the server, under the same ${perSecond(before.offeredPerSecond!)} requests/s`, width),
      line('unchanged', before),
      ...alternatives.map((one) => line(named(one.setup), one.point)),
      line('unchanged, again', after),
    ],
  ]
}

function auditLines({ audit, points }: LoadDocument, width: number): string[] {
  const parts = [
    audit.lagP50Ms === null
      ? []
      : [`sent ${time(audit.lagP50Ms)} after the scheduled instant (median; p99 ${time(audit.lagP99Ms ?? 0)})`],
    latenessText(audit),
    audit.ceilingPerSecond === null
      ? []
      : [
          `reaches ${perSecond(audit.ceilingPerSecond)} requests/s here${audit.floorP50Ms === null ? '' : `, adds ${time(audit.floorP50Ms)} to an answer`}`,
        ],
    audit.cores === null ? [] : [`used ${significant(100 * audit.cores, 2)} % of a core`],
    audit.repeated === 0 ? [] : [`sent ${plural(audit.repeated, 'request')} again on a new connection`],
  ].flat()
  const laws = points.flatMap(({ laws = [] }) => laws)
  const runs = points.map(({ requests, seconds }) => `${requests} in ${significant(seconds)} s`)
  const shownRuns = runs.length > 6 ? [`${points.reduce((sum, { requests }) => sum + requests, 0)} in ${runs.length} runs`] : runs
  return [
    ...wrap(`Generator: ${parts.join(', ')}.`, width),
    ...wrap(`Requests: ${shownRuns.join(', ')}, warm-up not counted.`, width),
    ...(audit.answers === undefined ? [] : wrap(answersText(audit.answers), width)),
    ...(laws.length === 0 ? [] : wrap(lawsText(laws), width)),
  ]
}

/** Below, lateness is nothing that a number shows. */
const OWN_SHARE = 0.05

function latenessText({ ownLateness = null }: LoadDocument['audit']): string[] {
  if (ownLateness === null || ownLateness.share <= OWN_SHARE) return []
  const { name, share, ms, offeredPerSecond } = ownLateness
  const number = name.replace('Ms', '').replace('p999', 'p99.9')
  return [
    `${significant(100 * share, 2)} % of the ${number} at ${perSecond(offeredPerSecond)} requests/s (${time(ms)}) is its lateness`,
  ]
}

function answersText({ compared, different, notCompared, why }: LoadAnswers): string {
  const rest = why === null ? '' : `; ${notCompared} not: ${why}`
  if (compared === 0) return `Answers: not compared with those that the same requests get alone: ${why}.`
  if (different === 0)
    return `Answers: ${compared} of them compared with those that the same requests get alone, all the same${rest}.`
  return `Answers: ${different} of ${compared} are not those that the same requests get alone${rest}.`
}

const LAW_NAMES: Readonly<Record<LoadLaw['law'], string>> = {
  little: "Little's law",
  flow: 'requests and their ends',
  utilisation: 'the utilisation law',
  'throughput-bound': 'what workers answer at most',
}

/** What is checked, and what did not hold: a mistake, here or in what the server tells. */
function lawsText(laws: readonly LoadLaw[]): string {
  const names = (of: readonly LoadLaw[]) => [...new Set(of.map(({ law }) => LAW_NAMES[law]))].join(', ')
  const broken = laws.filter(({ ok }) => !ok)
  if (broken.length === 0) return `Checked, and they hold: ${names(laws)}.`
  return `Checked, and does not hold: ${names(broken)}. One of these numbers is wrong; the document has both.`
}
