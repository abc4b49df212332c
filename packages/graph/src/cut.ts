// A graph cut at few values: what lies before one of them (the head), behind another (the tail), and what stays between.
import type { GraphProto, NodeProto, ValueInfoProto } from 'onnx-buf'
import { valueInfo } from './build.ts'
import { isConstantNode } from './constants.ts'
import { copyWith } from './copy.ts'
import { withGraph, withoutDead } from './edit.ts'
import type { Model } from './model.ts'
import { type Links, linksOf, readsOf } from './walk.ts'

/** A value of the graph, rows × columns of float32, at which it is cut. */
export interface CutAt {
  readonly value: string
  readonly columns: number
}

/** Holds at least one of both. What comes before `head` and what comes after `tail` is removed. */
export interface Cut {
  readonly head?: CutAt
  readonly tail?: CutAt
}

export interface CutModel {
  readonly head?: Model
  readonly rest: Model
  readonly tail?: Model
}

/** Throws an Error if the graph has no such value. */
export function cutModel(model: Model, { head, tail }: Cut): CutModel {
  const graph = model.proto.graph!
  for (const at of [head, tail])
    if (at !== undefined && !graph.node.some(({ output }) => output.includes(at.value)))
      throw new Error(`the model has no value ${JSON.stringify(at.value)} to be cut at`)
  const behind = tail === undefined ? new Set<NodeProto>() : nodesBehind(graph, tail.value, linksOf(graph))
  const behindNames = new Set([...behind].flatMap(({ output }) => output))
  const isBehind = ({ name }: ValueInfoProto) => behindNames.has(name)
  const outputs = graph.output.filter((one) => !isBehind(one))
  const restOutputs = tail === undefined || outputs.some(({ name }) => name === tail.value) ? outputs : [...outputs, infoOf(tail)]
  const nodes = graph.node.filter((node) => !behind.has(node) && !(head !== undefined && node.output.includes(head.value)))
  const input = head === undefined ? graph.input : [...graph.input, infoOf(head)]
  const rest = copyWith(graph, { node: nodes, input, output: restOutputs })
  const before = head && copyWith(graph, { output: [infoOf(head)] })
  const after = tail && copyWith(graph, { node: [...behind], input: [infoOf(tail)], output: graph.output.filter(isBehind) })
  return {
    rest: lean(model, rest),
    ...(before && { head: lean(model, before) }),
    ...(after && { tail: lean(model, after) }),
  }
}

const infoOf = ({ value, columns }: CutAt): ValueInfoProto => valueInfo(value, 'float32', [null, columns])

/** The model with `graph` as its main graph, less everything that nobody reads, including inputs. */
function lean(model: Model, graph: GraphProto): Model {
  const alive = withoutDead(graph)
  const read = new Set([...alive.node.flatMap((node) => [...readsOf(node)]), ...alive.output.map(({ name }) => name)])
  const input = alive.input.filter(({ name }) => read.has(name))
  return withGraph(model, copyWith(alive, { input, initializer: alive.initializer.filter(({ name }) => read.has(name)) }))
}

/** All nodes that depend on the value, in the graph's order, with what makes constants; of `most`, or more where there are more. */
export function nodesBehind(
  graph: GraphProto,
  value: string,
  { consumers }: Links<NodeProto>,
  most = Number.POSITIVE_INFINITY,
): Set<NodeProto> {
  const found = new Set<NodeProto>()
  const todo = [value]
  while (todo.length > 0 && found.size <= most) {
    for (const node of consumers.get(todo.pop()!) ?? []) {
      if (found.has(node)) continue
      found.add(node)
      for (const name of node.output) if (name !== '') todo.push(name)
    }
  }
  return new Set(graph.node.filter((node) => found.has(node) || isConstantNode(node)))
}

/** The nodes that nothing needs any more where the value is given. */
export function nodesBefore(graph: GraphProto, value: string, links: Links<NodeProto>): Set<NodeProto> {
  const rest = nodesAlive(graph, links, [value])
  return new Set([...nodesAlive(graph, links, [])].filter((node) => !rest.has(node) && !isConstantNode(node)))
}

/** What the outputs depend on, without what lies before values that are given. */
function nodesAlive(graph: GraphProto, { producers }: Links<NodeProto>, given: readonly string[]): Set<NodeProto> {
  const kept = new Set<NodeProto>()
  const seen = new Set(given)
  const todo = graph.output.map(({ name }) => name)
  while (todo.length > 0) {
    const name = todo.pop()!
    if (seen.has(name)) continue
    seen.add(name)
    const maker = producers.get(name)
    if (maker === undefined || kept.has(maker)) continue
    kept.add(maker)
    for (const read of readsOf(maker)) todo.push(read)
  }
  return kept
}
