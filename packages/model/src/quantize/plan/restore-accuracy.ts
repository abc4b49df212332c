// Restores accuracy where fewer bits change the outputs too much. What costs no layer comes first: other recipes (ranges, corrected biases,
// smoothed channels). Then layers fall back to float, those with the most error for the least time first, until the outputs of the rest are
// good enough, or the time for it is over. How many must go is asked on a few inputs first, where many answers cost as much as one look at all.

import type { OutputCheck } from '@whyslow/measure/outputs/index.ts'
import { medianOrNull } from '@whyslow/measure/statistics/index.ts'
import type { Precision } from '../write/choice.ts'
import type { Layers } from './choose.ts'

/** Layers in fewer bits, by one of several recipes. */
export interface QuantizationCandidate {
  readonly recipe: string
  readonly layers: ReadonlyMap<string, Precision>
}

export interface AccuracyBench {
  /** Outputs on all inputs, against the original's. */
  check(candidate: QuantizationCandidate): Promise<OutputCheck>
  /** Noise over signal of the worst output, on a few inputs, all in one process; null if there is none or the time was over. */
  noises(candidates: readonly QuantizationCandidate[], budgetMs: number): Promise<readonly (number | null)[]>
  /** Other recipes than the first: used if that does not suffice. */
  others(): Promise<readonly string[]>
  /** Time left for all of this, ms. */
  leftMs(): number
}

export interface ChosenLayers {
  /** The first recipe. */
  readonly first: string
  readonly chosen: Layers
  /** The layers when those given stay float. */
  readonly choose: (inFloat: ReadonlySet<string>) => Layers
  /** Layers that can fall back to float: those that only move numbers follow their neighbours. */
  readonly nodes: readonly { readonly node: string; readonly opType: string; readonly gainMs: number }[]
  /** Errors that are known, by recipe and node; those that are measured are added. */
  readonly errors: Map<string, number>
}

export interface RestoredLayers {
  /** null: the outputs of nothing that gains are good enough. */
  readonly layers: Layers | null
  readonly recipe: string
  /** Noise over signal with one layer alone quantized, by node; if it was not needed, nothing. */
  readonly errors: ReadonlyMap<string, number>
  /** Why there are none. */
  readonly reason: string | null
}

/** Looks at the outputs while layers fall back. */
const MOST_CHECKS = 6
/** Layers in float need not be fewer by so small a share of all. */
const TOLERANCE = 1 / 32
/** A cosine of 0.995 is a hundredth of noise: the first guess at how many layers must go, whatever the loss is measured by. */
const USUAL_NOISE = 0.01
/** Most time for single layers, ms, and the share of what is left. */
const ERRORS_MS = 12_000
const ERRORS_SHARE = 1 / 3
/** This many layers are each asked alone. */
const FEW = 12
/** A group whose noise is this many times below what is usual hides no layer that must go. */
const QUIET = 4
/** Layers that are measured before their neighbours are. */
const SPREAD = 24

export async function restoreAccuracy(bench: AccuracyBench, of: ChosenLayers): Promise<RestoredLayers> {
  const { chosen } = of
  let recipe = of.first
  let whole = await bench.check({ recipe, layers: chosen.layers })
  if (whole.ok) return { layers: chosen, recipe, errors: new Map(), reason: null }
  if (whole.isBlind) return { layers: null, recipe, errors: new Map(), reason: whole.reason }
  const better = await quietest(bench, recipe, chosen)
  if (better !== null) {
    const check = await bench.check({ recipe: better, layers: chosen.layers })
    if (check.ok || signalOf(check) > signalOf(whole)) [recipe, whole] = [better, check]
    if (whole.ok) return { layers: chosen, recipe, errors: new Map(), reason: null }
  }
  const found = await layerErrors(bench, of, recipe)
  const { errors } = found
  const layers = await fallBack(bench, of, { recipe, whole, order: inOrderOfError(of.nodes, found) })
  const why = `layers that gain change the outputs too much: ${whole.reason}`
  const late = bench.leftMs() <= 0 ? '; the time to restore accuracy was over: a larger --budget has more' : ''
  return { layers, recipe, errors, reason: layers === null ? why + late : null }
}

const signalOf = ({ agreement }: OutputCheck): number => agreement?.sqnrDb ?? Number.NEGATIVE_INFINITY

/** The recipe with less noise than the first, and the least of all; null if there is none. */
async function quietest(bench: AccuracyBench, first: string, { layers }: Layers): Promise<string | null> {
  if (bench.leftMs() <= 0) return null
  const recipes = [first, ...(await bench.others()).filter((one) => one !== first)]
  if (recipes.length === 1) return null
  const candidates = recipes.map((recipe) => ({ recipe, layers }))
  const noises = await bench.noises(candidates, Math.max(0, bench.leftMs()) * ERRORS_SHARE)
  const [own = null] = noises
  let [found, least] = [null as string | null, own ?? Number.POSITIVE_INFINITY]
  noises.forEach((noise, k) => {
    if (noise !== null && noise < least) [found, least] = [recipes[k]!, noise]
  })
  return found
}

/** Noise over signal, by node. */
export interface LayerErrors {
  /** Errors with one layer alone quantized. */
  readonly errors: ReadonlyMap<string, number>
  /** A layer's part of what a quiet group adds. */
  readonly parts: ReadonlyMap<string, number>
}

/**
 * Of each layer alone, as far as time goes; what was measured before is not measured again. Where layers are many, groups of them are
 * asked first, and only layers of loud groups alone.
 */
async function layerErrors(bench: AccuracyBench, { chosen, nodes, errors }: ChosenLayers, recipe: string): Promise<LayerErrors> {
  const idOf = (node: string) => `${recipe} ${chosen.layers.get(node)} ${node}`
  const measure = async (sets: readonly (readonly string[])[], budgetMs: number): Promise<readonly (number | null)[]> => {
    if (sets.length === 0 || budgetMs <= 0) return []
    const layersOf = (set: readonly string[]) => new Map(set.map((node) => [node, chosen.layers.get(node)!]))
    return bench.noises(
      sets.map((set) => ({ recipe, layers: layersOf(set) })),
      budgetMs,
    )
  }
  const missing = nodes.map(({ node }) => node).filter((node) => !errors.has(idOf(node)))
  const budgetMs = Math.min(ERRORS_MS, bench.leftMs() * ERRORS_SHARE)
  const groups = missing.length > FEW ? inGroups(missing) : []
  const loudness = await measure(groups, budgetMs / 2)
  const seen = groups.map((group, k) => ({ group, noise: loudness[k] ?? Number.POSITIVE_INFINITY }))
  const quiet = seen.filter(({ noise }) => noise <= USUAL_NOISE / QUIET)
  const loud = seen.filter((one) => !quiet.includes(one)).sort((a, b) => Number(b.noise > a.noise) - Number(b.noise < a.noise))
  const isLate = groups.length > 0 && loudness.every((noise) => noise === null)
  const singles = isLate ? [] : groups.length > 0 ? loud.flatMap(({ group }) => group) : spreadOut(missing)
  const noises = await measure(
    singles.map((node) => [node]),
    groups.length > 0 ? budgetMs / 2 : budgetMs,
  )
  noises.forEach((noise, k) => {
    if (noise !== null) errors.set(idOf(singles[k]!), noise)
  })
  const known = nodes.flatMap(({ node }) => {
    const noise = errors.get(idOf(node))
    return noise === undefined ? [] : [[node, noise] as const]
  })
  const parts = quiet.flatMap(({ group, noise }) => group.map((node) => [node, noise / group.length] as const))
  return { errors: new Map(known), parts: new Map(parts) }
}

/** As many groups as each has layers, of neighbours. */
function inGroups(nodes: readonly string[]): readonly (readonly string[])[] {
  const size = Math.ceil(Math.sqrt(nodes.length))
  return Array.from({ length: Math.ceil(nodes.length / size) }, (_, k) => nodes.slice(k * size, (k + 1) * size))
}

/** So ordered that what is cut off is like what is measured. */
export function spreadOut<T>(nodes: readonly T[]): readonly T[] {
  const stride = Math.max(1, Math.ceil(nodes.length / SPREAD))
  return Array.from({ length: stride }, (_, first) => nodes.filter((_, k) => k % stride === first)).flat()
}

/** The layers left when the fewest have fallen back to float, by halving from a guess on: more in float is never worse. */
async function fallBack(
  bench: AccuracyBench,
  { choose }: ChosenLayers,
  { recipe, whole, order }: { readonly recipe: string; readonly whole: OutputCheck; readonly order: readonly Rated[] },
): Promise<Layers | null> {
  const known = new Map<string, boolean>()
  const without = (count: number) => choose(new Set(order.slice(0, count).map(({ node }) => node)))
  const holds = async ({ layers }: Layers): Promise<boolean> => {
    const id = [...layers.keys()].join()
    const ok = known.get(id) ?? (await bench.check({ recipe, layers })).ok
    known.set(id, ok)
    return ok
  }
  const seen = await noisesWithout(bench, recipe, without, order.length)
  const loud = seen.findLast(({ noise }) => noise > MOST_NOISE)
  let [bad, good, best] = [loud?.count ?? 0, order.length, null as Layers | null]
  const guess = guessOf(order, whole)
  let wanted = USUAL_NOISE
  for (let checks = 0; checks < MOST_CHECKS && good - bad > Math.max(1, order.length * TOLERANCE); checks++) {
    if (bench.leftMs() <= 0) break
    const middle = Math.floor((bad + good) / 2)
    const count = [countAt(wanted, seen) ?? guess, guess].find((one) => one > bad && one < good) ?? middle
    const layers = without(count)
    const ok = layers.layers.size === 0 || (await holds(layers))
    if (ok) [good, best] = [count, layers.layers.size === 0 ? best : layers]
    else bad = count
    wanted *= ok ? NOISE_STEP : 1 / NOISE_STEP
  }
  return best
}

/** How many are in float, and the noise of the rest. */
export interface SeenNoise {
  readonly count: number
  readonly noise: number
}

/** Noises on a few inputs: a few steps from the worst layer alone to almost all, close together where few layers go. */
async function noisesWithout(
  bench: AccuracyBench,
  recipe: string,
  without: (count: number) => Layers,
  most: number,
): Promise<readonly SeenNoise[]> {
  const budgetMs = Math.min(ERRORS_MS, bench.leftMs() * ERRORS_SHARE)
  const counts = stepsTo(most - 1)
  if (budgetMs <= 0 || counts.length < 3) return []
  const noises = await bench.noises(
    counts.map((count) => ({ recipe, layers: without(count).layers })),
    budgetMs,
  )
  return counts.flatMap((count, k) => {
    const noise = noises[k] ?? null
    return noise === null ? [] : [{ count, noise }]
  })
}

/** 1, 2, 3, 5, 8 …, each about half as many again, up to `most`. Exported for its test. */
export function stepsTo(most: number): readonly number[] {
  const steps: number[] = []
  for (let count = 1; count < most; count = Math.ceil(count * STEP)) steps.push(count)
  return most >= 1 ? [...steps, most] : steps
}

const STEP = 1.5
/** A cosine of 0.95: so much is not asked about. */
const MOST_NOISE = 0.1
/** The limit is not known as noise; it is found in such steps. */
const NOISE_STEP = 4

/** How many must go until so much noise is left, between the counts of which it is known; undefined if it is never so little. */
export function countAt(wanted: number, seen: readonly SeenNoise[]): number | undefined {
  const below = seen.findIndex(({ noise }) => noise <= wanted)
  if (below < 0) return undefined
  const [before, after] = [seen[below - 1], seen[below]!]
  if (before === undefined || !Number.isFinite(before.noise) || after.noise <= 0) return after.count
  // Noise falls by factors.
  const share = Math.log(before.noise / wanted) / Math.log(before.noise / after.noise)
  return Math.ceil(before.count + share * (after.count - before.count))
}

interface Rated {
  readonly node: string
  readonly noise: number
}

/**
 * Those whose noise alone is too much first, the loudest of them first, since no choice has them; then most error for the least time. A
 * layer that was not measured errs as those of its operator do in the middle.
 */
export function inOrderOfError(nodes: ChosenLayers['nodes'], { errors, parts }: LayerErrors): readonly Rated[] {
  const usual = (opType: string): number => {
    const found = nodes.flatMap((one) => (one.opType === opType ? (errors.get(one.node) ?? []) : []))
    return medianOrNull(found) ?? Number.POSITIVE_INFINITY
  }
  const rated = nodes.map(({ node, opType, gainMs }) => {
    const noise = errors.get(node) ?? parts.get(node) ?? usual(opType)
    return { node, noise, worth: noise / Math.max(gainMs, LEAST_GAIN_MS) }
  })
  // Infinity less itself is no order.
  const by = (key: 'noise' | 'worth') => (a: (typeof rated)[number], b: (typeof rated)[number]) =>
    Number(b[key] > a[key]) - Number(b[key] < a[key])
  const tooMuch = rated.filter(({ noise }) => noise > USUAL_NOISE).sort(by('noise'))
  return [...tooMuch, ...rated.filter((one) => !tooMuch.includes(one)).sort(by('worth'))]
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
