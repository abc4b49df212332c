// The type that every value of a graph has when it runs: one prediction with all of them as outputs, as the graph is written.

import { elementCount } from '@whyslow/graph/dtype.ts'
import type { TensorType } from '@whyslow/graph/types.ts'
import type { TensorValue } from '../engines/types.ts'
import { openInputs } from '../samples/saved.ts'
import { engineOf } from '../trials/engine-of.ts'
import type { ModelTask } from '../trials/model-task.ts'
import { defineTask } from '../trials/port.ts'

export interface TypeAsRun extends TensorType {
  /** The numbers of a short int64 value: sizes and axes that were computed. */
  readonly sizes?: readonly number[]
}

/** A model with values as further outputs. */
export interface TypesInput extends Omit<ModelTask, 'modelFile'> {
  readonly modelFiles: readonly string[]
}

/** Longer ones are indices, not sizes. */
const SIZES_LIMIT = 64

async function readTypes({ engine, options, inputs, modelFiles }: TypesInput): Promise<Record<string, TypeAsRun>> {
  const feeds = openInputs(inputs).read(0)
  const types: Record<string, TypeAsRun> = {}
  const note = (name: string, { dtype, shape, data }: TensorValue) => {
    const isSize = dtype === 'int64' && elementCount(shape) <= SIZES_LIMIT
    types[name] = { dtype, shape: [...shape], ...(isSize ? { sizes: Array.from(data as BigInt64Array, Number) } : {}) }
  }
  for (const [name, value] of Object.entries(feeds)) note(name, value)
  for (const file of modelFiles) {
    const session = await engineOf(engine).open(file, { ...options, graphOptimization: 'disabled', threads: 1 })
    for (const [name, value] of Object.entries(await session.run(feeds))) note(name, value)
    await session.close()
  }
  return types
}

export const typesTask = defineTask('types', import.meta.url, readTypes)
