// Products of values that are quantized by their own range at every prediction: DynamicQuantizeLinear - MatMulInteger or ConvInteger - Cast -
// Mul, as Python's quantize_dynamic writes them, and the operators that the engine makes of them, where a file holds these. Their weights are
// constants, so that the product of floats is known: weights are (w - zero point) * scale, and what is multiplied with them was float before.
// https://onnx.ai/onnx/operators/onnx__ConvInteger.html , onnx__MatMulInteger.html ;
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.DynamicQuantizeMatMul, #com.microsoft.MatMulIntegerToFloat
import type { NodeProto, TensorProto } from 'onnx-buf'
import { node as makeNode, rawTensor } from '../../graph/build.ts'
import type { Constant } from '../../graph/constants.ts'
import { copyWith } from '../../graph/copy.ts'
import { dataTypeOf } from '../../graph/dtype.ts'
import type { Model } from '../../graph/model.ts'
import type { NodeView } from '../../graph/types.ts'
import { MOST_BYTES } from './constants-in-float.ts'
import { integersOf, type QuantizedGraph, quantizedGraph, type Repair, withRepairs } from './quantized-graph.ts'

export interface DynamicProduct {
  readonly product: NodeView
  /** Quantizes what is multiplied, for other products too; undefined where the product does so itself. */
  readonly quantize: NodeView | undefined
  /** The product and what scales its sums: nobody else reads what flows between them. */
  readonly nodes: readonly NodeView[]
  /** What makes one scale of the two, for other products too; undefined where they are taken one by one. */
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

/** What takes a quantized value with its scale. */
function quantizedBefore({ at }: QuantizedGraph, product: NodeView): DynamicProduct | undefined {
  if (product.opType !== 'MatMulIntegerToFloat') return undefined
  const [value, weights, valueScale, scale, valueZero, zeroPoint, bias] = product.inputs
  const quantize = at.producer(value)
  if (quantize?.opType !== 'DynamicQuantizeLinear') return undefined
  if (quantize.outputs[1] !== valueScale || quantize.outputs[2] !== valueZero) return undefined
  return {
    ...{ product, quantize, nodes: [product], scales: undefined, output: product.outputs[0]!, value: quantize.inputs[0]! },
    ...{ weights: weights!, scale: scale!, zeroPoint: zeroPoint || undefined, bias: bias || undefined },
  }
}

interface Layout {
  readonly weights: Constant
  /** One, or one for each output channel. */
  readonly scales: readonly number[]
  readonly zeroPoints: readonly number[]
  /** Numbers in a row that belong to one channel. */
  readonly inner: number
}

/** How weights and scales lie to each other; undefined where they are no constants, or it is not understood. */
function layoutOf(
  { matching }: QuantizedGraph,
  { product, weights: name, scale, zeroPoint }: DynamicProduct,
): Layout | undefined {
  const weights = matching.constant(name)
  const scales = matching.numbers(scale)
  const zeroPoints = zeroPoint === undefined ? [0] : matching.numbers(zeroPoint)
  if (weights === undefined || scales === undefined || zeroPoints === undefined) return undefined
  if (weights.dtype !== 'int8' && weights.dtype !== 'uint8') return undefined
  const { shape } = weights
  const isConv = product.opType === 'ConvInteger'
  const channels = isConv ? shape[0] : shape.at(-1)
  // Behind a convolution, channels stand before the axes of the image: [M, 1, 1] or [1, M, 1, 1].
  const scaleShape = matching.constant(scale)!.shape
  const scaleAxis = isConv ? scaleShape.at(1 - shape.length) : scaleShape.at(-1)
  const fits = (numbers: readonly number[], axis: number | undefined) =>
    numbers.length === 1 || (numbers.length === channels && axis === channels)
  const zeroShape = zeroPoint === undefined ? [] : matching.constant(zeroPoint)!.shape
  if (!fits(scales, scaleAxis) || !fits(zeroPoints, isConv ? undefined : zeroShape.at(-1))) return undefined
  return { weights, scales, zeroPoints, inner: isConv ? weights.elementCount / channels! : 1 }
}

/** Each as a product of floats; those that share their weights share them still. Some of what is too large for one file stays as it is. */
export function productsInFloat(quantized: QuantizedGraph, products: readonly DynamicProduct[]): readonly Repair[] {
  const stored = new Map<string, string>()
  let bytes = 0
  return products.flatMap((one): Repair[] => {
    const { product, nodes, weights, scale, zeroPoint } = one
    const key = [product.opType === 'ConvInteger', weights, scale, zeroPoint].join(' ')
    const addInitializers: TensorProto[] = []
    let name = stored.get(key)
    if (name === undefined) {
      bytes += 4 * quantized.matching.constant(weights)!.elementCount
      if (bytes > MOST_BYTES) return []
      name = quantized.fresh(`${weights}_float`)
      stored.set(key, name)
      addInitializers.push(realWeights(quantized, one, name))
    }
    const edit = { remove: new Set(nodes.map(quantized.protoOf)), add: floatProduct(quantized, one, name), addInitializers }
    return [{ edit, nodes: [product.outputs[0]!] }]
  })
}

function realWeights(quantized: QuantizedGraph, product: DynamicProduct, name: string): TensorProto {
  const { weights, scales, zeroPoints, inner } = layoutOf(quantized, product)!
  const stored = integersOf(quantized.model, weights)!
  const of = (numbers: readonly number[], channel: number) => numbers[numbers.length === 1 ? 0 : channel]!
  const channels = Math.max(scales.length, zeroPoints.length)
  const real = new Float32Array(weights.elementCount)
  for (let start = 0, channel = 0; start < real.length; start += inner, channel = (channel + 1) % channels) {
    const [zero, scale] = [of(zeroPoints, channel), of(scales, channel)]
    for (let i = start; i < start + inner; i++) real[i] = (stored[i]! - zero) * scale
  }
  return rawTensor(name, 'float32', weights.shape, new Uint8Array(real.buffer))
}

function floatProduct({ protoOf, fresh }: QuantizedGraph, one: DynamicProduct, weights: string): readonly NodeProto[] {
  const { product, value, output, bias } = one
  const sums = bias === undefined ? output : fresh(`${output}_sums`)
  const float = copyWith(protoOf(product), {
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
  /** Dynamic products that stay as they were. */
  readonly stay: number
}

/** The model with those of its dynamic products in float that are `meant`. */
export function withFloatProducts(model: Model, meant: (product: NodeView) => boolean = () => true): FloatProducts {
  const quantized = quantizedWhereDynamic(model)
  if (quantized === undefined) return { model, layers: [], stay: 0 }
  const all = dynamicProducts(quantized)
  const chosen = all.filter(({ product }) => meant(product))
  const repairs = productsInFloat(quantized, chosen)
  const done = new Set(repairs.flatMap(({ nodes }) => nodes))
  const layers = chosen.flatMap(({ product }) => (done.has(product.outputs[0]!) ? [product.name] : []))
  return {
    model: repairs.length === 0 ? model : withRepairs(quantized, repairs),
    layers,
    stay: all.length - layers.length,
  }
}

const PRODUCTS = new Set(['MatMulInteger', 'ConvInteger', 'DynamicQuantizeMatMul', 'MatMulIntegerToFloat'])

/** undefined of a model that has none: most have none, and are not looked into further. */
function quantizedWhereDynamic(model: Model): QuantizedGraph | undefined {
  return model.proto.graph?.node.some(({ opType }) => PRODUCTS.has(opType)) ? quantizedGraph(model) : undefined
}

/** The nodes of dynamic products, of all that share a quantizer together: it, the products, what scales them, and sums with biases. */
export function dynamicGroups(model: Model): readonly ReadonlySet<NodeProto>[] {
  const quantized = quantizedWhereDynamic(model)
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
