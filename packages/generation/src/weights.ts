// Which weights of a decoder are written so that a token is slower than it need be: what rules time, and what `lint` reads in the files.
import type { WeightFact } from './facts.ts'
import { INT8_LEVEL, inFloat32, sumOf, type WithRates } from './rule.ts'

/** Share of the bytes in float32 below which something else decides. */
const LEAST_SHARE = 0.5
/** Share of the body's elements that are quantized, from which on the head is what was left out. */
const QUANTIZED_SHARE = 0.5
/** Blocks up to this length have as many bytes of scales as half of their 4-bit weights. */
const SMALL_BLOCK = 16
const FLOATS = /^(float32|float16|bfloat16|F32|F16|BF16)$/

type Weights = readonly WeightFact[]

export const bytesOf = (weights: Weights): number => sumOf(weights, (one) => one.bytes)
export const largestOf = (weights: Weights): WeightFact => weights.reduce((a, b) => (b.bytes > a.bytes ? b : a))

/** Those in float32, if most of all bytes are, and of the body's: a head alone is another matter. Empty: they are not. */
export function mostlyFloat32(weights: Weights): Weights {
  const wide = weights.filter(({ dtype }) => /^(float32|F32)$/.test(dtype))
  const body = weights.filter(({ role }) => role === 'body')
  const isWide = [weights, body].every((of) => bytesOf(of.filter((one) => wide.includes(one))) >= LEAST_SHARE * bytesOf(of))
  return isWide ? wide : []
}

/** Quantized weights that are multiplied in float32. */
export const belowInt8Level = (weights: Weights): Weights =>
  weights.filter(({ operator, accuracyLevel }) => operator === 'MatMulNBits' && (accuracyLevel ?? 0) < INT8_LEVEL)

export const typesInFloat32 = (weights: Weights): readonly ('int4' | 'int8')[] =>
  (['int4', 'int8'] as const).filter((type) => belowInt8Level(weights).some(({ dtype }) => dtype === type))

/** How many times as fast the engine's own kernels multiply these weights in int8 as in float32, by their bytes; undefined: it was not timed. */
export function int8Gain({ kernelRates = {} }: WithRates, weights: Weights): number | undefined {
  const msAt = (name: (dtype: string) => string) => sumOf(weights, ({ dtype, bytes }) => bytes / (kernelRates[name(dtype)] ?? 0))
  const gain = msAt(inFloat32) / msAt((dtype) => dtype)
  return Number.isFinite(gain) ? gain : undefined
}

/** A head in floats, if most of the body is quantized. */
export function floatHead(weights: Weights): Weights {
  const body = weights.filter(({ role }) => role === 'body')
  const quantized = body.filter(({ dtype }) => !FLOATS.test(dtype))
  const elements = (of: Weights) => sumOf(of, (one) => one.elements)
  if (quantized.length === 0 || elements(quantized) < QUANTIZED_SHARE * elements(body)) return []
  return weights.filter(({ role, dtype }) => role === 'head' && FLOATS.test(dtype))
}

export const inSmallBlocks = (weights: Weights): Weights =>
  weights.filter(({ blockSize }) => blockSize !== null && blockSize <= SMALL_BLOCK)
