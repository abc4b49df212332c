// What values inside a model hold on samples: its extremes as further outputs, which the engine finds, so that two numbers come out
// where an activation may have millions. https://onnx.ai/onnx/operators/onnx__ReduceMax.html
import type { Feeds } from '../../engines/types.ts'
import { node, valueInfo } from '../../graph/build.ts'
import { copyWith } from '../../graph/copy.ts'
import { withGraph } from '../../graph/edit.ts'
import type { Model } from '../../graph/model.ts'
import type { Range } from '../write/choice.ts'

const lowOf = (k: number): string => `whyslow_low_${k}`
const highOf = (k: number): string => `whyslow_high_${k}`

/** The model giving the smallest and largest number of each of the values (float32), and nothing else. */
export function givingExtremes(model: Model, values: readonly string[]): Model {
  const graph = model.proto.graph!
  const made = values.flatMap((value, k) => [
    node('ReduceMin', [value], [lowOf(k)], { keepdims: 0 }),
    node('ReduceMax', [value], [highOf(k)], { keepdims: 0 }),
  ])
  const output = made.map((one) => valueInfo(one.output[0]!, 'float32', []))
  return withGraph(model, copyWith(graph, { node: [...graph.node, ...made], output }))
}

/** Over all samples, by value; one that holds a NaN is left out. */
export function extremesIn(samples: readonly Feeds[], values: readonly string[]): Map<string, Range> {
  const numbers = (name: string): number[] =>
    samples.map((sample) => Number((sample[name]?.data as Float32Array | undefined)?.[0]))
  return new Map(
    values.flatMap((value, k): [string, Range][] => {
      const [low, high] = [Math.min(...numbers(lowOf(k))), Math.max(...numbers(highOf(k)))]
      return Number.isNaN(low) || Number.isNaN(high) || samples.length === 0 ? [] : [[value, { low, high }]]
    }),
  )
}
