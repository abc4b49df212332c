// Constants that the engine dequantizes at every prediction, since nothing fuses with them: stored as the floats that they stand for. A
// table is dequantized after its rows are read and not before.

import { floatTensor, node as makeNode } from '@whyslow/graph/build.ts'
import type { Constant } from '@whyslow/graph/constants.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import { int8KernelOf } from '@whyslow/graph/operators/index.ts'
import { numberOf } from '@whyslow/graph/rewrite/match.ts'
import type { NodeView } from '@whyslow/graph/types.ts'
import { axisFromFront } from '@whyslow/graph/view-attributes.ts'
import { type Conversion, conversionOf, isDequantize } from '@whyslow/measure/engines/onnxruntime/int8/conversion.ts'
import { conversionNode, integersOf, type QuantizedGraph, type Repair } from './quantized-graph.ts'
import { isRepairable } from './repairable.ts'

/** A model must not grow beyond what one file holds. */
export const MOST_BYTES = 2 ** 29

/** What is known of a DequantizeLinear: whether the engine runs it at every prediction; undefined: nothing. */
export type Runs = (node: NodeView) => boolean | undefined

/**
 * DequantizeLinear of constants that the engine fuses with nothing; with `repairable`, also those of groups that would fuse once they are
 * requantized.
 */
export function constantDequantizers(quantized: QuantizedGraph, runs: Runs, repairable: boolean): NodeView[] {
  const { at, matching } = quantized
  return at.graph.nodes.filter((node) => {
    if (!isDequantize(node) || at.isGraphOutput(node.outputs[0]) || matching.constant(node.inputs[0]) === undefined) return false
    const readers = at.readers(node.outputs[0])
    const seen = runs(node)
    return (
      readers.length > 0 &&
      seen !== false &&
      readers.every((reader) => isFloatReader(quantized, reader, seen === true, repairable))
    )
  })
}

/** True where the reader computes in float, and will after all other repairs. */
function isFloatReader(quantized: QuantizedGraph, reader: NodeView, isSeen: boolean, repairable: boolean): boolean {
  if (reader.opType === 'Gather') return true
  const kernel = int8KernelOf(reader.opType)
  // What moves a constant moves it when the model is loaded; whether the engine fuses across it only its graph tells.
  if (kernel?.kind === 'moves') return isSeen
  const weightsAlone = kernel?.kind === 'linear' && quantized.sourceOf(reader, 0) === undefined
  if (weightsAlone) return reader.opType === 'Conv' || isSeen
  const condition = quantized.brokenOf(reader)?.condition
  return condition !== undefined && condition !== 'input-float' && (repairable || !isRepairable(condition))
}

/** Stored as floats, or, for a table, dequantized behind the Gather. */
export function constantsInFloat(quantized: QuantizedGraph, dequantizers: readonly NodeView[]): Repair[] {
  let bytes = 0
  return dequantizers.flatMap((node) => {
    const readers = quantized.at.readers(node.outputs[0])
    if (readers.every(({ opType, inputs }) => opType === 'Gather' && inputs[0] === node.outputs[0])) {
      const behind = readers.map((gather) => gatheredFirst(quantized, node, gather))
      if (behind.every((one) => one !== undefined)) return [joined(quantized, node, behind)]
    }
    const constant = quantized.matching.constant(node.inputs[0])!
    bytes += 4 * constant.elementCount
    const floats = bytes > MOST_BYTES ? undefined : realNumbers(quantized, conversionOf(node, quantized.at), constant)
    if (floats === undefined) return []
    const tensor = floatTensor(node.outputs[0]!, constant.shape, floats)
    return [{ edit: { remove: new Set([quantized.protoOf(node)]), addInitializers: [tensor] }, nodes: [node.outputs[0]!] }]
  })
}

function joined({ protoOf }: QuantizedGraph, node: NodeView, repairs: readonly Repair[]): Repair {
  return {
    edit: {
      remove: new Set([protoOf(node), ...repairs.flatMap(({ edit }) => [...edit.remove!])]),
      add: repairs.flatMap(({ edit }) => edit.add!),
      addInitializers: repairs.flatMap(({ edit }) => edit.addInitializers ?? []),
    },
    nodes: [node.outputs[0]!],
  }
}

/** Gather - DequantizeLinear in place of DequantizeLinear - Gather: the same numbers out of the rows that are read. */
function gatheredFirst(quantized: QuantizedGraph, dequantize: NodeView, gather: NodeView): Repair | undefined {
  const { matching, protoOf, fresh, at } = quantized
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
        makeNode({ opType: 'Gather', name: `${rowScales}_Gather` }, [column, gather.inputs[1]!], [rowScales], { axis: 0 }),
        makeNode({ opType: 'Cast', name: `${real}_Cast` }, [rows], [real], { to: 1 }),
        makeNode({ opType: 'Mul', name: `${value!}_Mul` }, [real, rowScales], [value!]),
      ],
      addInitializers: [floatTensor(column, [scales.length, 1], scales)],
    },
    nodes: [value!],
  }
}

/** (q - zero point) * scale in float32, as the engine computes it; undefined for types and layouts that are not understood. */
function realNumbers(
  { model }: QuantizedGraph,
  { scale, zeroPoint, axis }: Conversion,
  constant: Constant,
): Float32Array | undefined {
  const stored = integersOf(model, constant)
  if (stored === undefined || scale === undefined || zeroPoint?.length !== scale.length) return undefined
  const { shape, elementCount } = constant
  const channelAxis = axisFromFront(axis, shape.length)
  const isPerChannel = scale.length > 1
  if (isPerChannel && shape[channelAxis] !== scale.length) return undefined
  const inner = isPerChannel ? shape.slice(channelAxis + 1).reduce((a, b) => a * b, 1) : elementCount
  const scales = Float32Array.from(scale)
  const real = new Float32Array(elementCount)
  for (let start = 0, k = 0; start < elementCount; start += inner, k = (k + 1) % scale.length) {
    const [one, zero] = [scales[k]!, zeroPoint[k]!]
    for (let i = start; i < start + inner; i++) real[i] = (stored[i]! - zero) * one
  }
  return real
}
