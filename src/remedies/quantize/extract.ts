// One node with its parts and its weights as a model of its own, so that it can be timed alone, in float and in fewer bits.
import type { NodeProto, TensorProto } from 'onnx-buf'
import { graph, int64Tensor, valueInfo } from '../../graph/build.ts'
import { isConstantNode } from '../../graph/constants.ts'
import { copyWith } from '../../graph/copy.ts'
import { withGraph } from '../../graph/edit.ts'
import type { Model } from '../../graph/model.ts'
import { capturedBy, linksOf, readsOf, subgraphsOf } from '../../graph/walk.ts'
import type { ValueTypes } from './choice.ts'
import { quantizable } from './quantizable.ts'

/**
 * The node, named by its first output, with what runs within it (`Quantizable.parts`): the values that it reads from other nodes are
 * inputs, with the shapes that `types` says; its constants come along; its outputs are outputs, under the names of the original.
 * Undefined where there is no such node, where the type of a value is not known with every size, or where it reads integers that are
 * no constants and whose values are not known (the shape of a Reshape that is computed): any other would make another operator of it.
 */
export function extractNode(model: Model, name: string, types: ValueTypes): Model | undefined {
  const main = model.proto.graph
  const found = main && quantizable(model, types).find(({ node }) => node === name)
  if (main === undefined || found === undefined) return undefined
  const { producers } = linksOf(main)
  const parts = (found.parts.length > 0 ? found.parts : [name]).map((one) => producers.get(one)!)
  const made = new Set(parts.flatMap(({ output }) => output))
  const initializers = new Map(main.initializer.map((tensor) => [tensor.name, tensor]))
  const overridable = new Set(main.input.map((input) => input.name))
  const [nodes, tensors, inputs] = [[] as NodeProto[], [] as TensorProto[], [] as ReturnType<typeof valueInfo>[]]
  for (const value of new Set(parts.flatMap(readsOf))) {
    if (made.has(value)) continue
    const tensor = initializers.get(value)
    const producer = producers.get(value)
    if (tensor !== undefined && !overridable.has(value)) tensors.push(tensor)
    else if (producer !== undefined && isConstantNode(producer)) nodes.push(producer)
    else {
      const { dtype, shape, sizes } = types.get(value) ?? {}
      if (dtype === undefined || !isNumbers(shape)) return undefined
      if (dtype !== 'int64') inputs.push(valueInfo(value, dtype, shape))
      else if (isNumbers(sizes)) tensors.push(int64Tensor(value, shape, sizes))
      else return undefined
    }
  }
  const last = parts.at(-1)!
  const outputs = last.output.filter((one) => one !== '').map((one) => typed(one, types))
  if (parts.some((part) => subgraphsOf(part).some(({ graph: inner }) => capturedBy(inner).size > 0))) return undefined
  const own = graph({ nodes: [...nodes, ...parts], inputs, outputs, initializers: tensors, name })
  return withGraph({ ...model, proto: copyWith(model.proto, { functions: model.proto.functions }) }, own)
}

function typed(name: string, types: ValueTypes) {
  const { dtype, shape } = types.get(name) ?? {}
  // Without a type the engine infers it.
  if (dtype === undefined) return copyWith(valueInfo(name, 'float32'), { type: undefined })
  return valueInfo(name, dtype, shape)
}

function isNumbers(sizes: readonly (number | string)[] | undefined): sizes is readonly number[] {
  return sizes?.every((size) => typeof size === 'number') ?? false
}
