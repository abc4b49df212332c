// The graph written with TFLite's operators, node by node: see lowerer.ts for what a rule is given, and rules/ for the operators.

import { arrayOver, type ConstantData, reshapeConstant, transposeConstant } from '@whyslow/graph/builder/constant-data.ts'
import { type Constant, constantsIn, isConstantNode, readBytes, readStrings } from '@whyslow/graph/constants.ts'
import { elementCount } from '@whyslow/graph/dtype.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { topologicalOrder } from '@whyslow/graph/topology.ts'
import type { GraphView } from '@whyslow/graph/types.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { link, subgraphsOf } from '@whyslow/graph/walk.ts'
import type { GraphProto } from 'onnx-buf'
import { type LiteGraph, type Port, withoutUnread } from './lite-graph.ts'
import { Lowerer, type OnnxNode, type Source, type WriteType } from './lowerer.ts'
import { lowerNodes } from './rules/index.ts'
import type { Target } from './target.ts'

/** Types of the main graph's values by name, as far as they follow from the model; constants need none. */
export type WriteTypes = ReadonlyMap<string, WriteType>

/** Throws InputError, one line that names the node, where an operator or a size has no place in a model of the target. */
export function lower(model: Model, types: WriteTypes, target: Target): LiteGraph {
  const { file } = model.source
  const graph = model.proto.graph
  if (graph === undefined) throw new InputError(`${file} holds no graph; export the model again`)
  const order = topologicalOrder(graph)
  if (order.cyclic) throw new InputError(`${file}: its nodes read from one another in a ring`)
  const ordered = { ...graph, node: [...order.nodes] }
  const view = viewGraph({ ...model, proto: { ...model.proto, graph: ordered } })
  const nodes = nodesOf(ordered, view)
  const lowerer = new Lowerer(file, sourceOf(model, types, nodes), target)
  const inputs = view.inputs.map(({ name }): Port => ({ name, tensor: lowerer.input(name) }))
  lowerNodes(lowerer, nodes)
  const outputs = view.outputs.map(({ name }): Port => ({ name, tensor: lowerer.output(name) }))
  return withoutUnread({ inputs, outputs, operators: lowerer.operators })
}

function nodesOf(graph: GraphProto, view: GraphView): OnnxNode[] {
  const protos = graph.node.filter((node) => !isConstantNode(node))
  return view.nodes.map((node, k) => ({ ...node, proto: protos[k]! }))
}

/** All nodes, including those of graphs in nodes, at any depth. */
function allNodes(nodes: readonly OnnxNode[]): OnnxNode[] {
  return nodes.flatMap((node) => [node, ...allNodes(bodyNodes(node))])
}

function bodyNodes({ proto, subgraphs }: OnnxNode): OnnxNode[] {
  return subgraphsOf(proto).flatMap(({ attribute, graph }) => nodesOf(graph, subgraphs[attribute]!))
}

function sourceOf(model: Model, types: WriteTypes, main: readonly OnnxNode[]): Source {
  const nodes = allNodes(main)
  const graphs = [model.proto.graph!, ...nodes.flatMap(({ proto }) => subgraphsOf(proto).map(({ graph }) => graph))]
  const constants = new Map(graphs.flatMap((graph) => constantsIn(graph)).map((constant) => [constant.name, constant]))
  const read = new Map<string, ConstantData>()
  const { consumers } = link<OnnxNode>(
    nodes,
    ({ outputs }) => outputs,
    ({ inputs }) => inputs,
  )
  const makers = new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)))
  const outputs = new Set(graphs.flatMap((graph) => graph.output.map(({ name }) => name)))
  const constantOf = (name: string): ConstantData | undefined => {
    const known = read.get(name)
    if (known !== undefined) return known
    const constant = constants.get(name)
    const made = constant === undefined ? followed(name) : contentOf(model, constant)
    if (made !== undefined) read.set(name, made)
    return made
  }
  // Exporters put weights behind an Identity, a Reshape or a Transpose.
  const followed = (name: string): ConstantData | undefined => {
    const maker = makers.get(name)
    const source = maker?.domain === '' && MOVING.has(maker.opType) ? constantOf(maker.inputs[0] ?? '') : undefined
    if (maker === undefined || source === undefined || outputs.has(name)) return undefined
    if (maker.opType === 'Identity') return source
    if (maker.opType === 'Transpose') {
      const { perm } = maker.attributes
      return transposeConstant(
        source,
        Array.isArray(perm) ? (perm as number[]) : source.shape.map((_, axis) => source.shape.length - 1 - axis),
      )
    }
    const shape = types.get(name)?.shape
    return shape?.every((size) => typeof size === 'number') ? reshapeConstant(source, shape as number[]) : undefined
  }
  return {
    opset: Number(model.proto.opsetImport.find(({ domain }) => domain === '' || domain === 'ai.onnx')?.version ?? 1n),
    type(name) {
      const constant = constants.get(name)
      return constant === undefined ? (types.get(name) ?? {}) : constant
    },
    constant: constantOf,
    readersOf: (name) => consumers.get(name) ?? [],
    isOutput: (name) => outputs.has(name),
    makerOf: (name) => makers.get(name),
    bodyOf: bodyNodes,
  }
}

const MOVING: ReadonlySet<string> = new Set(['Flatten', 'Identity', 'Reshape', 'Squeeze', 'Transpose', 'Unsqueeze'])

function contentOf(model: Model, constant: Constant): ConstantData | undefined {
  const { dtype, shape } = constant
  const data = dtype === 'string' ? readStrings(constant) : arrayOver(dtype, readBytes(model, constant), elementCount(shape))
  return data && { dtype, shape, data }
}
