// Which of the user's nodes are in a node that the engine runs? Fusion renames nodes and drops values, but what flows in and out of
// a fused node keeps its name, except in the blocked layout: there a node is called after the value it makes, plus '_nchwc'
// (onnxruntime/core/optimizer/nchwc_transformer.cc).
import type { GraphView, NodeView } from '../../../graph/types.ts'

const BLOCKED_SUFFIX = /(_bn)?_nchwc$/
const INSERTED = new Set(['ReorderInput', 'ReorderOutput', 'MemcpyToHost', 'MemcpyFromHost'])
const INSERTED_NAME =
  /^(InsertedPrecisionFreeCast|InsertedCast|Memcpy|transpose_token|Transpose_token|ReorderInput|ReorderOutput)/

export interface Origin {
  readonly origin: readonly string[]
  readonly inserted: boolean
}

/** Origins for each node of `executed`, in its order. Subgraphs are told apart by the caller, graph by graph. */
export function originsOf(executed: GraphView, original: GraphView): Origin[] {
  const producers = new Map<string, NodeView>()
  const consumers = new Map<string, NodeView[]>()
  const byName = new Map<string, NodeView>()
  for (const node of original.nodes) {
    byName.set(node.name, node)
    for (const output of node.outputs) if (output) producers.set(output, node)
    for (const input of node.inputs) if (input) consumers.set(input, [...(consumers.get(input) ?? []), node])
  }
  // Executed value -> the user's value it stands for.
  const meaning = new Map<string, string>()
  const known = (value: string): string | undefined =>
    meaning.get(value) ?? (producers.has(value) || consumers.has(value) ? value : undefined)
  for (const node of executed.nodes) {
    const value = BLOCKED_SUFFIX.test(node.name) ? node.name.replace(BLOCKED_SUFFIX, '') : undefined
    if (value && producers.has(value) && node.outputs[0]) meaning.set(node.outputs[0], value)
    if (node.opType === 'ReorderInput' && node.inputs[0] && node.outputs[0]) {
      const from = known(node.inputs[0])
      if (from) meaning.set(node.outputs[0], from)
    }
  }
  const starts = executed.nodes.map((node) => startOf(node))
  const available = new Set<string>([...Object.keys(executed.constants), ...executed.inputs.map((i) => i.name)])
  for (const node of executed.nodes) for (const output of node.outputs) if (output) available.add(known(output) ?? output)

  const origins = executed.nodes.map((node, index): Origin => {
    const inserted = isInserted(node)
    const start = starts[index]!
    if (inserted || start.length === 0)
      return { origin: namesOf(start.length ? start : nearest(node)), inserted: inserted || start.length === 0 }
    return { origin: namesOf(absorbed(start)), inserted: false }
  })
  return inherit(executed.nodes, origins)

  function isInserted(node: NodeView): boolean {
    if (INSERTED.has(node.opType)) return true
    return INSERTED_NAME.test(node.name) && !byName.has(node.name)
  }

  function startOf(node: NodeView): NodeView[] {
    const made = node.outputs.flatMap((output) => {
      const value = output ? known(output) : undefined
      const producer = value ? producers.get(value) : undefined
      return producer ? [producer] : []
    })
    if (made.length) return unique(made)
    const named = byName.get(node.name)
    if (named) {
      standFor(node, named)
      return [named]
    }
    // Same operator on the same values: a node whose output was moved to another layout.
    const inputs = node.inputs.map((input) => known(input))
    const same = inputs.flatMap((input) => (input ? (consumers.get(input) ?? []) : [])).find((c) => c.opType === node.opType)
    if (!same) return []
    standFor(node, same)
    return [same]
  }

  function standFor(node: NodeView, of: NodeView): void {
    for (const [i, output] of node.outputs.entries()) if (output && of.outputs[i]) meaning.set(output, of.outputs[i])
  }

  /** Everything before `start` that no other executed node, input or constant gives. */
  function absorbed(start: readonly NodeView[]): NodeView[] {
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
  function nearest(node: NodeView): NodeView[] {
    for (const input of node.inputs) {
      const value = input ? known(input) : undefined
      const producer = value ? producers.get(value) : undefined
      if (producer) return [producer]
      const consumer = value ? consumers.get(value)?.[0] : undefined
      if (consumer) return [consumer]
    }
    return []
  }
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
  // What is linked to nothing of the user's at all: the node that runs beside it.
  for (let i = 1; i < nodes.length; i++) give(i, i - 1)
  for (let i = nodes.length - 1; i > 0; i--) give(i - 1, i)
  return settled
}
