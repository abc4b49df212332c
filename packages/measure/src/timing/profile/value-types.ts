// Types of values as run, graph by graph: names of an inner graph hide those around it, and branches side by side, whose names may be
// the same, do not see each other's.
import type { GraphView, NodeView, TensorType } from '@whyslow/graph/types.ts'
import type { ProfiledEvent } from './types.ts'

interface Scope {
  readonly types: Map<string, TensorType>
  readonly outer: Scope | null
}

/** Type of a value that the node reads or makes; null if it is not known. */
export type TypeOf = (view: NodeView | null, name: string) => TensorType | null

/** What is fed, constant, or made by an executed node. `views`: of the events, null if none was found. */
export function valueTypes(
  events: readonly ProfiledEvent[],
  views: readonly (NodeView | null)[],
  executed: GraphView,
  feeds: Readonly<Record<string, TensorType>>,
): TypeOf {
  const scopes = new Map<NodeView, Scope>()
  const root = addScopes(executed, null, scopes)
  for (const [name, type] of Object.entries(feeds)) root.types.set(name, type)
  for (const [scope, name, type] of namedTypes(events, views, 'output', scopes)) scope.types.set(name, type)
  // Values that only a body's inputs give: the event lists them in order when none vanished.
  for (const [scope, name, type] of namedTypes(events, views, 'input', scopes))
    if (find(scope, name) === undefined) scope.types.set(name, type)
  return (view, name) => (view && find(scopes.get(view), name)) ?? null
}

function addScopes(graph: GraphView, outer: Scope | null, scopes: Map<NodeView, Scope>): Scope {
  const scope: Scope = { types: new Map(Object.entries(graph.types)), outer }
  for (const [name, { dtype, shape }] of Object.entries(graph.constants)) scope.types.set(name, { dtype, shape })
  for (const node of graph.nodes) {
    scopes.set(node, scope)
    for (const inner of Object.values(node.subgraphs)) addScopes(inner, scope, scopes)
  }
  return scope
}

function find(scope: Scope | undefined, name: string): TensorType | undefined {
  for (let at = scope ?? null; at !== null; at = at.outer) {
    const type = at.types.get(name)
    if (type) return type
  }
  return undefined
}

function namedTypes(
  events: readonly ProfiledEvent[],
  views: readonly (NodeView | null)[],
  side: 'input' | 'output',
  scopes: ReadonlyMap<NodeView, Scope>,
): [Scope, string, TensorType][] {
  return events.flatMap((event, i) => {
    const view = views[i]!
    const names = view?.[`${side}s`].filter((name) => name !== '') ?? []
    const types = event[`${side}Types`]
    if (!view || names.length !== types.length) return []
    return names.map((name, k): [Scope, string, TensorType] => [scopes.get(view)!, name, types[k]!])
  })
}
