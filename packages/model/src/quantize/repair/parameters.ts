// Conversions that take other scales and zero points, so that the group around them fuses: an activation whose output's zero point is
// not the lowest value gets one that is (the steps become finer), and what only moves numbers keeps the parameters of its input.

import { rawTensor } from '@whyslow/graph/build.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import type { NodeView } from '@whyslow/graph/types.ts'
import { clipBounds, endOf } from '@whyslow/measure/engines/onnxruntime/int8/conditions.ts'
import {
  type Conversion,
  conversionOf,
  isDequantize,
  isQuantize,
  limitsOf,
} from '@whyslow/measure/engines/onnxruntime/int8/conversion.ts'
import type { NodeProto, TensorProto } from 'onnx-buf'
import { affineOf, typeRange } from '../write/numbers.ts'
import { newParameters, type QuantizedGraph, type Repair } from './quantized-graph.ts'

/** Relu and Clip that stay apart from the operator before them: their output's range is that of the activation. */
export function activationRanges(quantized: QuantizedGraph): Repair[] {
  const { at } = quantized
  return at.graph.nodes.flatMap((operator) => {
    if (quantized.brokenOf(operator)?.condition !== 'activation-apart') return []
    const end = endOf(operator, at)
    const [quantizer] = at.readers(end.outputs[0]).filter(isQuantize)
    if (quantizer === undefined) return []
    const conversion = conversionOf(quantizer, at)
    const range = rangeOf(end, conversion, at.graph.constants)
    const others = convertersOf(quantized, quantizer)
    if (range === undefined || others === undefined) return []
    const dtype = conversion.dtype as 'uint8' | 'int8'
    const affine = affineOf(range[0], range[1], typeRange(dtype), false)
    const { names, tensors } = newParameters(quantized, end.outputs[0]!, affine, dtype)
    return [{ edit: exchanged(quantized, [quantizer, ...others], names, tensors), nodes: [operator.outputs[0]!] }]
  })
}

/** What of the quantized range the activation leaves. */
function rangeOf(end: NodeView, { scale, zeroPoint, dtype }: Conversion, constants: Parameters<typeof clipBounds>[1]) {
  const limits = limitsOf(dtype)
  if ((dtype !== 'uint8' && dtype !== 'int8') || limits === undefined || scale?.length !== 1 || zeroPoint?.length !== 1)
    return undefined
  const [low, high] = limits.map((limit) => (limit - zeroPoint[0]!) * scale[0]!) as [number, number]
  const bounds: readonly [number, number] | undefined =
    end.opType === 'Clip' ? clipBounds(end, constants) : [0, Number.POSITIVE_INFINITY]
  return bounds === undefined ? undefined : ([Math.max(low, bounds[0]), Math.min(high, bounds[1])] as const)
}

/** What dequantizes the quantizer's output; undefined if somebody else reads it, or it is an output of the model. */
function convertersOf({ at }: QuantizedGraph, quantizer: NodeView): readonly NodeView[] | undefined {
  const [value] = quantizer.outputs
  const readers = at.readers(value)
  return at.isGraphOutput(value) || readers.some((reader) => !isDequantize(reader)) ? undefined : readers
}

function exchanged(
  quantized: QuantizedGraph,
  conversions: readonly NodeView[],
  names: readonly string[],
  addInitializers: readonly TensorProto[] = [],
) {
  const protos = conversions.map(quantized.protoOf)
  const add = protos.map((node) => {
    // A scale of the whole tensor has no axis, and the zero point tells the type.
    const attribute = node.attribute.filter(({ name }) => name !== 'axis' && name !== 'output_dtype')
    return copyWith(node, { input: [node.input[0]!, ...names], attribute })
  })
  return { remove: new Set(protos), add, addInitializers }
}

/** Operators that only move numbers between two scales: behind them holds the scale of their input. */
export function equalScales(quantized: QuantizedGraph): Repair[] {
  const { at } = quantized
  return at.graph.nodes.flatMap((operator) => {
    if (quantized.brokenOf(operator)?.condition !== 'scales-differ') return []
    const source = quantized.sourceOf(operator, 0)!
    const quantizers = operator.outputs.flatMap((name) => at.readers(name).filter(isQuantize))
    const others = quantizers.map((quantizer) => convertersOf(quantized, quantizer))
    if (source.scale?.length !== 1 || others.some((one) => one === undefined)) return []
    const names = source.node.inputs.slice(1)
    return [
      { edit: exchanged(quantized, [...quantizers, ...others.flatMap((one) => one!)], names), nodes: [operator.outputs[0]!] },
    ]
  })
}

/** Zero points that are left out, written out: zeros of the quantized type. Nothing is computed otherwise. */
export function zeroPoints(quantized: QuantizedGraph): Repair[] {
  const { at, protoOf, fresh } = quantized
  const broken = at.graph.nodes.filter((node) => quantized.brokenOf(node)?.condition === 'zero-point-missing')
  if (broken.length === 0) return []
  return at.graph.nodes.flatMap((node) => {
    if (!isQuantize(node) && !isDequantize(node)) return []
    const { hasZeroPoint, dtype } = conversionOf(node, at)
    const scale = quantized.matching.constant(node.inputs[1])
    if (hasZeroPoint || (dtype !== 'uint8' && dtype !== 'int8') || scale === undefined) return []
    const name = fresh(`${node.outputs[0]!}_zero_point`)
    const tensor = rawTensor(name, dtype, scale.shape, new Uint8Array(scale.elementCount))
    const proto: NodeProto = protoOf(node)
    const add = [copyWith(proto, { input: [proto.input[0]!, proto.input[1]!, name] })]
    return [
      { edit: { remove: new Set([proto]), add, addInitializers: [tensor] }, nodes: broken.map(({ outputs }) => outputs[0]!) },
    ]
  })
}
