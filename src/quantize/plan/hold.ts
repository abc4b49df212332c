// Keeps the outputs good enough. What costs no layer comes first: other ranges, corrected biases, smoothed channels. Then layers are given
// back to float, those with the most error for the least time first, until the rest holds, or the time for it is over.

import type { OutputCheck } from '../../measure/outputs/index.ts'
import { median } from '../../measure/timing/statistics.ts'
import type { Precision } from '../write/choice.ts'
import type { Layers } from './choose.ts'

/** Layers in fewer bits, by one of several treatments. */
export interface Candidate {
  readonly treatment: string
  readonly layers: ReadonlyMap<string, Precision>
}

export interface AccuracyBench {
  /** Outputs on all inputs, against the original's. */
  check(candidate: Candidate): Promise<OutputCheck>
  /** Noise over signal of the worst output, on a few inputs, all in one process; null where there is none or the time was over. */
  noises(candidates: readonly Candidate[], budgetMs: number): Promise<readonly (number | null)[]>
  /** Treatments beside the first: asked for where it does not do. */
  others(): Promise<readonly string[]>
  /** Of the time for all of this, ms. */
  leftMs(): number
}

export interface Wanted {
  readonly first: string
  readonly chosen: Layers
  /** The layers when those given stay float. */
  readonly choose: (given: ReadonlySet<string>) => Layers
  /** Layers that can be given back: those that only move numbers follow their neighbours. */
  readonly nodes: readonly { readonly node: string; readonly opType: string; readonly gainMs: number }[]
  /** Errors that are known, by treatment and node; those that are measured are added. */
  readonly errors: Map<string, number>
}

export interface Outcome {
  /** null: nothing holds. */
  readonly layers: Layers | null
  readonly treatment: string
  /** Noise over signal with one layer alone quantized, by node; where it was not needed, nothing. */
  readonly errors: ReadonlyMap<string, number>
  /** Why nothing holds. */
  readonly reason: string | null
}

/** Looks at the outputs while layers are given back. */
const MOST_CHECKS = 6
/** Layers given back need not be fewer by so small a share of all. */
const TOLERANCE = 1 / 32
/** A cosine of 0.995 is a hundredth of noise: the first guess at how many layers must go, whatever the loss is measured by. */
const USUAL_NOISE = 0.01
/** Of single layers, ms, and the share of what is left. */
const ERRORS_MS = 12_000
const ERRORS_SHARE = 1 / 3
/** Layers that are measured before their neighbours are. */
const SPREAD = 24

export async function hold(bench: AccuracyBench, wanted: Wanted): Promise<Outcome> {
  const { chosen } = wanted
  let treatment = wanted.first
  let whole = await bench.check({ treatment, layers: chosen.layers })
  if (whole.ok) return { layers: chosen, treatment, errors: new Map(), reason: null }
  const better = await quietest(bench, treatment, chosen)
  if (better !== null) {
    const check = await bench.check({ treatment: better, layers: chosen.layers })
    if (check.ok || signalOf(check) > signalOf(whole)) [treatment, whole] = [better, check]
    if (whole.ok) return { layers: chosen, treatment, errors: new Map(), reason: null }
  }
  const errors = await layerErrors(bench, wanted, treatment)
  const layers = await givenBack(bench, wanted, treatment, errors, whole)
  const why = `layers that gain change the outputs too much: ${whole.reason}`
  const late = bench.leftMs() <= 0 ? '; the time to give layers back was over: a larger --budget has more' : ''
  return { layers, treatment, errors, reason: layers === null ? why + late : null }
}

const signalOf = ({ agreement }: OutputCheck): number => agreement?.sqnrDb ?? Number.NEGATIVE_INFINITY

/** The treatment with less noise than the first, and the least of all; null where there is none. */
async function quietest(bench: AccuracyBench, first: string, { layers }: Layers): Promise<string | null> {
  if (bench.leftMs() <= 0) return null
  const treatments = [first, ...(await bench.others()).filter((one) => one !== first)]
  if (treatments.length === 1) return null
  const candidates = treatments.map((treatment) => ({ treatment, layers }))
  const noises = await bench.noises(candidates, Math.max(0, bench.leftMs()) * ERRORS_SHARE)
  const [own = null] = noises
  let [found, least] = [null as string | null, own ?? Number.POSITIVE_INFINITY]
  noises.forEach((noise, k) => {
    if (noise !== null && noise < least) [found, least] = [treatments[k]!, noise]
  })
  return found
}

/** Of each layer alone, as far as time goes; what was measured before is not measured again. */
async function layerErrors(
  bench: AccuracyBench,
  { chosen, nodes, errors }: Wanted,
  treatment: string,
): Promise<ReadonlyMap<string, number>> {
  const idOf = (node: string) => `${treatment} ${chosen.layers.get(node)} ${node}`
  const missing = nodes.filter(({ node }) => !errors.has(idOf(node)))
  const order = spread(missing)
  const candidates = order.map(({ node }) => ({ treatment, layers: new Map([[node, chosen.layers.get(node)!]]) }))
  const budgetMs = Math.min(ERRORS_MS, bench.leftMs() * ERRORS_SHARE)
  const noises = candidates.length > 0 && budgetMs > 0 ? await bench.noises(candidates, budgetMs) : []
  noises.forEach((noise, k) => {
    if (noise !== null) errors.set(idOf(order[k]!.node), noise)
  })
  return new Map(
    nodes.flatMap(({ node }) => {
      const noise = errors.get(idOf(node))
      return noise === undefined ? [] : [[node, noise] as const]
    }),
  )
}

/** So ordered that what is cut off is like what is measured. */
export function spread<T>(nodes: readonly T[]): readonly T[] {
  const stride = Math.max(1, Math.ceil(nodes.length / SPREAD))
  return Array.from({ length: stride }, (_, first) => nodes.filter((_, k) => k % stride === first)).flat()
}

/** The fewest that must go, by halving from a guess on: more given back is never worse. */
async function givenBack(
  bench: AccuracyBench,
  { choose, nodes }: Wanted,
  treatment: string,
  errors: ReadonlyMap<string, number>,
  whole: OutputCheck,
): Promise<Layers | null> {
  const order = inOrderOfError(nodes, errors)
  const known = new Map<string, boolean>()
  const holds = async ({ layers }: Layers): Promise<boolean> => {
    const id = [...layers.keys()].join()
    const ok = known.get(id) ?? (await bench.check({ treatment, layers })).ok
    known.set(id, ok)
    return ok
  }
  let [bad, good, best] = [0, order.length, null as Layers | null]
  let next = guessOf(order, whole)
  for (let checks = 0; checks < MOST_CHECKS && good - bad > Math.max(1, order.length * TOLERANCE); checks++) {
    if (bench.leftMs() <= 0) break
    const layers = choose(new Set(order.slice(0, next).map(({ node }) => node)))
    if (layers.layers.size === 0) good = next
    else if (await holds(layers)) [good, best] = [next, layers]
    else bad = next
    next = Math.floor((bad + good) / 2)
  }
  return best
}

interface Rated {
  readonly node: string
  readonly noise: number
}

/** Most error for the least time first. A layer that was not measured errs as those of its operator do in the middle. */
export function inOrderOfError(nodes: Wanted['nodes'], errors: ReadonlyMap<string, number>): readonly Rated[] {
  const usual = (opType: string): number => {
    const found = nodes.flatMap((one) => (one.opType === opType ? (errors.get(one.node) ?? []) : []))
    return found.length > 0 ? median(found) : Number.POSITIVE_INFINITY
  }
  const rated = nodes.map(({ node, opType, gainMs }) => {
    const noise = errors.get(node) ?? usual(opType)
    return { node, noise, worth: noise / Math.max(gainMs, LEAST_GAIN_MS) }
  })
  // Infinity less itself is no order.
  return rated.sort((a, b) => Number(b.worth > a.worth) - Number(b.worth < a.worth))
}

/** Gains below it are noise, and a layer that gains nothing by itself stands between others that do. */
const LEAST_GAIN_MS = 0.001

/** How many must go until the errors of the rest, which add up, come to the usual noise; between the first and the last but one. */
export function guessOf(order: readonly Rated[], whole: OutputCheck): number {
  const finite = order.map(({ noise }) => (Number.isFinite(noise) ? noise : 0))
  const sum = finite.reduce((all, noise) => all + noise, 0)
  const seen = whole.agreement?.sqnrDb == null ? sum : 10 ** (-whole.agreement.sqnrDb / 10)
  let [left, count] = [seen, 0]
  // Errors of layers are measured apart: together they come to what was seen.
  while (count < order.length && (left > USUAL_NOISE || !Number.isFinite(order[count]!.noise)))
    left -= (finite[count++]! / sum) * seen
  return Math.min(Math.max(1, count), Math.max(1, order.length - 1))
}
