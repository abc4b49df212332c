// The float model that a quantized model was made of, up to roundings of its weights: pairs of conversions go, constants become floats, and
// so do products of values that are quantized by their own range. Quantizers leave out a Relu or Clip that a conversion makes superfluous,
// since it saturates: where a zero point is the lowest value of its type, the cut is written out again.

import { floatTensor, node as makeNode, valueInfo } from '@whyslow/graph/build.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import { editGraph, withGraph } from '@whyslow/graph/edit.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { int8KernelOf } from '@whyslow/graph/operators/index.ts'
import type { NodeView } from '@whyslow/graph/types.ts'
import { declaration } from '@whyslow/graph/view.ts'
import { clipBounds } from '@whyslow/measure/engines/onnxruntime/int8/conditions.ts'
import {
  conversionOf,
  isDequantize,
  isQuantize,
  limitsOf,
  sameParameters,
} from '@whyslow/measure/engines/onnxruntime/int8/conversion.ts'
import type { NodeProto, TensorProto, ValueInfoProto } from 'onnx-buf'
import { constantsInFloat } from './constants-in-float.ts'
import { withFloatProducts } from './dynamic-products.ts'
import { inQdqForm } from './integer-operators.ts'
import { conversionNode, type QuantizedGraph, quantizedGraph, selectDisjoint, withRepairs } from './quantized-graph.ts'

/** Before it, the bounds of a Clip are attributes. */
const CLIP_INPUTS_OPSET = 11

export interface FloatModel {
  readonly model: Model
  /** Pairs of conversions that went. */
  readonly pairs: number
  /** Dynamic products, and operators with weights of few bits, that are in float now. */
  readonly products: number
}

/** Undefined if there is nothing to bring back, and if that would not fit into one file. */
export function floatModel(model: Model): FloatModel | undefined {
  const { model: without, layers, stay } = withFloatProducts(model)
  if (stay > 0) return undefined
  const { model: plain, pairs } = withoutPairs(inQdqForm(without)) ?? { model: without, pairs: 0 }
  return pairs + layers.length === 0 ? undefined : { model: plain, pairs, products: layers.length }
}

/**
 * The part of a model in float, with what it takes and gives in 8 bits as floats; undefined if that is nothing. What quantizes its input by
 * its own range, or has weights of few bits alone, takes and gives floats as it is.
 */
export function floatPart(part: Model): Model | undefined {
  const dynamic = withFloatProducts(part)
  if (dynamic.layers.length > 0) return dynamic.model
  const open = withFloatEnds(inQdqForm(part))
  return open && withoutPairs(open)?.model
}

/** Whether a cut can be written out in it. */
export const floatOpset = ({ matching }: QuantizedGraph): boolean => matching.opset >= CLIP_INPUTS_OPSET

/** Removes the pairs of conversions from a model in QDQ form. */
function withoutPairs(model: Model): Pick<FloatModel, 'model' | 'pairs'> | undefined {
  const quantized = quantizedGraph(model)
  if (quantized === undefined || !floatOpset(quantized)) return undefined
  const edits = quantized.at.graph.nodes.flatMap((node) => (isQuantize(node) ? (withoutPair(quantized, node) ?? []) : []))
  const plain = withRepairs(
    quantized,
    edits.map((edit) => ({ edit })),
  )
  const rest = quantizedGraph(plain)!
  const constants = selectDisjoint(constantsInFloat(rest, constantsOfFloatOperators(rest)))
  return { model: withRepairs(rest, constants), pairs: edits.length }
}

/** What dequantizes an input goes; what is quantized into an output is dequantized again, so that it is a pair. */
function withFloatEnds(part: Model): Model | undefined {
  const quantized = quantizedGraph(part)
  if (quantized === undefined) return undefined
  const { at, graph, protoOf, fresh } = quantized
  const inputs = new Set(graph.input.map(({ name }) => name))
  const first = at.graph.nodes.filter((node) => isDequantize(node) && inputs.has(node.inputs[0]!))
  const last = at.graph.nodes.filter((node) => isQuantize(node) && at.isGraphOutput(node.outputs[0]))
  const opened = new Set(first.map(({ inputs: [value] }) => value!))
  const isRead = [...opened].some((value) => at.readers(value).some((reader) => !first.includes(reader)))
  if (first.length + last.length === 0 || isRead || first.some(({ outputs }) => at.isGraphOutput(outputs[0]))) return undefined
  const real = new Map(last.map(({ outputs: [value] }) => [value!, fresh(`${value}_real`)]))
  const asFloat = (one: ValueInfoProto, name: string) => valueInfo(name, 'float32', declaration(one).shape ?? undefined)
  const given = copyWith(graph, {
    input: graph.input.map((one) => (opened.has(one.name) ? asFloat(one, one.name) : one)),
    output: graph.output.map((one) => (real.has(one.name) ? asFloat(one, real.get(one.name)!) : one)),
  })
  const edited = editGraph(given, {
    remove: new Set(first.map(protoOf)),
    add: last.map((node) =>
      conversionNode('DequantizeLinear', [node.outputs[0]!, ...node.inputs.slice(1)], real.get(node.outputs[0]!)!),
    ),
    read: new Map(first.map((node) => [node.outputs[0]!, node.inputs[0]!])),
  })
  return withGraph(part, edited)
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

/** The edit by which the QuantizeLinear and what dequantizes its result go; undefined if they are no pair. */
export function withoutPair(quantized: QuantizedGraph, quantize: NodeView) {
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
