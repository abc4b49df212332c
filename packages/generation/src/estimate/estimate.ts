// What would change a token's time, before anything is tried: other types of weights from the floor, several sequences together and speculation
// from the curve of several tokens. Formulas: docs/method.md, "Text generation". Estimates are never shown as measured.

import { percent, significant, time } from '@whyslow/measure/statistics/numbers.ts'
import type {
  DepthLine,
  GenerationEstimate,
  GenerationFloor,
  GenerationModel,
  PartsOf,
  SeveralTokens,
} from '@whyslow/report/documents/generation.ts'
import type { WeightFact } from '../facts.ts'
import { INT4_BYTES, INT8_BYTES, INT8_LEVEL, sumOf } from '../rule.ts'
import { bytesOf } from '../weights.ts'
import { type Lookup, tokensPerRound } from './lookup.ts'

/** Bytes that an element of weights takes, scales included. */
export const DTYPE_BYTES: Readonly<Record<string, number>> = {
  ...{ float32: 4, float16: 2, bfloat16: 2, F32: 4, F16: 2, BF16: 2 },
  ...{ int8: INT8_BYTES, uint8: INT8_BYTES, int4: INT4_BYTES, uint4: INT4_BYTES },
  ...{ Q4_0: 0.5625, Q4_1: 0.625, Q5_0: 0.6875, Q5_1: 0.75, Q8_0: 1.0625 },
  ...{ Q2_K: 0.328, Q3_K: 0.43, Q4_K: 0.5625, Q5_K: 0.6875, Q6_K: 0.82 },
}

const TRIED = ['float32', 'int8', 'int4'] as const
const DEPTHS = [0, 512, 2048]

export interface EstimateFacts {
  readonly model: Pick<GenerationModel, 'dtype' | 'bytesPerToken' | 'context'>
  /** The matrices that each token is multiplied by, as far as they are known one by one. */
  readonly weights?: readonly WeightFact[]
  readonly timePerTokenMs: number | null
  readonly depth: number
  readonly floor: GenerationFloor | null
  readonly line: DepthLine | null
  readonly several: SeveralTokens | null
  readonly tokenParts: PartsOf | null
  /**
   * Bytes a second at which this engine's own kernels read weights of a type, measured; absent: as fast as those of now.
   */
  readonly kernelRates?: Readonly<Record<string, number>>
  /** What looking up the prompt would have guessed in the user's own texts; null: prompts were made up, or the engine gives no ids. */
  readonly lookup: Lookup | null
}

export function estimates(known: EstimateFacts): GenerationEstimate[] {
  return [...ofTypes(known), ...ofBatches(known), ...ofSpeculation(known)]
}

/** Elements of the weights that a token reads; undefined: not known. Weights that are not known one by one are taken to be as wide as the others. */
export function elementsRead({
  model: { dtype, bytesPerToken },
  weights = [],
}: Pick<EstimateFacts, 'weights'> & {
  readonly model: Pick<GenerationModel, 'dtype' | 'bytesPerToken'>
}): number | undefined {
  const elements = sumOf(weights, (one) => one.elements)
  const each = elements > 0 ? bytesOf(weights) / elements : DTYPE_BYTES[dtype ?? '']
  return each === undefined || bytesPerToken === null ? undefined : bytesPerToken / each
}

/** Share of the bytes from which on a type is that of the weights. */
const ONE_TYPE = 0.95

function isTypeNow(dtype: string, { model, weights = [] }: Pick<EstimateFacts, 'model' | 'weights'>): boolean {
  if (weights.length === 0) return dtype === model.dtype
  return bytesOf(weights.filter((one) => one.dtype === dtype)) >= ONE_TYPE * bytesOf(weights)
}

function ofTypes(known: EstimateFacts): GenerationEstimate[] {
  const { model, timePerTokenMs, depth, floor, line, tokenParts, kernelRates = {} } = known
  const elements = elementsRead(known)
  if (elements === undefined || floor === null || timePerTokenMs === null) return []
  // Profiled operators may take longer than in the measured token: what is too much is the products', since nearly all of it is.
  const excessMs = Math.min(0, partsMs(tokenParts, ['unexplained']))
  const products = partsMs(tokenParts, ['weights', 'matmul', 'head']) + excessMs
  // A floor that was measured in a slow moment may be above them.
  const nowMs = tokenParts === null ? floor.weightsMs : Math.max(products, hiddenProductsMs(known))
  // No context makes a token faster: a line that falls is noise.
  const slope = Math.max(0, line?.slopeMsPerThousand ?? 0) / 1000
  const depths = line === null ? [Math.round(depth)] : DEPTHS.filter((one) => one <= (model.context ?? Number.POSITIVE_INFINITY))
  return TRIED.flatMap((dtype) => {
    const isNow = isTypeNow(dtype, known)
    if (!isNow && kernelRates[dtype] === undefined && isComputeHidden(known)) return []
    return depths.map((at) => {
      const here = line === null ? timePerTokenMs : timePerTokenMs + slope * (at - depth)
      const rate = kernelRates[dtype]
      const size = elements * DTYPE_BYTES[dtype]!
      const thenMs = isNow ? nowMs : rate === undefined ? (nowMs * size) / model.bytesPerToken! : (1000 * size) / rate
      const how = rate === undefined ? 'if they read as fast as now' : "at the rate of the engine's own kernels"
      return {
        what: `weights in ${dtype}`,
        depth: at,
        timePerTokenMs: Math.max(thenMs, here - nowMs + thenMs),
        why: isNow
          ? 'the type of the weights now, by the line over depth'
          : `products with weights take ${time(thenMs)} ${how} instead of ${time(nowMs)}`,
      }
    })
  })
}

/**
 * What products take within an engine that shows no operators: its weights at the rate of its own kernels, and no more than its whole call. 0: it shows
 * them, or a rate is not known.
 */
function hiddenProductsMs({ weights = [], tokenParts, kernelRates = {} }: EstimateFacts): number {
  if (!isWhole(tokenParts)) return 0
  // Kernels of 4 and of 8 bits are timed at that level.
  const rateOf = ({ dtype, accuracyLevel }: WeightFact) =>
    dtype === 'float32' || accuracyLevel === INT8_LEVEL ? kernelRates[dtype] : undefined
  if (weights.some((one) => rateOf(one) === undefined)) return 0
  const ms = sumOf(weights, (one) => (1000 * one.bytes) / rateOf(one)!)
  return Math.min(ms, partsMs(tokenParts, ['weights', 'engine']))
}

const isWhole = (tokenParts: PartsOf | null): boolean => tokenParts?.parts.some(({ id }) => id === 'engine') === true

/** Share of a token from which on reading the weights is what bounds it. */
const READS = 0.5

/** The engine shows no operators, and takes much longer than reading the weights: what it would compute with another type nobody knows. */
export function isComputeHidden({
  floor,
  timePerTokenMs,
  tokenParts,
}: Pick<EstimateFacts, 'floor' | 'timePerTokenMs' | 'tokenParts'>): boolean {
  return isWhole(tokenParts) && floor !== null && timePerTokenMs !== null && floor.weightsMs < READS * timePerTokenMs
}

const partsMs = (of: PartsOf | null, ids: readonly string[]): number =>
  (of?.parts ?? []).filter(({ id }) => ids.includes(id)).reduce((sum, { ms }) => sum + ms, 0)

function ofBatches({ several, timePerTokenMs, depth }: EstimateFacts): GenerationEstimate[] {
  if (several === null || timePerTokenMs === null) return []
  return several.points
    .filter(({ tokens }) => tokens > 1)
    .map(({ tokens, ratio }) => ({
      what: `${tokens} sequences together`,
      depth: Math.round(depth),
      timePerTokenMs: (timePerTokenMs * ratio) / tokens,
      why: `one call with ${tokens} tokens takes ${significant(ratio)} times as long as with one; each sequence has a cache of its own to read, which is not in it`,
    }))
}

function ofSpeculation({ several, timePerTokenMs, depth, lookup }: EstimateFacts): GenerationEstimate[] {
  if (several === null || timePerTokenMs === null || lookup === null) return []
  const tried = several.points
    .filter(({ tokens }) => tokens > 1)
    .map(({ tokens, ratio }) => {
      const accepted = tokensPerRound(lookup, tokens - 1)
      return { drafts: tokens - 1, accepted, ms: (timePerTokenMs * ratio) / accepted }
    })
  const [best] = tried.sort((a, b) => a.ms - b.ms)
  if (best === undefined) return []
  const gain = timePerTokenMs / best.ms
  return [
    {
      what: `prompt lookup of ${best.drafts} ${best.drafts === 1 ? 'token' : 'tokens'}`,
      depth: Math.round(depth),
      timePerTokenMs: best.ms,
      why: `on your own texts a call would give ${significant(best.accepted)} tokens on average (${percent(lookup.acceptance)} of the guesses were right)${gain < 1.05 ? '; not worth it' : ''}`,
    },
  ]
}
