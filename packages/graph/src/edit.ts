// Changing a graph without changing it: a new GraphProto that shares what stays. Rewrites say what goes and what comes; order,
// names read inside subgraphs, and what nobody reads any more are settled here.
// Names live in one space per graph and its subgraphs: https://github.com/onnx/onnx/blob/main/docs/IR.md#names-within-a-graph
import { create } from '@bufbuild/protobuf'
import { type GraphProto, type NodeProto, OperatorSetIdProtoSchema, type TensorProto } from 'onnx-buf'
import { valueInfo } from './build.ts'
import { copyWith } from './copy.ts'
import type { Model } from './model.ts'
import { topologicalOrder } from './topology.ts'
import { definedIn, linksOf, readsOf, subgraphsOf } from './walk.ts'

export interface GraphEdit {
  readonly remove?: ReadonlySet<NodeProto>
  /** Nodes to add, in any order. */
  readonly add?: readonly NodeProto[]
  readonly addInitializers?: readonly TensorProto[]
  /** Value name -> the value read in its place, by nodes of this graph and of its subgraphs. Graph outputs keep their names. */
  readonly read?: ReadonlyMap<string, string>
}

/**
 * The graph with the edit made, its nodes in an order that can be run, and what nobody reads taken out.
 * Throws an Error if the edit makes a cycle: a fault of the rewrite.
 */
export function editGraph(graph: GraphProto, { remove, add = [], addInitializers = [], read }: GraphEdit): GraphProto {
  const kept = remove ? graph.node.filter((node) => !remove.has(node)) : graph.node
  const all = [...kept, ...add]
  const node = read && read.size > 0 ? all.map((one) => readOther(one, read)) : all
  const edited = copyWith(graph, { node, initializer: [...graph.initializer, ...addInitializers] })
  const order = topologicalOrder(edited)
  if (order.cyclic) throw new Error(`a rewrite made a cycle at ${order.cycle[0]!.output[0]}`)
  return withoutDead(copyWith(edited, { node: [...order.nodes] }))
}

/** Edits of one graph, which do not overlap, as one. */
export function joinEdits(edits: readonly GraphEdit[]): GraphEdit {
  return {
    remove: new Set(edits.flatMap(({ remove }) => [...(remove ?? [])])),
    add: edits.flatMap(({ add }) => add ?? []),
    addInitializers: edits.flatMap(({ addInitializers }) => addInitializers ?? []),
    read: new Map(edits.flatMap(({ read }) => [...(read ?? [])])),
  }
}

/** The node with its subgraphs changed; the same node if `change` gives each back. */
export function mapSubgraphs(node: NodeProto, change: (graph: GraphProto) => GraphProto): NodeProto {
  if (subgraphsOf(node).length === 0) return node
  const attribute = node.attribute.map((one) => {
    const [g, graphs] = [one.g && change(one.g), one.graphs.map(change)]
    return g === one.g && graphs.every((graph, index) => graph === one.graphs[index]) ? one : copyWith(one, { g, graphs })
  })
  return attribute.every((one, index) => one === node.attribute[index]) ? node : copyWith(node, { attribute })
}

/** The node reading other values, inside its subgraphs too. A name that a subgraph defines itself is its own. */
export function readOther(node: NodeProto, read: ReadonlyMap<string, string>): NodeProto {
  const input = node.input.map((name) => finalName(name, read))
  return copyWith(
    mapSubgraphs(node, (graph) => readOtherIn(graph, read)),
    { input },
  )
}

function readOtherIn(graph: GraphProto, read: ReadonlyMap<string, string>): GraphProto {
  const own = definedIn(graph)
  const outer = new Map([...read].filter(([name]) => !own.has(name)))
  if (outer.size === 0) return graph
  return copyWith(graph, {
    node: graph.node.map((node) => readOther(node, outer)),
    output: graph.output.map((output) => copyWith(output, { name: finalName(output.name, outer) })),
  })
}

/** Follows chains: a -> b and b -> c give c for a. */
function finalName(name: string, read: ReadonlyMap<string, string>): string {
  let at = name
  for (let k = 0; k <= read.size && read.has(at); k++) at = read.get(at)!
  return at
}

/** A copy that lacks nodes and initializers whose values nobody reads, and declared types of values that are gone. */
export function withoutDead(graph: GraphProto): GraphProto {
  const { producers } = linksOf(graph)
  const live = new Set<string>()
  const todo = graph.output.map(({ name }) => name)
  const kept = new Set<NodeProto>()
  while (todo.length > 0) {
    const name = todo.pop()!
    if (live.has(name)) continue
    live.add(name)
    const maker = producers.get(name)
    if (maker === undefined || kept.has(maker)) continue
    kept.add(maker)
    for (const read of readsOf(maker)) todo.push(read)
  }
  const listed = new Set(graph.input.map(({ name }) => name))
  const node = graph.node.filter((one) => kept.has(one))
  const made = new Set(node.flatMap(({ output }) => output))
  const named = new Set([...made, ...live])
  return copyWith(graph, {
    node,
    initializer: graph.initializer.filter(({ name }) => live.has(name) || listed.has(name)),
    sparseInitializer: graph.sparseInitializer.filter(
      ({ values }) => live.has(values?.name ?? '') || listed.has(values?.name ?? ''),
    ),
    valueInfo: graph.valueInfo.filter(({ name }) => named.has(name)),
    quantizationAnnotation: graph.quantizationAnnotation.filter(({ tensorName }) => named.has(tensorName)),
  })
}

/** A maker of names that the graph and its subgraphs do not use yet: `hint`, then `hint_1`, `hint_2` … */
export function freshNames(graph: GraphProto): (hint: string) => string {
  const used = new Set<string>()
  const collect = (one: GraphProto) => {
    for (const name of definedIn(one)) used.add(name)
    for (const node of one.node) {
      used.add(node.name)
      for (const { graph: inner } of subgraphsOf(node)) collect(inner)
    }
  }
  collect(graph)
  return (hint) => {
    let name = hint
    for (let k = 1; used.has(name); k++) name = `${hint}_${k}`
    used.add(name)
    return name
  }
}

/** The model with another main graph; its source stays what it was read from. */
export function withGraph(model: Model, graph: GraphProto): Model {
  return { ...model, proto: copyWith(model.proto, { graph }) }
}

/** The first IR version in which an initializer need not be an input, and one that is may be overridden. */
const FREE_INITIALIZERS = 4n

/** An older model as one in which its initializers are no inputs: they are as constant as before, and new ones may be added. */
export function withFreeInitializers(model: Model): Model {
  const { graph, irVersion } = model.proto
  if (graph === undefined || irVersion >= FREE_INITIALIZERS) return model
  const given = new Set(graph.initializer.map(({ name }) => name))
  const input = graph.input.filter(({ name }) => !given.has(name))
  return { ...model, proto: copyWith(model.proto, { irVersion: FREE_INITIALIZERS, graph: copyWith(graph, { input }) }) }
}

/** The model importing `domain`, at `version` where it imports it not yet. */
export function withDomain(model: Model, domain: string, version: number): Model {
  if (model.proto.opsetImport.some((one) => one.domain === domain)) return model
  const imported = create(OperatorSetIdProtoSchema, { domain, version: BigInt(version) })
  return { ...model, proto: copyWith(model.proto, { opsetImport: [...model.proto.opsetImport, imported] }) }
}

/** The model that also outputs each of the values; the engine finds their types. */
export function withValuesAsOutputs(model: Model, values: readonly string[]): Model {
  const graph = model.proto.graph!
  const listed = new Set(graph.output.map(({ name }) => name))
  const added = values
    .filter((name) => !listed.has(name))
    .map((name) => copyWith(valueInfo(name, 'float32'), { type: undefined }))
  return withGraph(model, copyWith(graph, { output: [...graph.output, ...added] }))
}
