// One node with its parts and its weights as a model of its own, so that it can be timed alone, in float and in fewer bits.
import type { NodeProto, TensorProto, ValueInfoProto } from 'onnx-buf'
import { graph, int64Tensor, valueInfo } from '../../graph/build.ts'
import { isConstantNode } from '../../graph/constants.ts'
import { copyWith } from '../../graph/copy.ts'
import { withGraph } from '../../graph/edit.ts'
import type { Model } from '../../graph/model.ts'
import { capturedBy, linksOf, readsOf, subgraphsOf } from '../../graph/walk.ts'
import { isOperator } from '../../rewrite/match.ts'
import type { Quantizable, ValueTypes } from './choice.ts'
import { quantizable } from './quantizable.ts'

/** Inputs of these that are integers say what the operator does; of all others, they are data. */
const SHAPED_BY_INTEGERS: readonly string[] = [
  ...['Reshape', 'Expand', 'Slice', 'Tile', 'Split', 'Resize', 'Squeeze', 'Unsqueeze', 'Pad', 'TopK'],
  ...['ReduceMax', 'ReduceMin', 'ReduceSum', 'ReduceMean', 'ConstantOfShape', 'Range', 'OneHot'],
]

/**
 * The node, named by its first output, with what runs within it (`Quantizable.parts`): the values that it reads from other nodes are
 * inputs, with the types that `types` says (integers among them are indices: 0 is one that is always there); its constants come
 * along, and so do shapes that are computed, as constants; its outputs are outputs, under the names of the original.
 * Undefined where there is no such node, where the type of a value is not known with every size, where it reads integers without which
 * it would be another operator and whose values are not known, and where a subgraph of it reads from outside.
 * `layers`: what `quantizable` gives of the model, where it is there already.
 */
export function extractNode(
  model: Model,
  name: string,
  types: ValueTypes,
  layers: readonly Quantizable[] = quantizable(model, types),
): Model | undefined {
  const main = model.proto.graph
  const found = main && layers.find(({ node }) => node === name)
  if (main === undefined || found === undefined) return undefined
  const { producers } = linksOf(main)
  const parts = (found.parts.length > 0 ? found.parts : [name]).map((one) => producers.get(one)!)
  if (parts.some((part) => subgraphsOf(part).some(({ graph: inner }) => capturedBy(inner).size > 0))) return undefined
  const made = new Set(parts.flatMap(({ output }) => output))
  const initializers = new Map(main.initializer.map((tensor) => [tensor.name, tensor]))
  const overridable = new Set(main.input.map((input) => input.name))
  const [nodes, tensors, inputs] = [[] as NodeProto[], [] as TensorProto[], [] as ValueInfoProto[]]
  for (const value of new Set(parts.flatMap(readsOf))) {
    if (made.has(value)) continue
    const tensor = initializers.get(value)
    const producer = producers.get(value)
    if (tensor !== undefined && !overridable.has(value)) tensors.push(tensor)
    else if (producer !== undefined && isConstantNode(producer)) nodes.push(producer)
    else {
      const { dtype, shape } = types.get(value) ?? {}
      if (dtype === undefined || !isNumbers(shape)) return undefined
      const shaping = dtype === 'int64' && SHAPED_BY_INTEGERS.includes(parts[0]!.opType)
      const numbers = shaping ? integersOf(parts[0]!, value, types) : undefined
      if (shaping && numbers === undefined) return undefined
      if (numbers === undefined) inputs.push(valueInfo(value, dtype, shape))
      else tensors.push(int64Tensor(value, shape, numbers))
    }
  }
  const outputs = parts
    .at(-1)!
    .output.filter((one) => one !== '')
    .map((one) => typed(one, types))
  return withGraph(model, graph({ nodes: [...nodes, ...parts], inputs, outputs, initializers: tensors, name }))
}

/** What an integer value holds: as it is known, or as the result's shape tells it. */
function integersOf(node: NodeProto, value: string, types: ValueTypes): readonly number[] | undefined {
  const { sizes } = types.get(value) ?? {}
  if (isNumbers(sizes)) return sizes
  const shape = types.get(node.output[0]!)?.shape
  return isOperator(node, 'Reshape', 'Expand') && node.input[1] === value && isNumbers(shape) ? shape : undefined
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
