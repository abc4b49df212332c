// Which weights of a decoder are written so that a token is slower than it need be: what rules time, and what `lint` reads in the files.
import type { WeightFact } from './facts.ts'
import { INT8_LEVEL, sumOf } from './rule.ts'

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
