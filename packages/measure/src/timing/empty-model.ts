// A model with the user's inputs and outputs and no arithmetic: what is left of a prediction is the price of asking. Each output
// is a constant of the right type and shape, which the engine copies out; each input is taken and not read.
import { model, rawTensor, stringTensor, valueInfo, writeModel } from '@whyslow/graph/build.ts'
import { elementCount, sizeInBytes } from '@whyslow/graph/dtype.ts'
import type { TensorType } from '@whyslow/graph/types.ts'

export interface NamedType {
  readonly name: string
  readonly type: TensorType
}

export function emptyModel(inputs: readonly NamedType[], outputs: readonly NamedType[]): Uint8Array {
  const taken = new Set(inputs.map(({ name }) => name))
  const named = outputs.map((output, i) => (taken.has(output.name) ? { ...output, name: `output-${i}` } : output))
  return writeModel(
    model({
      nodes: [],
      inputs: inputs.map(({ name, type }) => valueInfo(name, type.dtype, type.shape)),
      outputs: named.map(({ name, type }) => valueInfo(name, type.dtype, type.shape)),
      initializers: named.map(({ name, type }) => constantOf(name, type)),
      opset: 17,
    }),
  )
}

/** Text, such as the label of a class, is of a usual length. */
function constantOf(name: string, type: TensorType) {
  const { dtype, shape } = type
  if (dtype !== 'string') return rawTensor(name, dtype, shape, new Uint8Array(sizeInBytes(type)!))
  return stringTensor(name, shape, Array<string>(elementCount(shape)).fill('a label'))
}
