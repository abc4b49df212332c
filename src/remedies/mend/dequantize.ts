// Quantization that gains nothing, undone: constants that the engine dequantizes at every prediction are stored as floats, a table is
// dequantized after its rows are read and not before, pairs of conversions between float operators go, and a ConvInteger chain becomes
// the float convolution that it approximates.
import type { NodeProto } from 'onnx-buf'
import { floatTensor, node as makeNode, rawTensor } from '../../graph/build.ts'
import { type Constant, readBytes } from '../../graph/constants.ts'
import { copyWith } from '../../graph/copy.ts'
import type { NodeView } from '../../graph/types.ts'
import { type Condition, endOf } from '../../operators/quantization/conditions.ts'
import {
  type Conversion,
  conversionOf,
  isDequantize,
  isQuantize,
  sameParameters,
} from '../../operators/quantization/conversion.ts'
import { int8KernelOf } from '../../operators/quantization/int8-kernels.ts'
import { numberOf } from '../match.ts'
import { conversionNode, type Mending, type Site } from './site.ts'

/** Conditions that requantizing mends: the weights of such a group stay as they are. */
const REQUANTIZED: ReadonlySet<Condition> = new Set([
  'zero-point-missing',
  'batchnorm-apart',
  'constants-as-inputs',
  'graph-output',
  'output-read-in-float',
  'output-not-quantized',
  'activation-between',
  'activation-apart',
  'bias-scale',
  'bias-float',
  'beta',
  'scales-differ',
])
/** A model must not grow beyond what one file holds. */
const MOST_BYTES = 2 ** 29
const INTEGERS: Readonly<Record<string, (bytes: ArrayBuffer) => ArrayLike<number>>> = {
  int8: (bytes) => new Int8Array(bytes),
  uint8: (bytes) => new Uint8Array(bytes),
  int16: (bytes) => new Int16Array(bytes),
  uint16: (bytes) => new Uint16Array(bytes),
  int32: (bytes) => new Int32Array(bytes),
}

/** DequantizeLinear of constants that the engine fuses with nothing; `runs`: whether it runs it at every prediction, as far as known. */
export function constantDequantizers(site: Site, runs: (node: NodeView) => boolean | undefined): NodeView[] {
  const { at, matching } = site
  return at.graph.nodes.filter((node) => {
    if (!isDequantize(node) || at.isGraphOutput(node.outputs[0]) || matching.constant(node.inputs[0]) === undefined) return false
    const readers = at.readers(node.outputs[0])
    if (readers.length === 0 || runs(node) === false) return false
    return readers.every((reader) => isFloatReader(site, reader, runs(node) === true))
  })
}

/** True where the reader computes in float, and will after all other mends. */
function isFloatReader(site: Site, reader: NodeView, isSeen: boolean): boolean {
  if (reader.opType === 'Gather') return true
  const kernel = int8KernelOf(reader.opType)
  // What moves a constant moves it when the model is loaded; whether the engine fuses across it only its graph tells.
  if (kernel?.kind === 'moves') return isSeen
  const weightsAlone = kernel?.kind === 'linear' && site.sourceOf(reader, 0) === undefined
  if (weightsAlone) return reader.opType === 'Conv' || isSeen
  const condition = site.brokenOf(reader)?.condition
  return condition !== undefined && !REQUANTIZED.has(condition) && condition !== 'input-float'
}

/** Stored as floats, or, for a table, dequantized behind the Gather. */
export function constantsInFloat(site: Site, dequantizers: readonly NodeView[]): Mending[] {
  let bytes = 0
  return dequantizers.flatMap((node) => {
    const readers = site.at.readers(node.outputs[0])
    if (readers.every(({ opType, inputs }) => opType === 'Gather' && inputs[0] === node.outputs[0])) {
      const behind = readers.map((gather) => gatheredFirst(site, node, gather))
      if (behind.every((one) => one !== undefined)) return [joined(site, node, behind)]
    }
    const constant = site.matching.constant(node.inputs[0])!
    bytes += 4 * constant.elementCount
    const floats = bytes > MOST_BYTES ? undefined : realNumbers(site, conversionOf(node, site.at), constant)
    if (floats === undefined) return []
    const tensor = floatTensor(node.outputs[0]!, constant.shape, floats)
    return [{ edit: { remove: new Set([site.protoOf(node)]), addInitializers: [tensor] }, nodes: [node.outputs[0]!] }]
  })
}

function joined({ protoOf }: Site, node: NodeView, mendings: readonly Mending[]): Mending {
  return {
    edit: {
      remove: new Set([protoOf(node), ...mendings.flatMap(({ edit }) => [...edit.remove!])]),
      add: mendings.flatMap(({ edit }) => edit.add!),
      addInitializers: mendings.flatMap(({ edit }) => edit.addInitializers ?? []),
    },
    nodes: [node.outputs[0]!],
  }
}

/** Gather - DequantizeLinear in place of DequantizeLinear - Gather: the same numbers out of the rows that are read. */
function gatheredFirst(site: Site, dequantize: NodeView, gather: NodeView): Mending | undefined {
  const { matching, protoOf, fresh, at } = site
  const { scale, zeroPoint } = conversionOf(dequantize, at)
  const proto = protoOf(gather)
  const [stored, ...parameters] = dequantize.inputs
  const [value] = gather.outputs
  const rows = fresh(`${value!}_quantized`)
  const picked = copyWith(proto, { input: [stored!, ...proto.input.slice(1)], output: [rows] })
  const remove = new Set([proto])
  if (scale?.length === 1)
    return { edit: { remove, add: [picked, conversionNode('DequantizeLinear', [rows, ...parameters], value!)] }, nodes: [value!] }
  // A scale for each row: the scales of the rows are read, too.
  const table = matching.constant(stored)!
  const byRow = conversionOf(dequantize, at).axis === 0 && numberOf(proto, 'axis', 0) === 0 && table.shape.length === 2
  const scales = matching.numbers(parameters[0])
  if (!byRow || scales === undefined || zeroPoint === undefined || zeroPoint.some((zero) => zero !== 0)) return undefined
  const [column, rowScales, real] = [fresh(`${value!}_scales`), fresh(`${value!}_row_scales`), fresh(`${value!}_float`)]
  return {
    edit: {
      remove,
      add: [
        picked,
        makeNode('Gather', [column, gather.inputs[1]!], [rowScales], { axis: 0 }, '', `${rowScales}_Gather`),
        makeNode('Cast', [rows], [real], { to: 1 }, '', `${real}_Cast`),
        makeNode('Mul', [real, rowScales], [value!], {}, '', `${value!}_Mul`),
      ],
      addInitializers: [floatTensor(column, [scales.length, 1], scales)],
    },
    nodes: [value!],
  }
}

/** (q - zero point) * scale in float32, as the engine computes it; undefined for types and layouts that are not understood. */
function realNumbers({ model }: Site, { scale, zeroPoint, axis }: Conversion, constant: Constant): Float32Array | undefined {
  const read = INTEGERS[constant.dtype]
  if (read === undefined || scale === undefined || zeroPoint?.length !== scale.length) return undefined
  const { shape, elementCount } = constant
  const channelAxis = axis < 0 ? axis + shape.length : axis
  const isPerChannel = scale.length > 1
  if (isPerChannel && shape[channelAxis] !== scale.length) return undefined
  const bytes = readBytes(model, constant)
  const stored = read(bytes.slice().buffer as ArrayBuffer)
  const inner = isPerChannel ? shape.slice(channelAxis + 1).reduce((a, b) => a * b, 1) : elementCount
  const scales = Float32Array.from(scale)
  const real = new Float32Array(elementCount)
  for (let start = 0, k = 0; start < elementCount; start += inner, k = (k + 1) % scale.length) {
    const [one, zero] = [scales[k]!, zeroPoint[k]!]
    for (let i = start; i < start + inner; i++) real[i] = (stored[i]! - zero) * one
  }
  return real
}

/** QuantizeLinear - DequantizeLinear whose float readers and makers gain nothing from it: they only round. */
export function floatPairs(site: Site): Mending[] {
  const { at, protoOf } = site
  return at.graph.nodes.flatMap((dequantize) => {
    const quantize = at.producer(dequantize.inputs[0])
    if (!isDequantize(dequantize) || !isQuantize(quantize) || at.readers(quantize.outputs[0]).length > 1) return []
    if (at.isGraphOutput(quantize.outputs[0]) || at.isGraphOutput(dequantize.outputs[0])) return []
    if (!sameParameters(conversionOf(quantize, at), conversionOf(dequantize, at))) return []
    const maker = at.producer(quantize.inputs[0])
    const readers = at.readers(dequantize.outputs[0])
    if (maker !== undefined && mayRunInInt8(site, maker)) return []
    if (readers.length === 0 || readers.some((reader) => mayRunInInt8(site, reader))) return []
    const remove = new Set([protoOf(quantize), protoOf(dequantize)])
    return [{ edit: { remove, read: new Map([[dequantize.outputs[0]!, quantize.inputs[0]!]]) }, nodes: [dequantize.outputs[0]!] }]
  })
}

/** The operator, or the one whose activation it is, has an int8 kernel and breaks nothing that other mends cannot mend. */
function mayRunInInt8(site: Site, node: NodeView): boolean {
  const before = site.at.producer(node.inputs[0])
  const operator = before !== undefined && endOf(before, site.at) === node ? before : node
  const condition = site.brokenOf(operator)?.condition
  return condition === undefined || REQUANTIZED.has(condition)
}

/** DynamicQuantizeLinear - ConvInteger - Cast - Mul as a Conv of floats with the weights dequantized. */
export function integerConvolutions(site: Site): Mending[] {
  const { at, matching, model, protoOf, fresh } = site
  return at.graph.nodes.flatMap((product) => {
    const quantize = at.producer(product.inputs[0])
    const cast = at.onlyReader(product)
    if (product.opType !== 'ConvInteger' || quantize?.opType !== 'DynamicQuantizeLinear' || cast?.opType !== 'Cast') return []
    const scaling = scalesBehind(site, cast, quantize.outputs[1]!)
    const weights = matching.constant(product.inputs[1])
    const scales = matching.numbers(scaling?.weightScale)
    const zeros = product.inputs[3] ? matching.numbers(product.inputs[3]) : [0]
    if (scaling === undefined || weights === undefined || scales === undefined || zeros?.length !== 1) return []
    const channels = weights.shape[0]!
    const shape = matching.constant(scaling.weightScale)!.shape
    // One scale, or one for each output channel: [M, 1, 1] or [1, M, 1, 1].
    const spatial = weights.shape.length - 2
    const isPerChannel = scales.length === channels && shape.at(-1 - spatial) === channels
    if (scales.length !== 1 && !isPerChannel) return []
    const read = INTEGERS[weights.dtype]
    if (read === undefined) return []
    const stored = read(readBytes(model, weights).slice().buffer as ArrayBuffer)
    const perChannel = weights.elementCount / channels
    const real = Float32Array.from({ length: weights.elementCount }, (_, i) => {
      return (stored[i]! - zeros[0]!) * scales[scales.length === 1 ? 0 : Math.floor(i / perChannel)]!
    })
    const name = fresh(`${weights.name}_float`)
    const conv = copyWith(protoOf(product), {
      opType: 'Conv',
      input: [quantize.inputs[0]!, name],
      output: [scaling.output],
    })
    const remove = new Set<NodeProto>([protoOf(product), protoOf(cast), ...scaling.nodes.map(protoOf)])
    const tensor = rawTensor(name, 'float32', weights.shape, new Uint8Array(real.buffer))
    return [{ edit: { remove, add: [conv], addInitializers: [tensor] }, nodes: [product.outputs[0]!] }]
  })
}

/** Cast - Mul by the product of both scales, or by one after the other. */
function scalesBehind({ at, matching }: Site, cast: NodeView, inputScale: string) {
  const first = at.onlyReader(cast)
  if (first?.opType !== 'Mul') return undefined
  const other = otherOf(first, cast.outputs[0]!)
  const made = at.producer(other)
  if (made?.opType === 'Mul' && made.inputs.includes(inputScale)) {
    const weightScale = otherOf(made, inputScale)
    if (matching.constant(weightScale) === undefined) return undefined
    // Several products may share their scales: the Mul that made them stays where it is read.
    return { nodes: [first], weightScale, output: first.outputs[0]! }
  }
  const second = at.onlyReader(first)
  if (second?.opType !== 'Mul') return undefined
  const last = otherOf(second, first.outputs[0]!)
  const [x, w] = other === inputScale ? [other, last] : [last, other]
  if (x !== inputScale || matching.constant(w) === undefined) return undefined
  return { nodes: [first, second], weightScale: w, output: second.outputs[0]! }
}

const otherOf = ({ inputs }: NodeView, name: string): string | undefined =>
  inputs.length === 2 ? (inputs[0] === name ? inputs[1] : inputs[0]) : undefined

/** MatMulInteger - Cast - Mul - Mul with its two scales multiplied first, in the form that the engine fuses. */
export function scalesFirst(site: Site): Mending[] {
  const { at, protoOf, fresh } = site
  return at.graph.nodes.flatMap((product) => {
    const cast = product.opType === 'MatMulInteger' ? at.onlyReader(product) : undefined
    const first = cast?.opType === 'Cast' ? at.onlyReader(cast) : undefined
    const second = first?.opType === 'Mul' ? at.onlyReader(first) : undefined
    if (cast === undefined || first === undefined || second?.opType !== 'Mul') return []
    const scales = [otherOf(first, cast.outputs[0]!), otherOf(second, first.outputs[0]!)]
    const quantize = at.producer(product.inputs[0])
    if (quantize?.opType !== 'DynamicQuantizeLinear' || !scales.includes(quantize.outputs[1]) || scales.includes(undefined))
      return []
    const name = fresh(`${second.outputs[0]!}_scales`)
    const add = [
      makeNode('Mul', scales as string[], [name], {}, '', `${name}_Mul`),
      copyWith(protoOf(second), { input: [cast.outputs[0]!, name] }),
    ]
    return [{ edit: { remove: new Set([protoOf(first), protoOf(second)]), add }, nodes: [product.outputs[0]!] }]
  })
}
