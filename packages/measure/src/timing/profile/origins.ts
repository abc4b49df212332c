// Which of the user's nodes are in a node that the engine runs? Fusion renames nodes and drops values, but what flows in and out of
// a fused node keeps its name, except in the blocked layout: there a node is called after the value it makes, plus '_nchwc'
// (onnxruntime/core/optimizer/nchwc_transformer.cc).
import type { GraphView, NodeView } from '@whyslow/graph/types.ts'

const BLOCKED_SUFFIX = /(_bn)?_nchwc$/
/** Int8 convolutions that were moved to channels-last: the operator's name, a number, and an output under the operator's name. */
const MOVED_SUFFIX = /_token_\d+$/
const INT8 = /^(QLinear|QGemm)/
const INSERTED = new Set(['ReorderInput', 'ReorderOutput', 'MemcpyToHost', 'MemcpyFromHost'])
const INSERTED_NAME =
  /^(InsertedPrecisionFreeCast|InsertedCast|Memcpy|transpose_token|Transpose_token|ReorderInput|ReorderOutput)/

export interface Origin {
  readonly origin: readonly string[]
  readonly inserted: boolean
}

/** The user's nodes by what they make, take and are called; and what values of the executed graph stand for. */
interface Joined {
  readonly producers: ReadonlyMap<string, NodeView>
  readonly consumers: ReadonlyMap<string, readonly NodeView[]>
  readonly byName: ReadonlyMap<string, NodeView>
  /** Executed value -> the user's value it represents. */
  readonly meaning: Map<string, string>
}

/** Origins for each node of `executed`, in its order. Subgraphs are distinguished by the caller, graph by graph. */
export function originsOf(executed: GraphView, original: GraphView): Origin[] {
  const joined = joinGraphs(executed, original)
  const starts = executed.nodes.map((node) => startOf(node, joined))
  const available = new Set<string>([...Object.keys(executed.constants), ...executed.inputs.map((i) => i.name)])
  for (const node of executed.nodes) for (const output of node.outputs) if (output) available.add(known(output, joined) ?? output)
  const origins = executed.nodes.map((node, index): Origin => {
    const inserted = isInserted(node, joined)
    const start = starts[index]!
    if (inserted || start.length === 0)
      return { origin: namesOf(start.length ? start : nearest(node, joined)), inserted: inserted || start.length === 0 }
    return { origin: namesOf(absorbed(start, available, joined)), inserted: false }
  })
  return inherit(executed.nodes, origins)
}

function joinGraphs(executed: GraphView, original: GraphView): Joined {
  const producers = new Map<string, NodeView>()
  const consumers = new Map<string, NodeView[]>()
  for (const node of original.nodes) {
    for (const output of node.outputs) if (output) producers.set(output, node)
    for (const input of node.inputs) if (input) consumers.set(input, [...(consumers.get(input) ?? []), node])
  }
  const byName = new Map(original.nodes.map((node) => [node.name, node]))
  const joined: Joined = { producers, consumers, byName, meaning: new Map() }
  for (const node of executed.nodes) {
    const value = BLOCKED_SUFFIX.test(node.name) ? node.name.replace(BLOCKED_SUFFIX, '') : undefined
    if (value && producers.has(value) && node.outputs[0]) joined.meaning.set(node.outputs[0], value)
    if (node.opType === 'ReorderInput' && node.inputs[0] && node.outputs[0]) {
      const from = known(node.inputs[0], joined)
      if (from) joined.meaning.set(node.outputs[0], from)
    }
  }
  return joined
}

const known = (value: string, { meaning, producers, consumers }: Joined): string | undefined =>
  meaning.get(value) ?? (producers.has(value) || consumers.has(value) ? value : undefined)

function producerOf(value: string, joined: Joined): NodeView | undefined {
  const own = value ? known(value, joined) : undefined
  return own ? joined.producers.get(own) : undefined
}

const isInserted = (node: NodeView, joined: Joined): boolean =>
  INSERTED.has(node.opType) || (!joined.byName.has(node.name) && (INSERTED_NAME.test(node.name) || movesBack(node, joined)))

/** A Transpose that gives under its old name what another of the user's nodes made, and the engine in another layout. */
function movesBack({ opType, outputs }: NodeView, joined: Joined): boolean {
  const maker = opType === 'Transpose' ? producerOf(outputs[0] ?? '', joined) : undefined
  return maker !== undefined && maker.opType !== 'Transpose'
}

function startOf(node: NodeView, joined: Joined): NodeView[] {
  const made = node.outputs.flatMap((output) => producerOf(output, joined) ?? [])
  if (made.length) return unique(made)
  const named =
    joined.byName.get(node.name) ?? joined.byName.get(node.name.replace(MOVED_SUFFIX, '')) ?? sameOnValues(node, joined)
  if (named === undefined) return []
  const found = INT8.test(node.opType) && !INT8.test(named.opType) ? quantizedBy(named, joined) : named
  for (const [i, output] of node.outputs.entries()) if (output && found.outputs[i]) joined.meaning.set(output, found.outputs[i])
  return [found]
}

/** What turns the operator's result into int8, by itself or behind an activation; the operator if nothing does. */
function quantizedBy(operator: NodeView, { consumers }: Joined): NodeView {
  const next = ({ outputs: [value] }: NodeView) => {
    const readers = consumers.get(value ?? '') ?? []
    return readers.length === 1 ? readers[0] : undefined
  }
  const first = next(operator)
  const second = first && next(first)
  return [first, second].find((one) => one?.opType === 'QuantizeLinear') ?? operator
}

/** The same operator on the same values: a node whose output was moved to another layout. */
function sameOnValues({ inputs, opType }: NodeView, joined: Joined): NodeView | undefined {
  const values = inputs.flatMap((input) => known(input, joined) ?? [])
  return values.flatMap((value) => joined.consumers.get(value) ?? []).find((consumer) => consumer.opType === opType)
}

/** Everything before `start` that no other executed node, input or constant gives. */
function absorbed(start: readonly NodeView[], available: ReadonlySet<string>, { producers }: Joined): NodeView[] {
  const taken = new Set(start)
  const todo = [...start]
  while (todo.length) {
    for (const input of todo.pop()!.inputs) {
      const producer = input && !available.has(input) ? producers.get(input) : undefined
      if (producer && !taken.has(producer)) {
        taken.add(producer)
        todo.push(producer)
      }
    }
  }
  return [...taken]
}

/** For what the engine put in: the node whose value it converts, else the node that takes it. */
function nearest(node: NodeView, joined: Joined): NodeView[] {
  for (const input of node.inputs) {
    const value = input ? known(input, joined) : undefined
    const found = value && (joined.producers.get(value) ?? joined.consumers.get(value)?.[0])
    if (found) return [found]
  }
  return []
}

const unique = <T>(values: readonly T[]): T[] => [...new Set(values)]
const namesOf = (nodes: readonly NodeView[]): string[] => unique(nodes.map((node) => node.name))

/** Inner nodes of an expanded function touch no value of the user's: they have the origin of what takes or makes their values. */
function inherit(nodes: readonly NodeView[], origins: readonly Origin[]): Origin[] {
  const settled = [...origins]
  const makers = new Map(nodes.flatMap((node, i) => node.outputs.map((output) => [output, i] as const)))
  const give = (to: number, from: number) => {
    if (settled[to]!.origin.length === 0 && settled[from]!.origin.length > 0)
      settled[to] = { origin: settled[from]!.origin, inserted: false }
  }
  const links = nodes.flatMap((node, taker) =>
    node.inputs.flatMap((input) => {
      const maker = input ? makers.get(input) : undefined
      return maker === undefined ? [] : [{ maker, taker }]
    }),
  )
  for (let pass = 0; pass < 2; pass++) {
    for (const { maker, taker } of [...links].reverse()) give(maker, taker)
    for (const { maker, taker } of links) give(taker, maker)
  }
  // What is linked to nothing of the user's at all: the node that runs next to it.
  for (let i = 1; i < nodes.length; i++) give(i, i - 1)
  for (let i = nodes.length - 1; i > 0; i--) give(i - 1, i)
  return settled
}
