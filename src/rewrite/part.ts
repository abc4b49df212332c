// A part of a model as a model of its own, so that it can be timed alone: some of its nodes with their weights, what they read from the
// others as inputs with the types that they have when the model runs.
import type { NodeProto, TensorProto, ValueInfoProto } from 'onnx-buf'
import { graph, int64Tensor, valueInfo } from '../graph/build.ts'
import { isConstantNode } from '../graph/constants.ts'
import { withGraph } from '../graph/edit.ts'
import type { Model } from '../graph/model.ts'
import type { TensorType } from '../graph/types.ts'
import { capturedBy, linksOf, readsOf, subgraphsOf } from '../graph/walk.ts'
import { isOperator } from './match.ts'

/** As run. */
export interface PartType extends TensorType {
  /** The numbers of a short int64 value: sizes and axes that were computed. */
  readonly sizes?: readonly number[]
}

/** Inputs of these that are integers say what the operator does; of all others, they are data. */
const SHAPED_BY_INTEGERS: readonly string[] = [
  ...['Reshape', 'Expand', 'Slice', 'Tile', 'Split', 'Resize', 'Upsample', 'Squeeze', 'Unsqueeze', 'Pad', 'TopK'],
  ...['ReduceMax', 'ReduceMin', 'ReduceSum', 'ReduceMean', 'ConstantOfShape', 'Range', 'OneHot'],
]

/**
 * The nodes, of the main graph, in its order. Values that others make are inputs (integers among them are indices: 0 is one that is always
 * there); constants come along, and so do shapes that are computed, as constants; what others read of them is an output, under its name.
 * undefined where a type is not known, where a shape is needed whose numbers are not known, and where a subgraph reads from outside.
 */
export function partOf(model: Model, parts: readonly NodeProto[], types: ReadonlyMap<string, PartType>): Model | undefined {
  const main = model.proto.graph!
  if (parts.some((part) => subgraphsOf(part).some(({ graph: inner }) => capturedBy(inner).size > 0))) return undefined
  const { producers } = linksOf(main)
  const made = new Set(parts.flatMap(({ output }) => output))
  const initializers = new Map(main.initializer.map((tensor) => [tensor.name, tensor]))
  const [nodes, tensors, inputs] = [[] as NodeProto[], [] as TensorProto[], [] as ValueInfoProto[]]
  for (const value of new Set(parts.flatMap(readsOf))) {
    if (made.has(value)) continue
    const tensor = initializers.get(value)
    const producer = producers.get(value)
    if (tensor !== undefined) tensors.push(tensor)
    else if (producer !== undefined && isConstantNode(producer)) nodes.push(producer)
    else {
      const type = types.get(value)
      if (type === undefined) return undefined
      const reader = parts.find(({ input }) => input.includes(value))!
      const shaping = type.dtype === 'int64' && isOperator(reader, ...SHAPED_BY_INTEGERS)
      const numbers = shaping ? (type.sizes ?? targetOf(reader, value, types)) : undefined
      if (shaping && numbers === undefined) return undefined
      if (numbers === undefined) inputs.push(valueInfo(value, type.dtype, type.shape))
      else tensors.push(int64Tensor(value, type.shape, numbers))
    }
  }
  const read = new Set([
    ...main.output.map(({ name }) => name),
    ...main.node.flatMap((one) => (parts.includes(one) ? [] : readsOf(one))),
  ])
  const given = [...made].filter((name) => name !== '' && read.has(name))
  const outputs = given.map((name) => {
    const type = types.get(name)
    return type === undefined ? undefined : valueInfo(name, type.dtype, type.shape)
  })
  if (inputs.length === 0 || outputs.length === 0 || outputs.some((one) => one === undefined)) return undefined
  const part = graph({
    nodes: [...nodes, ...parts],
    inputs,
    outputs: outputs as ValueInfoProto[],
    initializers: tensors,
    name: 'part',
  })
  return withGraph(model, part)
}

/** The shape that Reshape and Expand are asked for is their result's. */
function targetOf(node: NodeProto, value: string, types: ReadonlyMap<string, PartType>): readonly number[] | undefined {
  return isOperator(node, 'Reshape', 'Expand') && node.input[1] === value ? types.get(node.output[0]!)?.shape : undefined
}
