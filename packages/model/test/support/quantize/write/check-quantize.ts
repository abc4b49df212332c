// The test helper of quantization: observes ranges, quantizes every layer that can be, says which kernels the engine then runs, and
// holds each output against a bound that follows from the steps of its operands.

import { withValuesAsOutputs } from '@whyslow/graph/edit.ts'
import type { Model } from '@whyslow/graph/model.ts'
import type { GraphView } from '@whyslow/graph/types.ts'
import { problemsOf } from '@whyslow/graph/validate.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import type { Feeds, Results, TensorValue } from '@whyslow/measure/engines/types.ts'
import { runModel } from '@whyslow/measure/support/engines/example-run.ts'
import { expect } from 'vitest'
import type { Precision, Quantized, QuantizeOptions, Range } from '../../../../src/quantize/write/choice.ts'
import { quantizableNodes } from '../../../../src/quantize/write/quantizable.ts'
import { quantize } from '../../../../src/quantize/write/quantize.ts'
import { executedGraph, runSetup } from '../../remedies/check-run.ts'
import { exampleSetup } from '../../remedies/example-evidence.ts'
import { here } from './example-options.ts'

/** Smallest and largest number of every float value of the main graph, over all feeds. */
export async function observedRanges(model: Model, feeds: readonly Feeds[]): Promise<ReadonlyMap<string, Range>> {
  const graph = model.proto.graph!
  const made = graph.node.flatMap(({ output }) => output).filter((name) => name !== '')
  const results = await runModel(withValuesAsOutputs(model, made), feeds, { graphOptimization: 'disabled' })
  const ranges = new Map<string, Range>()
  for (const [name, { dtype, data }] of [...feeds, ...results].flatMap((one) => Object.entries(one))) {
    if (dtype !== 'float32') continue
    const { low, high } = ranges.get(name) ?? { low: 0, high: 0 }
    const values = data as Float32Array
    ranges.set(name, {
      low: values.reduce((least, value) => Math.min(least, value), low),
      high: values.reduce((most, value) => Math.max(most, value), high),
    })
  }
  return ranges
}

/** Every layer that can be of the precision, in the precision. Throws if something was skipped or the model is not valid. */
export async function quantizeAll(
  model: Model,
  precision: Precision,
  feeds: readonly Feeds[],
  options: Partial<QuantizeOptions> = {},
): Promise<Quantized> {
  const able = quantizableNodes(model).filter(({ precisions }) => precisions.includes(precision))
  const layers = new Map(able.map(({ node }) => [node, precision]))
  const ranges = precision === 'static' ? await observedRanges(model, feeds) : new Map<string, Range>()
  const quantized = quantize(model, { layers, ranges, options: { ...here, ...options } })
  expect(quantized.skipped).toEqual([])
  expect(problemsOf(quantized.model.proto)).toEqual([])
  const [now, before] = [viewGraph(quantized.model), viewGraph(model)]
  expect([now.inputs, now.outputs]).toEqual([before.inputs, before.outputs])
  return quantized
}

/** Operator types that the engine runs, in its order; other domains' without the domain. */
export async function kernelsOf(model: Model): Promise<string[]> {
  return operatorsOf(await executedGraph(exampleSetup(model)))
}

function operatorsOf({ nodes }: GraphView): string[] {
  return nodes.map(({ opType }) => opType)
}

/** A DequantizeLinear of a constant in the executed graph: weights that are turned back to float at every prediction. */
export async function unfusedWeights(model: Model): Promise<string[]> {
  const { nodes, constants } = await executedGraph(exampleSetup(model))
  return nodes.filter(({ opType, inputs }) => opType === 'DequantizeLinear' && inputs[0]! in constants).map(({ name }) => name)
}

/** Results of both models on the same feeds. */
export async function bothResults(before: Model, after: Model, feeds: Feeds): Promise<readonly [Results, Results]> {
  const [a] = await runSetup(exampleSetup(before), [feeds])
  const [b] = await runSetup(exampleSetup(after), [feeds])
  return [a!, b!]
}

/** Largest absolute difference; Infinity where shapes differ or only one is NaN. */
export function largestError(a: TensorValue, b: TensorValue): number {
  const [x, y] = [a.data as Float32Array, b.data as Float32Array]
  expect(b.shape).toEqual(a.shape)
  return x.reduce((worst, value, i) => {
    const error = Object.is(value, y[i]) ? 0 : Math.abs(value - y[i]!)
    return Math.max(worst, Number.isNaN(error) ? Number.POSITIVE_INFINITY : error)
  }, 0)
}
