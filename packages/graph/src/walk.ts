// Going through a model: its graphs, subgraphs (If, Loop, Scan) and functions, and who makes and who reads each value.
// A node that holds a subgraph also reads the outer values that the subgraph captures:
// https://github.com/onnx/onnx/blob/main/docs/IR.md#nodes
import type { FunctionProto, GraphProto, ModelProto, NodeProto, SparseTensorProto, TensorProto } from 'onnx-buf'

/** A graph or a function body: something that holds nodes. */
export type NodeHolder = GraphProto | FunctionProto

export interface NamedSubgraph {
  /** The attribute's name: 'then_branch', 'body'; with '_0', '_1' … where the attribute is a list of graphs. */
  readonly attribute: string
  readonly graph: GraphProto
}

/** The graphs among a node's attributes. */
export function subgraphsOf(node: NodeProto): NamedSubgraph[] {
  const found: NamedSubgraph[] = []
  for (const attribute of node.attribute) {
    if (attribute.g !== undefined) found.push({ attribute: attribute.name, graph: attribute.g })
    attribute.graphs.forEach((graph, index) => {
      found.push({ attribute: `${attribute.name}_${index}`, graph })
    })
  }
  return found
}

/** Every graph of the model: the main graph first, then its subgraphs at any depth, then function bodies with theirs. */
export function holdersOf(model: ModelProto): NodeHolder[] {
  const holders: NodeHolder[] = [...(model.graph === undefined ? [] : [model.graph]), ...model.functions]
  for (let i = 0; i < holders.length; i++) {
    for (const node of holders[i]!.node) for (const { graph } of subgraphsOf(node)) holders.push(graph)
  }
  return holders
}

/** Every node of the model, in subgraphs and functions too. */
export function nodesOf(model: ModelProto): NodeProto[] {
  return holdersOf(model).flatMap((holder) => holder.node)
}

/** A tensor as the file holds it, with the name to call it by: its own, or that of the value it becomes. */
export interface NamedTensor {
  readonly name: string
  readonly tensor: TensorProto
}

/** Every tensor message of one graph or function: initializers and attributes of its nodes, dense and the parts of sparse ones. */
export function tensorsIn(holder: NodeHolder): NamedTensor[] {
  const found: NamedTensor[] = []
  const add = (tensor: TensorProto | undefined, name: string) => {
    if (tensor !== undefined) found.push({ name: name || tensor.name, tensor })
  }
  const addSparse = (sparse: SparseTensorProto | undefined, name: string) => {
    add(sparse?.values, name)
    add(sparse?.indices, name)
  }
  if (holder.$typeName === 'onnx.GraphProto') {
    for (const tensor of holder.initializer) add(tensor, tensor.name)
    for (const sparse of holder.sparseInitializer) addSparse(sparse, sparse.values?.name ?? '')
  }
  for (const node of holder.node) {
    const name = node.output[0] ?? ''
    for (const attribute of node.attribute) {
      add(attribute.t, name)
      addSparse(attribute.sparseTensor, name)
      for (const tensor of attribute.tensors) add(tensor, name)
      for (const sparse of attribute.sparseTensors) addSparse(sparse, name)
    }
  }
  return found
}

/** The values that a graph takes from the graphs around it. */
export function capturedBy(graph: GraphProto): Set<string> {
  const captured = new Set<string>()
  const own = definedIn(graph)
  const take = (name: string) => {
    if (name !== '' && !own.has(name)) captured.add(name)
  }
  for (const node of graph.node) {
    for (const input of node.input) take(input)
    for (const { graph: inner } of subgraphsOf(node)) for (const name of capturedBy(inner)) take(name)
  }
  for (const output of graph.output) take(output.name)
  return captured
}

/** Every name that a graph itself gives a value: inputs, initializers, outputs of nodes. */
export function definedIn(holder: NodeHolder): Set<string> {
  const names = new Set<string>(inputNames(holder))
  if (holder.$typeName === 'onnx.GraphProto') {
    for (const tensor of holder.initializer) names.add(tensor.name)
    for (const sparse of holder.sparseInitializer) if (sparse.values !== undefined) names.add(sparse.values.name)
  }
  for (const node of holder.node) for (const output of node.output) if (output !== '') names.add(output)
  return names
}

/** The names of a graph's or function's inputs, in their order. */
export function inputNames(holder: NodeHolder): string[] {
  return holder.input.map((input) => (typeof input === 'string' ? input : input.name))
}

/** The names of a graph's or function's outputs, in their order. */
export function outputNames(holder: NodeHolder): string[] {
  return holder.output.map((output) => (typeof output === 'string' ? output : output.name))
}

/** What a node reads: its inputs that are not omitted, and what its subgraphs capture. Each once. */
export function readsOf(node: NodeProto): string[] {
  const names = new Set<string>()
  for (const input of node.input) if (input !== '') names.add(input)
  for (const { graph } of subgraphsOf(node)) for (const name of capturedBy(graph)) names.add(name)
  return [...names]
}

export interface Links<Node> {
  /** The node that makes each value, keyed by value name. Inputs and constants have none. */
  readonly producers: ReadonlyMap<string, Node>
  /** The nodes of the same graph that read each value, each once, in graph order; keyed by value name. */
  readonly consumers: ReadonlyMap<string, readonly Node[]>
}

/** Who makes and who reads each value of one graph. */
export function linksOf(holder: NodeHolder): Links<NodeProto> {
  return link(
    holder.node,
    (node) => node.output,
    (node) => readsOf(node),
  )
}

/** The same for nodes of any other shape: `writes` and `reads` name their values. */
export function link<Node>(
  nodes: readonly Node[],
  writes: (node: Node) => readonly string[],
  reads: (node: Node) => readonly string[],
): Links<Node> {
  const producers = new Map<string, Node>()
  const consumers = new Map<string, Node[]>()
  for (const node of nodes) {
    for (const name of writes(node)) if (name !== '') producers.set(name, node)
    for (const name of new Set(reads(node))) {
      if (name === '') continue
      const readers = consumers.get(name)
      if (readers === undefined) consumers.set(name, [node])
      else readers.push(node)
    }
  }
  return { producers, consumers }
}
