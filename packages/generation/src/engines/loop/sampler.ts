// The next token of logits: the largest, or one drawn by chance after temperature, top-k and top-p, in this order, as transformers does it.
import { mulberry32 } from '@whyslow/graph/random.ts'
import type { Sampling } from '../../generator.ts'

export type Sampler = (logits: Float32Array) => number

export function samplerOf(sampling: Sampling): Sampler {
  if (sampling.kind === 'greedy') return argmax
  const random = mulberry32(sampling.seed)
  return (logits) => draw(logits, sampling, random())
}

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

function draw(logits: Float32Array, { temperature, topK, topP }: Drawn, chance: number): number {
  if (temperature <= 0) return argmax(logits)
  const ids = candidates(logits, topK, topP !== null)
  const most = logits[ids[0]!]!
  const weights = Float64Array.from(ids, (id) => Math.exp((logits[id]! - most) / temperature))
  const kept = topP === null ? ids.length : nucleus(weights, topP)
  let total = 0
  for (let k = 0; k < kept; k++) total += weights[k]!
  let left = chance * total
  for (let k = 0; k < kept; k++) {
    left -= weights[k]!
    if (left < 0) return ids[k]!
  }
  return ids[kept - 1]!
}

/** The `topK` best, best first; all of them, sorted only if asked, with the best in front. */
function candidates(logits: Float32Array, topK: number | null, sorted: boolean): Int32Array {
  const count = topK === null ? logits.length : Math.min(topK, logits.length)
  if (count < logits.length) return bestOf(logits, count)
  const ids = Int32Array.from({ length: count }, (_, id) => id)
  if (sorted) return ids.sort((a, b) => logits[b]! - logits[a]! || a - b)
  const best = argmax(logits)
  ;[ids[0], ids[best]] = [best, 0]
  return ids
}

/** One pass with a list of the best so far, whose last is the one to beat. */
function bestOf(logits: Float32Array, count: number): Int32Array {
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

/** The fewest of the first that together have the share `topP`. */
function nucleus(weights: Float64Array, topP: number): number {
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  let sum = 0
  for (let k = 0; k < weights.length; k++) {
    sum += weights[k]!
    if (sum >= topP * total) return k + 1
  }
  return weights.length
}
