// What a latency is made of. Percentiles of parts do not add up to the percentile of the whole: here the parts are averaged over the
// requests themselves, the slowest hundredth next to those around the median.
import type { LoadPartMeans, LoadParts } from '@whyslow/report/documents/load.ts'
import type { MeasuredRun } from './measured-run.ts'
import { MOST_SERVER_TIMES } from './records.ts'

/** Between the instants that are written down of every request. */
const MEASURED = ['schedule lag', 'connect', 'server and network', 'receive'] as const
const SERVER = MEASURED.indexOf('server and network')

/** Before the names of what the server tells. */
const TOLD = 'server: '

const SLOWEST_SHARE = 0.01
const TYPICAL = { from: 0.4, to: 0.6 } as const

/** `sorted`: latencies ascending, of which the first `good` have an answer. */
export function latencyParts(run: MeasuredRun, sorted: Float64Array, good: number): LoadParts {
  const { records, measuredFrom, sent, toldNames } = run
  const { dueMs, doneMs, outcome } = records
  const slowestFrom = sorted[Math.max(0, good - Math.max(1, Math.round(good * SLOWEST_SHARE)))]!
  const typicalFrom = sorted[Math.floor(good * TYPICAL.from)]!
  const typicalTo = sorted[Math.min(good - 1, Math.floor(good * TYPICAL.to))]!
  const width = MEASURED.length + toldNames.length
  const groups = { all: newSum(width), slowest: newSum(width), typical: newSum(width) }
  const parts = new Float64Array(width)
  for (let k = measuredFrom; k < sent; k++) {
    if (outcome[k]! < 200 || outcome[k]! > 299) continue
    const latency = doneMs[k]! - dueMs[k]!
    partsOf(run, k, parts)
    add(groups.all, latency, parts)
    if (latency >= slowestFrom) add(groups.slowest, latency, parts)
    if (latency >= typicalFrom && latency <= typicalTo) add(groups.typical, latency, parts)
  }
  const names = [...MEASURED.slice(0, SERVER + 1), ...toldNames.map((name) => `${TOLD}${name}`), ...MEASURED.slice(SERVER + 1)]
  const isTold = (name: string) => name.startsWith(TOLD)
  return {
    names,
    basis: names.map((name) => (isTold(name) ? ('told' as const) : ('measured' as const))),
    all: meansOf(groups.all),
    slowest: meansOf(groups.slowest),
    typical: meansOf(groups.typical),
    variation: variationOf(groups.all),
  }
}

/** The parts of a server of this program: what it reports was measured by the same program, on the same machine's clock. */
export function asOwnServer(parts: LoadParts): LoadParts {
  const renamed = (name: string) => (name === MEASURED[SERVER] ? 'network and HTTP' : name.replace(TOLD, ''))
  return { ...parts, names: parts.names.map(renamed), basis: parts.names.map(() => 'measured') }
}

/** The parts of one request, in the order of `names`; what the server tells is taken out of the time between request and answer. */
function partsOf({ records, toldNames }: MeasuredRun, k: number, into: Float64Array): void {
  const { dueMs, sentMs, openMs, firstByteMs, doneMs, toldMs } = records
  into[0] = sentMs[k]! - dueMs[k]!
  into[1] = openMs[k]! - sentMs[k]!
  let server = firstByteMs[k]! - openMs[k]!
  for (let at = 0; at < toldNames.length; at++) {
    const told = toldMs[k * MOST_SERVER_TIMES + at]!
    const within = Number.isNaN(told) ? 0 : Math.min(told, server)
    into[SERVER + 1 + at] = within
    server -= within
  }
  into[SERVER] = server
  into[into.length - 1] = doneMs[k]! - firstByteMs[k]!
}

interface Sum {
  requests: number
  latency: number
  readonly parts: Float64Array
  readonly squares: Float64Array
}

const newSum = (width: number): Sum => ({
  requests: 0,
  latency: 0,
  parts: new Float64Array(width),
  squares: new Float64Array(width),
})

function add(sum: Sum, latency: number, parts: Float64Array): void {
  sum.requests++
  sum.latency += latency
  for (let at = 0; at < parts.length; at++) {
    sum.parts[at]! += parts[at]!
    sum.squares[at]! += parts[at]! ** 2
  }
}

function variationOf({ requests, parts, squares }: Sum): number[] {
  return Array.from(parts, (part, at) => {
    const mean = part / Math.max(1, requests)
    return mean === 0 ? 0 : Math.max(0, squares[at]! / requests / mean ** 2 - 1)
  })
}

function meansOf({ requests, latency, parts }: Sum): LoadPartMeans {
  const many = Math.max(1, requests)
  return { requests, latencyMs: latency / many, partsMs: Array.from(parts, (part) => part / many) }
}
