// Running what a test has written with the builder: on the engine, with the shapes that the graph declares looked after.

import type { TensorValue } from '@whyslow/measure/engines/types.ts'
import { runModel } from '@whyslow/measure/support/engines/example-run.ts'
import { expect } from 'vitest'
import { GraphBuilder, type Value } from '../../../src/builder/graph-builder.ts'
import type { Dimension } from '../../../src/types.ts'
import { problemsOf } from '../../../src/validate.ts'

/** An input of the graph: what is fed, and the shape that the graph declares where that is not the fed one. */
export type Fed = TensorValue & { readonly declared?: readonly Dimension[] }

export function floats(shape: readonly number[], values: readonly number[], declared: readonly Dimension[] = shape): Fed {
  return { dtype: 'float32', shape, data: Float32Array.from(values), declared }
}

export function integers(shape: readonly number[], values: readonly number[], declared: readonly Dimension[] = shape): Fed {
  return { dtype: 'int64', shape, data: BigInt64Array.from(values, BigInt), declared }
}

export function bools(shape: readonly number[], values: readonly number[], declared: readonly Dimension[] = shape): Fed {
  return { dtype: 'bool', shape, data: Uint8Array.from(values), declared }
}

export interface Evaluated {
  readonly shape: readonly number[]
  readonly values: readonly number[]
}

/** What a graph of `write` makes of the inputs. Fails where the shapes that it declares are not those that come out. */
export async function evaluate(
  inputs: readonly Fed[],
  write: (builder: GraphBuilder, values: readonly Value[]) => readonly Value[],
): Promise<Evaluated[]> {
  const builder = new GraphBuilder()
  const values = inputs.map(({ dtype, shape, declared = shape }, k) => builder.input(`x${k}`, dtype, declared))
  const made = builder.within('test', () => write(builder, values))
  for (const [k, value] of made.entries()) builder.output(`y${k}`, value)
  const { proto, origins } = builder.build('model')
  expect(problemsOf(proto)).toEqual([])
  const source = { file: 'built', format: 'onnx', sha256: '', sizeBytes: 0 }
  const model = { proto, source, origins, weights: new Map() }
  const [results] = await runModel(model, [Object.fromEntries(inputs.map((one, k) => [`x${k}`, one]))])
  return made.map(({ shape, dtype }, k) => {
    const result = results![`y${k}`]!
    const known = shape.map((size, axis) => (typeof size === 'number' ? size : result.shape[axis]!))
    expect({ dtype: result.dtype, shape: result.shape }).toEqual({ dtype, shape: known })
    return { shape: result.shape, values: Array.from(result.data as unknown as ArrayLike<number>, Number) }
  })
}

/** Each number within 1e-5 of the largest expected one. */
export function expectClose(given: Evaluated, values: readonly number[], shape: readonly number[] = given.shape): void {
  expect(given.shape).toEqual(shape)
  expect(given.values).toHaveLength(values.length)
  const largest = Math.max(...values.map(Math.abs), 1e-6)
  for (const [k, value] of values.entries()) expect(Math.abs(given.values[k]! - value)).toBeLessThanOrEqual(1e-5 * largest)
}
