// A graph model: a frozen TensorFlow graph, its inputs and outputs named by a signature, or else its placeholders and what nothing reads.
// https://github.com/tensorflow/tfjs/blob/master/tfjs-converter/src/operations/operation_mapper.ts

import { cast } from '@whyslow/graph/builder/broadcast.ts'
import type { ConstantData } from '@whyslow/graph/builder/constant-data.ts'
import { GraphBuilder, type Value } from '@whyslow/graph/builder/graph-builder.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { Dimension } from '@whyslow/graph/types.ts'
import { isComplex } from './complex.ts'
import { CONTROL_FLOW } from './control-flow.ts'
import { type GraphDef, type NodeDef, readGraphDef, refOf, type TensorRef } from './graph-def.ts'
import type { ModelJson, SignatureTensor } from './model-json.ts'
import { type ModelScope, Scope, type SpecialWriter, worldOf } from './scope.ts'
import { TENSOR_LISTS } from './tensor-lists.ts'

/** Throws InputError, naming the node, where the graph holds what ONNX cannot. */
export function writeGraphModel(model: ModelJson, weights: ReadonlyMap<string, ConstantData>): GraphBuilder {
  const graph = readGraphDef(model.topology, model.file)
  const specials = new Map([
    ...CONTROL_FLOW,
    ...TENSOR_LISTS,
    ['Const', constant] as const,
    ['Placeholder', placeholder] as const,
  ])
  const world = worldOf(model.file, graph, weights, specials)
  const builder = new GraphBuilder()
  const outputs = outputsOf(model, graph)
  if (outputs.length === 0) throw new InputError(`${model.file} has a graph without outputs; convert the model again`)
  builder.reserve(outputs.map(({ name }) => name))
  const scope = new Scope(world, graph.nodes, builder)
  for (const { name, node, shape } of inputsOf(model, graph)) scope.give(node.name, [inputOf(builder, node, { name, shape })])
  const values = outputs.map(({ ref }) => scope.value(ref))
  outputs.forEach(({ name }, k) => {
    builder.output(name, asDeclared(world, builder, values[k]!))
  })
  return builder
}

/** TensorFlow.js has no int64: what ONNX computes of sizes leaves as int32. */
function asDeclared(world: ModelScope, builder: GraphBuilder, value: Value): Value {
  if (isComplex(value))
    throw new InputError(
      `${world.file} gives complex numbers (${value.name}), which ONNX has no operators for; give their magnitude, or both parts`,
    )
  if (world.lists.has(value) && value.constant === undefined && value.name.endsWith('/list'))
    throw new InputError(
      `${world.file} has a list of tensors among its outputs, which ONNX does not have; convert the model again`,
    )
  return value.dtype === 'int64' ? cast(builder, value, 'int32') : value
}

interface GraphInput {
  readonly name: string
  readonly node: NodeDef
  readonly shape: readonly (number | null)[] | undefined
}

/** As the signature names them; placeholders that it leaves out stand behind. */
function inputsOf(model: ModelJson, graph: GraphDef): readonly GraphInput[] {
  const named = (model.signature?.inputs ?? []).flatMap(({ key, tensor, shape }): GraphInput[] => {
    const node = graph.nodes.get(refOf(tensor).node)
    // Tables and other resources are captured, not given.
    if (node === undefined || node.type('dtype') === undefined) return []
    return [{ name: key, node, shape }]
  })
  const seen = new Set(named.map(({ node }) => node.name))
  const others = [...graph.nodes.values()].filter((node) => node.op === 'Placeholder' && !seen.has(node.name))
  const asked = others.filter((node) => node.type('dtype') !== undefined)
  return [...named, ...asked.map((node) => ({ name: node.name, node, shape: undefined }))]
}

function inputOf(builder: GraphBuilder, node: NodeDef, { name, shape }: Omit<GraphInput, 'node'>): Value {
  const dtype = node.type('dtype')
  // The signature knows less than the placeholder only where that knows nothing.
  const sizes = node.shape('shape') ?? shape ?? node.shapes('_output_shapes')[0]
  if (dtype === undefined || dtype === 'complex64')
    throw node.refuse('is an input of a type that ONNX has no operators for; convert the model again')
  if (sizes === undefined)
    throw node.refuse('is an input whose number of axes is not known; convert the model with a shape for it')
  const known = shape?.length === sizes.length ? sizes.map((size, axis) => size ?? shape[axis]!) : sizes
  return builder.input(
    name,
    dtype,
    known.map((size, axis): Dimension => size ?? (axis === 0 ? 'batch' : `${name}_axis${axis}`)),
  )
}

interface GraphOutput {
  readonly name: string
  readonly ref: TensorRef
}

function outputsOf(model: ModelJson, graph: GraphDef): readonly GraphOutput[] {
  const { signature } = model
  if (signature !== undefined) return signature.outputs.map((output) => outputOf(output, graph, model.file))
  const read = new Set(
    [...graph.nodes.values()].flatMap(({ inputs, controls }) => [...inputs, ...controls].map(({ node }) => node)),
  )
  const last = [...graph.nodes.values()].filter(({ name, op }) => !read.has(name) && !NO_RESULT.has(op))
  return last.map(({ name }) => ({ name, ref: { node: name, index: 0 } }))
}

function outputOf({ key, tensor }: SignatureTensor, graph: GraphDef, file: string): GraphOutput {
  const ref = refOf(tensor)
  if (graph.nodes.has(ref.node)) return { name: key, ref }
  throw new InputError(
    `${file} names the output '${key}' of node '${ref.node}', which is not in its graph; convert the model again`,
  )
}

/** Operators that give nothing, or nothing of the model's own. */
const NO_RESULT: ReadonlySet<string> = new Set(['NoOp', 'Assert', 'Placeholder', 'Const', 'Print'])

const constant: SpecialWriter = (node, scope) => {
  const data = scope.world.weights.get(node.name)
  if (data === undefined) throw node.refuse('is a constant that the weights do not have; download or convert the model again')
  return [scope.builder.constant(data, 'value')]
}

const placeholder: SpecialWriter = (node) => {
  throw node.refuse('is an input of a type that is not supported; convert the model again')
}
