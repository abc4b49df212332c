// Events joined with the nodes of the graph as the engine runs it, and with the user's nodes that they came from.
import type { GraphView, InnerOrigin, NodeView, TensorType } from '@whyslow/graph/types.ts'
import { type Origin, originsOf } from './origins.ts'
import type { ProfiledEvent } from './types.ts'

export interface EventOrigin {
  readonly view: NodeView | null
  readonly origin: Origin
  readonly inner?: InnerOrigin
}

/** A graph among others of one place: the main graph, or the subgraphs of a node, by attribute. */
interface Placed {
  readonly graph: GraphView
  readonly path: InnerOrigin['path']
}

const NOWHERE: Origin = { origin: [], inserted: true }

/**
 * Graph by graph: the events inside one parent are matched with the nodes of that parent's subgraphs. An event that matches no node is named after the node that runs next to
 * it, unless `alone`: of an engine that makes nodes of its own all over the graph, that says nothing.
 */
export function joinEvents(
  events: readonly ProfiledEvent[],
  executed: GraphView,
  original: GraphView,
  { alone = false }: { readonly alone?: boolean } = {},
): EventOrigin[] {
  const joined: EventOrigin[] = events.map(() => ({ view: null, origin: NOWHERE }))
  const children = new Map<number | null, number[]>()
  for (const [i, { parent }] of events.entries()) {
    const siblings = children.get(parent)
    if (siblings) siblings.push(i)
    else children.set(parent, [i])
  }
  const todo: { parent: number | null; executed: readonly Placed[]; original: readonly Placed[] }[] = [
    { parent: null, executed: [{ graph: executed, path: [] }], original: [{ graph: original, path: [] }] },
  ]
  for (let next = todo.pop(); next; next = todo.pop()) {
    const indexes = children.get(next.parent) ?? []
    const branches = next.executed.map((placed) => ({ graph: placed.graph, nodes: joinedNodes(placed, next!.original) }))
    for (const [index, match] of matchBranches(indexes, events, branches)) {
      joined[index] = match
      const subgraphs = Object.entries(match.view!.subgraphs).map(([attribute, graph]) => ({ attribute, graph }))
      if (subgraphs.length === 0) continue
      const inside = subgraphs.map(({ attribute, graph }): Placed => ({ graph, path: [{ node: match.view!.name, attribute }] }))
      todo.push({ parent: index, executed: inside, original: originalSubgraphs(match, next.original) })
    }
  }
  const beside = (i: number): Origin | undefined =>
    [joined[i - 1], joined[i + 1]].find((j) => j && j.origin.origin.length > 0)?.origin
  for (const [i, { view, origin }] of joined.entries()) {
    const neighbour = !alone && origin.origin.length === 0 ? beside(i) : undefined
    if (neighbour) joined[i] = { view, origin: { origin: neighbour.origin, inserted: true } }
  }
  return joined.map((one, i) => ({ ...one, origin: { ...one.origin, origin: joined[outermost(events, i)]!.origin.origin } }))
}

function joinedNodes(executed: Placed, originals: readonly Placed[]): EventOrigin[] {
  const { graph, path } = originalOf(executed, originals)
  const origins = originsOf(executed.graph, graph)
  return executed.graph.nodes.map((view, k) => {
    const origin = origins[k]!
    return { view, origin, ...(path.length > 0 ? { inner: { path, nodes: origin.origin } } : {}) }
  })
}

/** What runs inside an If, Loop or Scan belongs to that node of the user's main graph: names of inner graphs may repeat. */
function outermost(events: readonly ProfiledEvent[], index: number): number {
  let at = index
  for (let parent = events[at]!.parent; parent !== null; parent = events[at]!.parent) at = parent
  return at
}

const NO_GRAPH: GraphView = { name: '', nodes: [], inputs: [], outputs: [], constants: {}, types: {} }

/** The user's graph that a subgraph came from: of several branches the one of the same attribute that makes the same outputs. */
function originalOf({ graph, path }: Placed, originals: readonly Placed[]): Placed {
  const outputs = new Set(graph.outputs.map(({ name }) => name))
  const attribute = path.at(-1)?.attribute
  const sameFirst = [...originals].sort(
    (a, b) => Number(b.path.at(-1)?.attribute === attribute) - Number(a.path.at(-1)?.attribute === attribute),
  )
  return (
    sameFirst.find((one) => one.graph.outputs.some(({ name }) => outputs.has(name))) ??
    sameFirst.find((one) => one.graph.name === graph.name) ??
    sameFirst[0] ?? { graph: NO_GRAPH, path: [] }
  )
}

function originalSubgraphs(match: EventOrigin, originals: readonly Placed[]): readonly Placed[] {
  const names = new Set(match.inner?.nodes ?? match.origin.origin)
  return originals.flatMap(({ graph, path }) =>
    graph.nodes
      .filter(({ name }) => names.has(name))
      .flatMap(({ name, subgraphs }) =>
        Object.entries(subgraphs).map(
          ([attribute, inner]): Placed => ({ graph: inner, path: [...path, { node: name, attribute }] }),
        ),
      ),
  )
}

type Matches = [number, EventOrigin][]

interface Branch {
  readonly graph: GraphView
  readonly nodes: readonly EventOrigin[]
}

/**
 * One branch of an If runs in a prediction as a rule, and names in its branches may be the same: the branch that holds all of the events
 * is theirs. Where none does, several ran.
 */
function matchBranches(indexes: readonly number[], events: readonly ProfiledEvent[], branches: readonly Branch[]): Matches {
  if (branches.length < 2) return matchInOrder(indexes, events, branches[0]?.nodes ?? [])
  const whole = branches.flatMap(({ graph, nodes }) => {
    const matches = matchInOrder(indexes, events, nodes)
    if (matches.length < indexes.length) return []
    const wrong = matches.filter(([index, { view }]) => !fits(events[index]!, view!, graph)).length
    return [{ matches, wrong: wrong + nodes.length - matches.length }]
  })
  const [best] = whole.sort((a, b) => a.wrong - b.wrong)
  return (
    best?.matches ??
    matchInOrder(
      indexes,
      events,
      branches.flatMap(({ nodes }) => nodes),
    )
  )
}

/** The event's name, and constants and declared results of the shapes that it ran with. */
function fits({ name, inputTypes, outputTypes }: ProfiledEvent, view: NodeView, { constants, types }: GraphView): boolean {
  const agree = (values: readonly string[], ran: readonly TensorType[], known: Readonly<Record<string, TensorType>>) => {
    const given = values.filter((value) => value !== '')
    if (given.length !== ran.length) return true
    return given.every((value, k) => !Object.hasOwn(known, value) || known[value]!.shape.join() === ran[k]!.shape.join())
  }
  return name === view.name && agree(view.inputs, inputTypes, constants) && agree(view.outputs, outputTypes, types)
}

/** Matches by order if both lists agree, as they do at the top; else by name, else by operator in order. */
function matchInOrder(indexes: readonly number[], events: readonly ProfiledEvent[], candidates: readonly EventOrigin[]): Matches {
  const agree =
    indexes.length === candidates.length && indexes.every((index, k) => events[index]!.opType === candidates[k]!.view!.opType)
  if (agree) return indexes.map((index, k) => [index, candidates[k]!])
  const free = new Set(candidates)
  const matches: Matches = []
  const take = (index: number, isIt: (view: NodeView) => boolean): boolean => {
    for (const candidate of free) {
      if (!isIt(candidate.view!)) continue
      free.delete(candidate)
      matches.push([index, candidate])
      return true
    }
    return false
  }
  const left = indexes.filter((index) => {
    const event = events[index]!
    return !take(index, (view) => view.opType === event.opType && view.name === event.name)
  })
  for (const index of left) take(index, (view) => view.opType === events[index]!.opType)
  return matches
}
