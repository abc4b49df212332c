// Models that tell what flows inside: the values themselves as further outputs, or their minimum and maximum alone, which ReduceMin and ReduceMax
// find inside the engine, so that two numbers come out where an activation may have millions. All of them come in one vector: the
// binding takes longer for a thousand outputs than the engine for finding them.
// https://onnx.ai/onnx/operators/onnx__ReduceMax.html

import { int64Tensor, node, valueInfo } from '@whyslow/graph/build.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import { withGraph } from '@whyslow/graph/edit.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { linksOf } from '@whyslow/graph/walk.ts'
import type { NodeProto } from 'onnx-buf'
import type { ChannelsOf } from './types.ts'

/** The opset of ai.onnx from which ReduceMean and ReduceMax take their axes as an input. */
const AXES_AS_INPUT = 18
const OBSERVED = 'whyslow__observed'

/**
 * The model giving one vector and nothing else: the smallest number of each of the values (float32), the largest of each, the means of
 * the channels over all other axes, and the largest magnitudes of the same.
 */
export function withMinMaxObservers(model: Model, values: readonly string[], channels: readonly ChannelsOf[] = []): Model {
  const graph = model.proto.graph!
  const version = Number(model.proto.opsetImport.find(({ domain }) => domain === '' || domain === 'ai.onnx')?.version ?? 1n)
  const initializer = [...graph.initializer]
  const constant = (name: string, numbers: readonly number[]): string => {
    if (!initializer.some((one) => one.name === name)) initializer.push(int64Tensor(name, [numbers.length], numbers))
    return name
  }
  const flat = constant(`${OBSERVED}_flat`, [-1])
  const made: NodeProto[] = []
  const parts: string[] = []
  const give = (opType: string, value: string, name: string) => {
    made.push(node(opType, [value], [name], { keepdims: 0 }), node('Reshape', [name, flat], [`${name}_flat`]))
    parts.push(`${name}_flat`)
  }
  const giveOverAxes = (opType: string, value: string, name: string, { axis, rank }: ChannelsOf) => {
    const axes = Array.from({ length: rank }, (_, k) => k).filter((k) => k !== axis)
    const inputs = version < AXES_AS_INPUT ? [value] : [value, constant(`${OBSERVED}_axes_${axis}_${rank}`, axes)]
    made.push(node(opType, inputs, [name], version < AXES_AS_INPUT ? { axes, keepdims: 0 } : { keepdims: 0 }))
    parts.push(name)
  }
  for (const [k, value] of values.entries()) give('ReduceMin', value, `${OBSERVED}_low_${k}`)
  for (const [k, value] of values.entries()) give('ReduceMax', value, `${OBSERVED}_high_${k}`)
  for (const [k, one] of channels.entries()) giveOverAxes('ReduceMean', one.value, `${OBSERVED}_mean_${k}`, one)
  for (const [k, one] of channels.entries()) {
    made.push(node('Abs', [one.value], [`${OBSERVED}_abs_${k}`]))
    giveOverAxes('ReduceMax', `${OBSERVED}_abs_${k}`, `${OBSERVED}_peak_${k}`, one)
  }
  made.push(node('Concat', parts, [OBSERVED], { axis: 0 }))
  const output = [valueInfo(OBSERVED, 'float32', [null])]
  return withGraph(model, copyWith(graph, { node: [...graph.node, ...made], initializer, output }))
}

/** They give the numbers that they read, in another order or shape. */
const MOVES = new Set(['Flatten', 'Identity', 'Reshape', 'Squeeze', 'Transpose', 'Unsqueeze'])

/** The value that has the same elements and was made by an operator that computes, usually itself; keyed by value. */
export function sourcesOf(model: Model, values: readonly string[]): ReadonlyMap<string, string> {
  const { producers } = linksOf(model.proto.graph!)
  const source = (value: string): string => {
    const maker = producers.get(value)
    const moves = maker !== undefined && MOVES.has(maker.opType) && (maker.domain === '' || maker.domain === 'ai.onnx')
    return moves ? source(maker.input[0]!) : value
  }
  return new Map(values.map((value) => [value, source(value)]))
}
