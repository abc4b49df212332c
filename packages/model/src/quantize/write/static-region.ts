// Which nodes are quantized together, and how each of their values stands between them: what static.ts writes follows from it.
// Ranges: https://github.com/microsoft/onnxruntime/blob/main/onnxruntime/python/tools/quantization/qdq_quantizer.py

import { isOperator } from '@whyslow/graph/rewrite/match.ts'
import type { NodeProto } from 'onnx-buf'
import type { Range } from './choice.ts'
import { affineOf, type QuantizationParameters, quantRange, typeRange } from './numbers.ts'
import { productOf } from './product.ts'
import { activationBehind, floatConstant, type QuantizeRewrite } from './rewriting.ts'
import type { StaticOperator } from './static-operators.ts'

/** Softmax gives nothing else, whatever was observed. */
const SOFTMAX_RANGE: Range = { low: 0, high: 1 }

/** The nodes that are quantized together, and how each of their values is. */
export interface Region {
  readonly rewriting: QuantizeRewrite
  /** The operator that gives each value, keyed by value. */
  readonly makers: ReadonlyMap<string, StaticOperator>
  /** True where the node reads the value as int8. */
  reads(node: NodeProto, value: string): boolean
  /** Scale and zero point of a value; undefined if no range of it was observed. */
  affine(value: string): QuantizationParameters | undefined
  /** The value whose scale and zero point it has. */
  root(value: string): string
}

/** The region of the nodes that may be quantized; what follows for values is computed one by one. */
export function regionOf(rewriting: QuantizeRewrite, operators: ReadonlyMap<NodeProto, StaticOperator>): Region {
  const { options, ranges } = rewriting.choice
  const makers = new Map(
    [...operators.values()].flatMap((operator) => operator.results.map((value) => [value, operator] as const)),
  )
  const root = (value: string): string => {
    let at = value
    for (let maker = makers.get(at); maker?.kind === 'data-movement'; maker = makers.get(at)) at = maker.node.input[0]!
    return at
  }
  const region: Region = {
    rewriting,
    makers,
    reads: (node, value) => operators.get(node)?.operands.some((index) => node.input[index] === value) ?? false,
    root,
    affine: (value) => {
      const at = root(value)
      const rescaling = makers.get(at)
      if (rescaling?.kind === 'rescaling') {
        const own = region.affine(rescaling.node.input[rescaling.operands[0]!]!)
        const scale = Math.fround((own?.scale ?? 0) * rescaling.factor)
        return own && scale >= 2 ** -126 && Number.isFinite(scale) ? { scale, zeroPoint: own.zeroPoint } : undefined
      }
      const range = isOperator(makers.get(at)?.node, 'Softmax') ? SOFTMAX_RANGE : ranges.get(at)
      if (range === undefined || !Number.isFinite(range.low) || !Number.isFinite(range.high)) return undefined
      const symmetric = options.activationsSymmetric
      return affineOf(range.low, range.high, quantRange(options.activations, { symmetric, reduced: false }), symmetric)
    },
  }
  return region
}

/** Why the operator cannot be quantized; undefined if it can. */
export function whyNotIn(region: Region, operator: StaticOperator): string | undefined {
  const { matching } = region.rewriting
  for (const index of operator.operands) {
    const name = operator.node.input[index]!
    const constant = matching.constant(name)
    if (constant !== undefined && constant.dtype !== 'float32') return `it reads a constant of ${constant.dtype}`
    if (constant === undefined && region.affine(name) === undefined) return `no range of '${name}' was observed`
  }
  if (!needsQuantizing(region, operator)) return undefined
  const clips = isOperator(operator.node, 'HardSigmoid') ? region.affine(operator.results[0]!) : undefined
  if (clips !== undefined && clips.zeroPoint !== typeRange(region.rewriting.choice.options.activations).min) {
    return 'symmetric activations do not end where it cuts'
  }
  const missing = operator.results.find((value) => region.affine(value) === undefined)
  return missing === undefined ? undefined : `no range of '${missing}' was observed`
}

/**
 * True where the operator has no int8 kernel that gives floats. A product has, but with Relu or Clip behind the engine makes one float
 * operator of both before it looks for int8 (FusedGemm, 1.30).
 */
function needsQuantizing(region: Region, operator: StaticOperator): boolean {
  if (givesFloats(region)) return false
  return operator.kind !== 'product' || (operator.activation !== undefined && !addsApart(region, operator))
}

/** True where operators are to give floats, whatever reads them. */
export const givesFloats = ({ rewriting }: Region): boolean => rewriting.choice.options.results === 'float'

/** True where the value comes out of its operator as int8: somebody reads it so, or the operator gives nothing else. */
export function isGivenQuantized(region: Region, value: string): boolean {
  const operator = region.makers.get(value)
  if (operator === undefined || givesFloats(region)) return false
  if (operator.activation !== undefined && !isFolded(region, operator)) return false
  if (needsQuantizing(region, operator)) return true
  if (addsApart(region, operator)) return false
  return region.affine(value) !== undefined && region.rewriting.matching.readers(value).some((node) => region.reads(node, value))
}

/** The range of the result ends where Relu or Clip cuts, so that the clipping of QuantizeLinear does what they do. */
function isFolded(region: Region, { activation, results }: StaticOperator): boolean {
  const affine = region.affine(results[0]!)
  if (activation === undefined || affine === undefined) return false
  const { scale, zeroPoint } = affine
  const { min, max } = typeRange(region.rewriting.choice.options.activations)
  if (isOperator(activation, 'Relu')) return zeroPoint === min
  const { scalar } = region.rewriting.matching
  const [low, high] = [activation.input[1] ?? '', activation.input[2] ?? '']
  const bounds = [low === '' ? Number.NEGATIVE_INFINITY : scalar(low), high === '' ? Number.POSITIVE_INFINITY : scalar(high)]
  if (bounds[0] === undefined || bounds[1] === undefined) return false
  return Math.round(bounds[0] / scale) + zeroPoint <= min && Math.round(bounds[1] / scale) + zeroPoint >= max
}

/** A MatMul of more than two dimensions adds its bias in float: no pattern that ends in int8 takes both. */
export function addsApart({ rewriting }: Region, { product, node }: StaticOperator): boolean {
  return product?.bias !== undefined && isOperator(node, 'MatMul') && rewriting.typeOf(product.x).shape?.length !== 2
}

/**
 * True for a float operator between int8 neighbours that onnxruntime would quantize by itself, with one scale for all its weights:
 * Conv, ConvTranspose, Gemm, and the Gemm that it makes of MatMul and Add (1.30). It asks for one scalar scale before the operator.
 * https://github.com/microsoft/onnxruntime/blob/main/onnxruntime/core/optimizer/qdq_transformer/weight_bias_quantization.cc
 */
export function isTakenForInt8(region: Region, node: NodeProto, value: string): boolean {
  const { matching, choice } = region.rewriting
  const asked = choice.layers.get(node.output[0] ?? '') ?? 'float32'
  if (asked !== 'float32' && asked !== 'static') return false
  if (!isOperator(node, 'Conv', 'ConvTranspose', 'Gemm', 'MatMul') || node.input[0] !== value) return false
  if (floatConstant(matching, node.input[1]) === undefined) return false
  const product = productOf(matching, node)
  let last = typeof product === 'string' ? node : product.last
  for (let next = activationBehind(matching, last); next !== undefined; next = activationBehind(matching, last)) last = next
  const result = last.output[0]!
  const readers = matching.readers(result)
  return !matching.isOutput(result) && readers.length > 0 && readers.every((reader) => region.reads(reader, result))
}
