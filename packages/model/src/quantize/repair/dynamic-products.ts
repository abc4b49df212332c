// Products of values that are quantized by their own range at every prediction: DynamicQuantizeLinear - MatMulInteger or ConvInteger - Cast -
// Mul and QAttention, as Python's quantize_dynamic writes them, and the operators that the engine makes of them, where a file holds these.
// Their weights are constants, so that the product of floats is known: what is multiplied with them was float before.
// https://onnx.ai/onnx/operators/onnx__ConvInteger.html , onnx__MatMulInteger.html ;
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.DynamicQuantizeMatMul, #com.microsoft.MatMulIntegerToFloat,
// #com.microsoft.QAttention

import { node as makeNode } from '@whyslow/graph/build.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import { dataTypeOf } from '@whyslow/graph/dtype.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { trimInputs } from '@whyslow/graph/rewrite/match.ts'
import type { NodeView } from '@whyslow/graph/types.ts'
import type { NodeProto } from 'onnx-buf'
import { dequantizeModel, type FloatTwin, type StoredWeights, storedWeights, writeTwins } from './float-twin.ts'
import { LOW_BIT_OPERATORS, lowBitTwins } from './low-bit-operators.ts'
import { type QuantizedGraph, quantizedGraph, withRepairs } from './quantized-graph.ts'

export interface DynamicProduct {
  readonly product: NodeView
  /** Quantizes what is multiplied, for other products too; undefined if the product does so itself. */
  readonly quantize: NodeView | undefined
  /** The product and what scales its sums: nobody else reads what flows between them. */
  readonly nodes: readonly NodeView[]
  /** What makes one scale of the two, for other products too; undefined if they are taken one by one. */
  readonly scales: NodeView | undefined
  /** The float value that is multiplied. */
  readonly value: string
  readonly output: string
  readonly weights: string
  readonly scale: string
  readonly zeroPoint: string | undefined
  /** Added by the product itself. */
  readonly bias: string | undefined
}

/** Those of which the float weights are known. */
export function dynamicProducts(quantized: QuantizedGraph): readonly DynamicProduct[] {
  return quantized.at.graph.nodes.flatMap((node) => {
    const found = inIntegers(quantized, node) ?? asOne(node) ?? quantizedBefore(quantized, node)
    return found !== undefined && layoutOf(quantized, found) !== undefined ? [found] : []
  })
}

/** MatMulInteger or ConvInteger - Cast - Mul. */
function inIntegers(quantized: QuantizedGraph, product: NodeView): DynamicProduct | undefined {
  const { at } = quantized
  if (product.opType !== 'MatMulInteger' && product.opType !== 'ConvInteger') return undefined
  const [value, weights, valueZero, zeroPoint] = product.inputs
  const quantize = at.producer(value)
  const cast = at.onlyReader(product)
  if (quantize?.opType !== 'DynamicQuantizeLinear' || quantize.outputs[2] !== valueZero) return undefined
  if (cast?.opType !== 'Cast' || cast.attributes.to !== dataTypeOf('float32')) return undefined
  const scaling = scalesBehind(quantized, cast, quantize.outputs[1]!)
  if (scaling === undefined) return undefined
  const { scale, scales, output } = scaling
  const nodes = [product, cast, ...scaling.nodes]
  return {
    ...{ product, quantize, nodes, scales, output, scale, bias: undefined },
    ...{ value: quantize.inputs[0]!, weights: weights!, zeroPoint: zeroPoint || undefined },
  }
}

/** Cast - Mul by the product of both scales, or by one after the other. */
function scalesBehind({ at, matching }: QuantizedGraph, cast: NodeView, inputScale: string) {
  const first = at.onlyReader(cast)
  if (first?.opType !== 'Mul') return undefined
  const other = otherOf(first, cast.outputs[0]!)
  const scales = at.producer(other)
  if (scales?.opType === 'Mul' && scales.inputs.includes(inputScale)) {
    const scale = otherOf(scales, inputScale)
    if (scale === undefined || matching.constant(scale) === undefined) return undefined
    return { nodes: [first], scale, scales, output: first.outputs[0]! }
  }
  const second = at.onlyReader(first)
  if (second?.opType !== 'Mul') return undefined
  const last = otherOf(second, first.outputs[0]!)
  const [ofInput, scale] = other === inputScale ? [other, last] : [last, other]
  if (ofInput !== inputScale || scale === undefined || matching.constant(scale) === undefined) return undefined
  return { nodes: [first, second], scale, scales: undefined, output: second.outputs[0]! }
}

export const otherOf = ({ inputs }: NodeView, name: string): string | undefined =>
  inputs.length === 2 ? (inputs[0] === name ? inputs[1] : inputs[0]) : undefined

/** What takes a float value. */
function asOne(product: NodeView): DynamicProduct | undefined {
  if (product.opType !== 'DynamicQuantizeMatMul') return undefined
  const [value, weights, scale, zeroPoint, bias] = product.inputs as [string, string, string, string?, string?]
  return {
    ...{ product, quantize: undefined, nodes: [product], scales: undefined, output: product.outputs[0]! },
    ...{ value, weights, scale, zeroPoint: zeroPoint || undefined, bias: bias || undefined },
  }
}

/** Where what takes a quantized value with its scale has its inputs: scale and zero point of the value, then of the weights. */
const QUANTIZED_BEFORE: Readonly<Record<string, { readonly parameters: readonly number[]; readonly bias?: number }>> = {
  MatMulIntegerToFloat: { parameters: [2, 4, 3, 5], bias: 6 },
  QAttention: { parameters: [3, 6, 4, 7] },
}

function quantizedBefore({ at }: QuantizedGraph, product: NodeView): DynamicProduct | undefined {
  const places = QUANTIZED_BEFORE[product.opType]
  const quantize = at.producer(product.inputs[0])
  if (places === undefined || quantize?.opType !== 'DynamicQuantizeLinear') return undefined
  const [valueScale, valueZero, scale, zeroPoint] = places.parameters.map((place) => product.inputs[place])
  if (quantize.outputs[1] !== valueScale || quantize.outputs[2] !== valueZero) return undefined
  const bias = places.bias === undefined ? undefined : product.inputs[places.bias]
  return {
    ...{ product, quantize, nodes: [product], scales: undefined, output: product.outputs[0]!, value: quantize.inputs[0]! },
    ...{ weights: product.inputs[1]!, scale: scale!, zeroPoint: zeroPoint || undefined, bias: bias || undefined },
  }
}

interface Layout extends StoredWeights {
  /** Numbers in a row that belong to one channel. */
  readonly inner: number
}

/** How weights and scales lie to each other; undefined if they are no constants, or it is not understood. */
function layoutOf(quantized: QuantizedGraph, { product, weights, scale, zeroPoint }: DynamicProduct): Layout | undefined {
  const { matching } = quantized
  const stored = storedWeights(quantized, [weights, scale, zeroPoint])
  if (stored === undefined) return undefined
  const { constant, scales, zeroPoints } = stored
  const { shape } = constant
  const isConv = product.opType === 'ConvInteger'
  const channels = isConv ? shape[0] : shape.at(-1)
  // Behind a convolution, channels stand before the axes of the image: [M, 1, 1] or [1, M, 1, 1].
  const scaleShape = matching.constant(scale)!.shape
  const scaleAxis = isConv ? scaleShape.at(1 - shape.length) : scaleShape.at(-1)
  const fits = (numbers: readonly number[], axis: number | undefined) =>
    numbers.length === 1 || (numbers.length === channels && axis === channels)
  const zeroShape = zeroPoint === undefined ? [] : matching.constant(zeroPoint)!.shape
  if (!fits(scales, scaleAxis) || !fits(zeroPoints, isConv ? undefined : zeroShape.at(-1))) return undefined
  return { ...stored, inner: isConv ? constant.elementCount / channels! : 1 }
}

/** The float32 twin of a dynamic product. */
function twinOf(quantized: QuantizedGraph, one: DynamicProduct): FloatTwin {
  const { product, nodes, weights: name, scale, zeroPoint } = one
  const layout = layoutOf(quantized, one)!
  const channels = Math.max(layout.scales.length, layout.zeroPoints.length)
  const weights = {
    ...{ key: [product.opType === 'ConvInteger', name, scale, zeroPoint].join(' '), name, shape: layout.constant.shape },
    real: () => dequantizeModel(quantized, layout, (place) => Math.floor(place / layout.inner) % channels),
  }
  return { product, nodes, weights: [weights], write: ([float]) => floatProduct(quantized, one, float!) }
}

function floatProduct({ protoOf, fresh }: QuantizedGraph, one: DynamicProduct, weights: string): readonly NodeProto[] {
  const { product, value, output, bias } = one
  const proto = protoOf(product)
  if (product.opType === 'QAttention') {
    const [, , ofProjections = '', , , mask = '', , , past = ''] = product.inputs
    return [copyWith(proto, { opType: 'Attention', input: trimInputs([value, weights, ofProjections, mask, past]) })]
  }
  const sums = bias === undefined ? output : fresh(`${output}_sums`)
  const float = copyWith(proto, {
    opType: product.opType === 'ConvInteger' ? 'Conv' : 'MatMul',
    domain: '',
    input: [value, weights],
    output: [sums],
  })
  return bias === undefined ? [float] : [float, makeNode({ opType: 'Add', name: `${output}_Add` }, [sums, bias], [output])]
}

export interface FloatProducts {
  readonly model: Model
  /** Names of the products that are in float now. */
  readonly layers: readonly string[]
  /** Products that stay as they were. */
  readonly stay: number
}

/** The model with those of its dynamic products, and of its operators with weights of few bits, in float that are `meant`. */
export function withFloatProducts(model: Model, meant: (product: NodeView) => boolean = () => true): FloatProducts {
  const quantized = quantizedWhereAny(model)
  if (quantized === undefined) return { model, layers: [], stay: 0 }
  const all = [...dynamicProducts(quantized).map((one) => twinOf(quantized, one)), ...lowBitTwins(quantized)]
  const written = writeTwins(
    quantized,
    all.filter(({ product }) => meant(product)),
  )
  const layers = written.map(({ product }) => product.name)
  return {
    model: written.length === 0 ? model : withRepairs(quantized, written),
    layers,
    stay: all.length - layers.length,
  }
}

const PRODUCTS = new Set([
  ...['MatMulInteger', 'ConvInteger', 'DynamicQuantizeMatMul'],
  ...Object.keys(QUANTIZED_BEFORE),
  ...LOW_BIT_OPERATORS,
])

/** undefined of a model that has none: most have none, and are not looked into further. */
function quantizedWhereAny(model: Model): QuantizedGraph | undefined {
  return model.proto.graph?.node.some(({ opType }) => PRODUCTS.has(opType)) ? quantizedGraph(model) : undefined
}

/** The nodes of dynamic products, of all that share a quantizer together: it, the products, what scales them, and sums with biases. */
export function dynamicGroups(model: Model): readonly ReadonlySet<NodeProto>[] {
  const quantized = quantizedWhereAny(model)
  if (quantized === undefined) return []
  const groups = new Map<NodeView, Set<NodeProto>>()
  for (const { product, quantize, nodes, scales } of dynamicProducts(quantized)) {
    const of = quantize ?? product
    const group = groups.get(of) ?? new Set<NodeProto>()
    groups.set(of, group)
    for (const node of [of, ...nodes, scales, biasBehind(quantized, nodes.at(-1)!)]) if (node) group.add(quantized.protoOf(node))
  }
  return [...groups.values()]
}

/** The Add of constants behind a product. */
function biasBehind({ at, matching }: QuantizedGraph, last: NodeView): NodeView | undefined {
  const add = at.onlyReader(last)
  if (add?.opType !== 'Add') return undefined
  const other = otherOf(add, last.outputs[0]!)
  // Quantizers bring a bias into the shape of channels at every prediction; the engine does so once.
  const reshape = at.producer(other)
  const isFixed = reshape === undefined ? matching.constant(other) : reshape.inputs.every((one) => matching.constant(one))
  return isFixed ? add : undefined
}
