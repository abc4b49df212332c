// Who makes and who reads each value of an executed graph: what the rules that look for patterns ask.
import type { GraphView, NodeView } from './types.ts'
import { link } from './walk.ts'

export interface Neighbours {
  readonly graph: GraphView
  /** The node that makes a value; undefined for inputs, constants and omitted inputs. */
  producer(value: string | undefined): NodeView | undefined
  /** The nodes that read a value, also from inside their subgraphs; each once. */
  readers(value: string | undefined): readonly NodeView[]
  /** The node that alone reads the first output, where that is no output of the graph. */
  onlyReader(node: NodeView | undefined): NodeView | undefined
  isGraphOutput(value: string | undefined): boolean
}

export function neighboursOf(graph: GraphView): Neighbours {
  const { producers, consumers } = link(graph.nodes, (node) => node.outputs, readsOf)
  const outputs = new Set(graph.outputs.map(({ name }) => name))
  const readers = (value: string | undefined) => consumers.get(value ?? '') ?? []
  return {
    graph,
    producer: (value) => producers.get(value ?? ''),
    readers,
    onlyReader(node) {
      const value = node?.outputs[0]
      const found = readers(value)
      return found.length === 1 && !outputs.has(value ?? '') ? found[0] : undefined
    },
    isGraphOutput: (value) => outputs.has(value ?? ''),
  }
}

/** The graph and all graphs inside its nodes, outermost first. */
export function graphsWithin(graph: GraphView): readonly GraphView[] {
  const found = [graph]
  for (let i = 0; i < found.length; i++) {
    for (const node of found[i]!.nodes) found.push(...Object.values(node.subgraphs))
  }
  return found
}

/** Inputs, and whatever the nodes of subgraphs read: names made inside them are unique, so they do no harm here. */
function readsOf(node: NodeView): readonly string[] {
  const inner = Object.values(node.subgraphs).flatMap(graphsWithin)
  if (inner.length === 0) return node.inputs
  return [
    ...node.inputs,
    ...inner.flatMap((graph) => [...graph.nodes.flatMap(({ inputs }) => inputs), ...graph.outputs.map(({ name }) => name)]),
  ]
}
