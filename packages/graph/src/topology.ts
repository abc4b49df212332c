// An order in which every node comes after the nodes it reads from (Kahn's algorithm, no recursion, linear in nodes and edges).
import type { NodeProto } from 'onnx-buf'
import { type NodeHolder, readsOf } from './walk.ts'

export type Order<Node> =
  | { readonly cyclic: false; readonly nodes: readonly Node[] }
  /** `cycle`: nodes that read from one another in a ring, each from the one before it. */
  | { readonly cyclic: true; readonly cycle: readonly Node[] }

/** The nodes of one graph in an order that can be run. Stable: a graph that is in order keeps its order. */
export function topologicalOrder(holder: NodeHolder): Order<NodeProto> {
  return order(
    holder.node,
    (node) => node.output,
    (node) => readsOf(node),
  )
}

/** The same for nodes of any other shape: `writes` and `reads` name their values. */
function order<Node>(
  nodes: readonly Node[],
  writes: (node: Node) => readonly string[],
  reads: (node: Node) => readonly string[],
): Order<Node> {
  const producers = new Map<string, number>()
  nodes.forEach((node, index) => {
    for (const name of writes(node)) if (name !== '') producers.set(name, index)
  })
  const before: number[][] = nodes.map((node) => {
    const sources = new Set<number>()
    for (const name of reads(node)) {
      const producer = name === '' ? undefined : producers.get(name)
      if (producer !== undefined) sources.add(producer)
    }
    return [...sources]
  })
  if (before.every((sources, index) => sources.every((source) => source < index))) return { cyclic: false, nodes: [...nodes] }

  const after: number[][] = nodes.map(() => [])
  before.forEach((sources, index) => {
    for (const source of sources) after[source]!.push(index)
  })
  const waiting = before.map((sources) => sources.length)
  const ready = waiting.flatMap((count, index) => (count === 0 ? [index] : []))
  for (let i = 0; i < ready.length; i++) {
    for (const next of after[ready[i]!]!) if (--waiting[next]! === 0) ready.push(next)
  }
  if (ready.length === nodes.length) return { cyclic: false, nodes: ready.map((index) => nodes[index]!) }
  return { cyclic: true, cycle: cycleAmong(before, waiting).map((index) => nodes[index]!) }
}

/** Every node that still waits has a source that waits too, so going back from one must come round. */
function cycleAmong(before: readonly (readonly number[])[], waiting: readonly number[]): number[] {
  const path: number[] = []
  const seenAt = new Map<number, number>()
  let current = waiting.findIndex((count) => count > 0)
  while (!seenAt.has(current)) {
    seenAt.set(current, path.length)
    path.push(current)
    current = before[current]!.find((source) => waiting[source]! > 0)!
  }
  return path.slice(seenAt.get(current)!).reverse()
}
