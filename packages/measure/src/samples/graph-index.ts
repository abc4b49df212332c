// Who uses, makes and holds each value of a graph, its subgraphs included; constants looked up through the nodes exporters put
// between a weight and its use.
import type { ConstantView, GraphView, NodeView } from '@whyslow/graph/types.ts'

export interface Use {
  readonly node: NodeView
  readonly index: number
}

/** A graph with its subgraphs, indexed by value name. */
export interface Index {
  readonly uses: ReadonlyMap<string, readonly Use[]>
  readonly producers: ReadonlyMap<string, NodeView>
  readonly constants: ReadonlyMap<string, ConstantView>
}

/** A table of fewer rows is of token types, not of positions. */
const SHORTEST_POSITION_TABLE = 8

/** Shape of the constant behind a value, seen through casts, dequantization and a transposition. */
export function constantShape(name: string | undefined, index: Index): readonly number[] | undefined {
  let at = name
  let reversed = false
  for (let steps = 0; at !== undefined && steps < 4; steps++) {
    const constant = index.constants.get(at)
    if (constant !== undefined) return reversed ? [...constant.shape].reverse() : constant.shape
    const producer: NodeView | undefined = index.producers.get(at)
    if (producer?.opType === 'Transpose') reversed = !reversed
    else if (!['Identity', 'Cast', 'DequantizeLinear', 'QuantizeLinear'].includes(producer?.opType ?? '')) return undefined
    at = producer?.inputs[0]
  }
  return undefined
}

/** Rows of the table of the same width that is sliced, gathered or added to the token table. */
export function positionRows(width: number, tokenTable: string, index: Index): number | undefined {
  let rows: number | undefined
  for (const [name, constant] of index.constants) {
    const { shape } = constant
    const length = shape.at(-2)
    if (name === tokenTable || length === undefined || shape.at(-1) !== width) continue
    if (length < SHORTEST_POSITION_TABLE || (shape.length === 3 && shape[0] !== 1) || shape.length > 3) continue
    const reads = index.uses.get(name) ?? []
    const sliced = reads.some(
      ({ node, index: at }) => (at === 0 && /^(Gather|Slice)$/.test(node.opType)) || node.opType === 'Add',
    )
    if (sliced) rows = Math.min(rows ?? length, length)
  }
  return rows
}

/** Indexes a graph and its subgraphs together; a name used in several scopes keeps the innermost's constant. */
export function indexGraph(graph: GraphView): Index {
  const uses = new Map<string, Use[]>()
  const producers = new Map<string, NodeView>()
  const constants = new Map<string, ConstantView>()
  const add = (scope: GraphView): void => {
    for (const [name, constant] of Object.entries(scope.constants)) constants.set(name, constant)
    for (const node of scope.nodes) {
      node.inputs.forEach((name, index) => {
        if (name === '') return
        const list = uses.get(name)
        if (list === undefined) uses.set(name, [{ node, index }])
        else list.push({ node, index })
      })
      for (const name of node.outputs) producers.set(name, node)
      for (const subgraph of Object.values(node.subgraphs)) add(subgraph)
    }
  }
  add(graph)
  return { uses, producers, constants }
}
