// The float model that a quantized model was made of, up to roundings of its weights: pairs of conversions go, constants become floats. Quantizers
// leave out a Relu or Clip that a conversion makes superfluous, since it saturates: where a zero point is the lowest value of its type, the
// cut is written out again.
import type { NodeProto, TensorProto } from 'onnx-buf'
import { clipBounds } from '../../engines/onnxruntime/int8/conditions.ts'
import { conversionOf, isDequantize, isQuantize, limitsOf, sameParameters } from '../../engines/onnxruntime/int8/conversion.ts'
import { floatTensor, node as makeNode } from '../../graph/build.ts'
import type { Model } from '../../graph/model.ts'
import type { NodeView } from '../../graph/types.ts'
import { int8KernelOf } from '../../operators/index.ts'
import { constantsInFloat } from './constants-in-float.ts'
import { inQdqForm } from './integer-operators.ts'
import { disjoint, type QuantizedGraph, quantizedGraph, withRepairs } from './quantized-graph.ts'

/** Before it, the bounds of a Clip are attributes. */
const CLIP_INPUTS_OPSET = 11

export interface FloatModel {
  readonly model: Model
  /** Pairs of conversions that went. */
  readonly pairs: number
}

/** Undefined where there is no pair to take out. */
export function floatModel(model: Model): FloatModel | undefined {
  const quantized = quantizedGraph(inQdqForm(model))
  if (quantized === undefined || quantized.matching.opset < CLIP_INPUTS_OPSET) return undefined
  const edits = quantized.at.graph.nodes.flatMap((node) => (isQuantize(node) ? (withoutPair(quantized, node) ?? []) : []))
  if (edits.length === 0) return undefined
  const plain = withRepairs(
    quantized,
    edits.map((edit) => ({ edit, nodes: [] })),
  )
  const rest = quantizedGraph(plain)!
  const constants = disjoint(constantsInFloat(rest, constantsOfFloatOperators(rest)))
  return { model: withRepairs(rest, constants), pairs: edits.length }
}

/** All but those of products whose activations are still quantized: they may fuse. */
function constantsOfFloatOperators({ at, matching, sourceOf }: QuantizedGraph): NodeView[] {
  const fuses = (reader: NodeView) => int8KernelOf(reader.opType) !== undefined && sourceOf(reader, 0) !== undefined
  return at.graph.nodes.filter((node) => {
    const [value] = node.outputs
    if (!isDequantize(node) || at.isGraphOutput(value) || matching.constant(node.inputs[0]) === undefined) return false
    const readers = at.readers(value)
    return readers.length > 0 && !readers.some((reader) => reader.inputs[0] !== value && fuses(reader))
  })
}

function withoutPair(quantized: QuantizedGraph, quantize: NodeView) {
  const { at, protoOf, fresh } = quantized
  const [value] = quantize.outputs
  const readers = at.readers(value)
  const from = conversionOf(quantize, at)
  const isPair = readers.length > 0 && readers.every((one) => isDequantize(one) && sameParameters(from, conversionOf(one, at)))
  if (!isPair || at.isGraphOutput(value)) return undefined
  const add: NodeProto[] = []
  const addInitializers: TensorProto[] = []
  const high = isCut(quantized, quantize) ? highestOf(quantized, quantize) : undefined
  let source = quantize.inputs[0]!
  if (high !== undefined) {
    const [cut, least, most] = [fresh(`${source}_cut`), fresh(`${source}_least`), fresh(`${source}_most`)]
    add.push(makeNode({ opType: 'Clip', name: `${cut}_Clip` }, [source, least, most], [cut]))
    addInitializers.push(floatTensor(least, [], [0]), floatTensor(most, [], [high]))
    source = cut
  }
  // An output of the model keeps its name.
  const outputs = readers.map((reader) => reader.outputs[0]!).filter(at.isGraphOutput)
  for (const output of outputs) add.push(makeNode({ opType: 'Identity', name: `${output}_Identity` }, [source], [output]))
  return {
    remove: new Set([quantize, ...readers].map(protoOf)),
    add,
    addInitializers,
    read: new Map(readers.map((reader) => [reader.outputs[0]!, source])),
  }
}

/** The largest number that the conversion tells from others. */
function highestOf({ at }: QuantizedGraph, quantize: NodeView): number | undefined {
  const { scale, zeroPoint, dtype } = conversionOf(quantize, at)
  const limits = limitsOf(dtype)
  return limits === undefined ? undefined : (limits[1] - zeroPoint![0]!) * scale![0]!
}

/** What is below zero becomes zero here, and nowhere before. */
function isCut({ at }: QuantizedGraph, quantize: NodeView): boolean {
  const startsAtZero = (node: NodeView) => {
    const { scale, zeroPoint, dtype } = conversionOf(node, at)
    return scale?.length === 1 && zeroPoint?.length === 1 && zeroPoint[0] === limitsOf(dtype)?.[0]
  }
  const known = new Map<string, boolean>()
  const isNonNegative = (value: string): boolean => {
    const before = known.get(value)
    if (before !== undefined) return before
    known.set(value, false)
    const made = at.producer(value)
    const is = made !== undefined && makesNonNegative(made)
    known.set(value, is)
    return is
  }
  const makesNonNegative = (node: NodeView): boolean => {
    const [first] = node.inputs
    if (['Relu', 'Sigmoid', 'Softmax'].includes(node.opType)) return true
    if (node.opType === 'Clip') return (clipBounds(node, at.graph.constants)?.[0] ?? -1) >= 0
    if (isQuantize(node)) return startsAtZero(node) || isNonNegative(first!)
    if (isDequantize(node)) return isNonNegative(first!)
    if (['Add', 'Mul', 'Concat'].includes(node.opType)) return node.inputs.every(isNonNegative)
    return (int8KernelOf(node.opType)?.kind === 'moves' || /AveragePool$/.test(node.opType)) && isNonNegative(first!)
  }
  return startsAtZero(quantize) && !isNonNegative(quantize.inputs[0]!)
}
