// Models that tell what flows inside: the values themselves as further outputs, or their extremes alone, which ReduceMin and ReduceMax
// find inside the engine, so that two numbers come out where an activation may have millions.
// https://onnx.ai/onnx/operators/onnx__ReduceMax.html

import { int64Tensor, node, valueInfo } from '../../graph/build.ts'
import { copyWith } from '../../graph/copy.ts'
import { withGraph } from '../../graph/edit.ts'
import type { Model } from '../../graph/model.ts'
import { type ChannelsOf, highName, lowName, meanName } from './types.ts'

/** The model giving, beside its own outputs, each of the values; the engine finds their types. */
export function withValuesAsOutputs(model: Model, values: readonly string[]): Model {
  const graph = model.proto.graph!
  const listed = new Set(graph.output.map(({ name }) => name))
  const added = values
    .filter((name) => !listed.has(name))
    .map((name) => copyWith(valueInfo(name, 'float32'), { type: undefined }))
  return withGraph(model, copyWith(graph, { output: [...graph.output, ...added] }))
}

/** From this opset of ai.onnx on, ReduceMean takes its axes as an input. */
const AXES_AS_INPUT = 18

/** The model giving the smallest and largest number of each of the values (float32), means of channels, and nothing else. */
export function withExtremes(model: Model, values: readonly string[], means: readonly ChannelsOf[] = []): Model {
  const graph = model.proto.graph!
  const made = values.flatMap((value) => [
    node('ReduceMin', [value], [lowName(value)], { keepdims: 0 }),
    node('ReduceMax', [value], [highName(value)], { keepdims: 0 }),
  ])
  const version = model.proto.opsetImport.find(({ domain }) => domain === '' || domain === 'ai.onnx')?.version ?? 1n
  const initializer = [...graph.initializer]
  const averaged = means.map(({ value, axis, rank }) => {
    const axes = Array.from({ length: rank }, (_, k) => k).filter((k) => k !== axis)
    if (Number(version) < AXES_AS_INPUT) return node('ReduceMean', [value], [meanName(value)], { axes, keepdims: 0 })
    initializer.push(int64Tensor(`${meanName(value)}_axes`, [axes.length], axes))
    return node('ReduceMean', [value, `${meanName(value)}_axes`], [meanName(value)], { keepdims: 0 })
  })
  const output = [
    ...made.map(({ output: [name] }) => valueInfo(name!, 'float32', [])),
    ...averaged.map(({ output: [name] }) => valueInfo(name!, 'float32', [null])),
  ]
  return withGraph(model, copyWith(graph, { node: [...graph.node, ...made, ...averaged], initializer, output }))
}
