// The next token of logits: the largest, or one drawn by chance after penalties, temperature, top-k, top-p and min-p, in this order, as transformers does it.
import { mulberry32 } from '@whyslow/graph/random.ts'
import type { Sampling } from '../../generator.ts'
import { penalizer, penaltiesOf } from './penalties.ts'

/** Logits are its own from then on: penalties change them. */
export type Sampler = (logits: Float32Array) => number

/** A sampler of one answer to `prompt`. */
export function samplerOf(sampling: Sampling, prompt: readonly number[] = []): Sampler {
  if (sampling.kind === 'greedy') return argmax
  const random = mulberry32(sampling.seed)
  const penalties = penaltiesOf(sampling)
  if (penalties === null) return (logits) => draw(logits, sampling, random())
  const seen = penalizer(penalties, prompt)
  return (logits) => {
    seen.apply(logits)
    const id = draw(logits, sampling, random())
    seen.add(id)
    return id
  }
}

/** Whether a token is the most probable one, whatever came before it. */
export const isGreedy = (sampling: Sampling): boolean =>
  sampling.kind === 'greedy' ||
  (sampling.temperature <= 0 && penaltiesOf(sampling) === null && sampling.constraints === undefined)

/** The lowest id of equals; NaN is never the largest. */
export function argmax(logits: Float32Array): number {
  let best = 0
  let most = Number.NEGATIVE_INFINITY
  for (let id = 0; id < logits.length; id++) {
    if (logits[id]! > most) {
      most = logits[id]!
      best = id
    }
  }
  return best
}

type Drawn = Extract<Sampling, { readonly kind: 'sample' }>

function draw(logits: Float32Array, { temperature, topK, topP, minP = null }: Drawn, chance: number): number {
  if (temperature <= 0) return argmax(logits)
  const best = argmax(logits)
  if (!Number.isFinite(logits[best]!)) return best
  // A nucleus of everything leaves nothing out.
  const share = topP !== null && topP < 1 ? topP : null
  // The best one's weight is 1.
  const least = minP ?? 0
  if (topK !== null && topK < logits.length) {
    const ids = bestOf(logits, topK)
    const weights = weightsOf(logits, ids, { best, temperature })
    return drawSorted(ids, weights, { share, least, chance, total: sumOf(weights) })
  }
  const weights = allWeights(logits, { best, temperature })
  if (least > 0) {
    const ids = sortedFrom(logits, weights, least)
    const own = weightsOf(logits, ids, { best, temperature })
    return drawSorted(ids, own, { share, least, chance, total: sumOf(weights) })
  }
  if (share !== null) return drawNucleus(logits, weights, { best, share, chance })
  let left = chance * sumOf(weights)
  for (let id = 0; id < weights.length; id++) {
    left -= weights[id]!
    if (left < 0) return id
  }
  return best
}

interface Heat {
  readonly best: number
  readonly temperature: number
}

function allWeights(logits: Float32Array, { best, temperature }: Heat): Float64Array {
  const most = logits[best]!
  const weights = new Float64Array(logits.length)
  for (let id = 0; id < logits.length; id++) weights[id] = weightOf(logits[id]!, most, temperature)
  return weights
}

const weightsOf = (logits: Float32Array, ids: Int32Array, { best, temperature }: Heat): Float64Array =>
  Float64Array.from(ids, (id) => weightOf(logits[id]!, logits[best]!, temperature))

/** NaN is never drawn. */
const weightOf = (logit: number, most: number, temperature: number): number => Math.exp((logit - most) / temperature) || 0

function sumOf(weights: Float64Array): number {
  let sum = 0
  for (let k = 0; k < weights.length; k++) sum += weights[k]!
  return sum
}

interface Cut {
  /** The nucleus is the fewest of the first that together have this share of `total`; null: all. */
  readonly share: number | null
  /** Those of less weight are left out. */
  readonly least: number
  readonly total: number
  readonly chance: number
}

/** One of `ids`, best first. */
function drawSorted(ids: Int32Array, weights: Float64Array, { share, least, total, chance }: Cut): number {
  const whole = share === null ? { count: ids.length, sum: sumOf(weights) } : nucleus(weights, share * total)
  const kept = withoutLess(whole, weights, least)
  let left = chance * kept.sum
  for (let k = 0; k < kept.count; k++) {
    left -= weights[k]!
    if (left < 0) return ids[k]!
  }
  return ids[kept.count - 1]!
}

function withoutLess({ count, sum }: Nucleus, weights: Float64Array, least: number): Nucleus {
  while (count > 1 && weights[count - 1]! < least) sum -= weights[--count]!
  return { count, sum }
}

interface Nucleus {
  readonly count: number
  readonly sum: number
}

/** Ids of that weight and more, best first. */
function sortedFrom(logits: Float32Array, weights: Float64Array, least: number): Int32Array {
  const ids: number[] = []
  for (let id = 0; id < weights.length; id++) if (weights[id]! >= least) ids.push(id)
  return Int32Array.from(ids).sort((a, b) => logits[b]! - logits[a]! || a - b)
}

/** How many of the first weights reach `wanted`, from `sum` on, and what they reach. */
function nucleus(weights: Float64Array, wanted: number, sum = 0): Nucleus {
  for (let k = 0; k < weights.length; k++) {
    sum += weights[k]!
    if (sum >= wanted) return { count: k + 1, sum }
  }
  return { count: weights.length, sum }
}

/** Bins by logit: few ids are in the one that is sorted. */
const BINS = 4096

/**
 * The same as `drawSorted` of all ids, best first, without sorting them: bins of logits, best first, are added up, and only the bin in which the
 * nucleus ends and the one that is drawn from are sorted.
 */
function drawNucleus(
  logits: Float32Array,
  weights: Float64Array,
  { best, share, chance }: { readonly best: number; readonly share: number; readonly chance: number },
): number {
  const binOf = binsOf(logits, weights, best)
  const sums = new Float64Array(BINS)
  for (let id = 0; id < weights.length; id++) if (weights[id]! > 0) sums[binOf(id)]! += weights[id]!
  const wanted = share * sumOf(sums)
  let [end, before] = [0, 0]
  while (end < BINS - 1 && before + sums[end]! < wanted) before += sums[end++]!
  const last = sortedIn(end)
  const kept = nucleus(last.weights, wanted, before)
  let left = chance * kept.sum
  let bin = 0
  while (bin < end && left >= sums[bin]!) left -= sums[bin++]!
  const { ids, weights: drawn } = bin === end ? last : sortedIn(bin)
  const count = bin === end ? kept.count : ids.length
  for (let k = 0; k < count; k++) {
    left -= drawn[k]!
    if (left < 0) return ids[k]!
  }
  return ids[count - 1] ?? best

  function sortedIn(bin: number): { readonly ids: Int32Array; readonly weights: Float64Array } {
    const within: number[] = []
    for (let id = 0; id < weights.length; id++) if (weights[id]! > 0 && binOf(id) === bin) within.push(id)
    const ids = Int32Array.from(within).sort((a, b) => logits[b]! - logits[a]! || a - b)
    return { ids, weights: Float64Array.from(ids, (id) => weights[id]!) }
  }
}

/** The bin of an id whose weight is not 0: equally wide between the best logit and the least. */
function binsOf(logits: Float32Array, weights: Float64Array, best: number): (id: number) => number {
  const most = logits[best]!
  let least = most
  for (let id = 0; id < logits.length; id++) if (weights[id]! > 0 && logits[id]! < least) least = logits[id]!
  const perLogit = least === most ? 0 : (BINS - 1) / (most - least)
  return (id) => Math.floor((most - logits[id]!) * perLogit)
}

/** Beyond this many, sorting all takes less than keeping a list of the best. */
const MOST_LISTED = 256

/** The `count` best, best first: one pass with a list of the best so far, whose last is the one to beat. */
function bestOf(logits: Float32Array, count: number): Int32Array {
  if (count > MOST_LISTED) return allSorted(logits).subarray(0, count)
  const best = new Int32Array(count)
  let held = 0
  for (let id = 0; id < logits.length; id++) {
    const value = logits[id]!
    if (held === count && !(value > logits[best[count - 1]!]!)) continue
    let at = held < count ? held++ : count - 1
    while (at > 0 && value > logits[best[at - 1]!]!) {
      best[at] = best[at - 1]!
      at--
    }
    best[at] = id
  }
  return best
}

function allSorted(logits: Float32Array): Int32Array {
  const ids = new Int32Array(logits.length)
  for (let id = 0; id < ids.length; id++) ids[id] = id
  return ids.sort((a, b) => logits[b]! - logits[a]! || a - b)
}
