// Models that tell what flows inside: the values themselves as further outputs, or their extremes alone, which ReduceMin and ReduceMax
// find inside the engine, so that two numbers come out where an activation may have millions.
// https://onnx.ai/onnx/operators/onnx__ReduceMax.html

import { node, valueInfo } from '../../graph/build.ts'
import { copyWith } from '../../graph/copy.ts'
import { withGraph } from '../../graph/edit.ts'
import type { Model } from '../../graph/model.ts'
import { highName, lowName } from './types.ts'

/** The model giving, beside its own outputs, each of the values; the engine finds their types. */
export function withValuesAsOutputs(model: Model, values: readonly string[]): Model {
  const graph = model.proto.graph!
  const listed = new Set(graph.output.map(({ name }) => name))
  const added = values
    .filter((name) => !listed.has(name))
    .map((name) => copyWith(valueInfo(name, 'float32'), { type: undefined }))
  return withGraph(model, copyWith(graph, { output: [...graph.output, ...added] }))
}

/** The model giving the smallest and largest number of each of the values (float32), and nothing else. */
export function withExtremes(model: Model, values: readonly string[]): Model {
  const graph = model.proto.graph!
  const made = values.flatMap((value) => [
    node('ReduceMin', [value], [lowName(value)], { keepdims: 0 }),
    node('ReduceMax', [value], [highName(value)], { keepdims: 0 }),
  ])
  const output = made.map(({ output: [name] }) => valueInfo(name!, 'float32', []))
  return withGraph(model, copyWith(graph, { node: [...graph.node, ...made], output }))
}
