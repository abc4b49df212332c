// Which nodes of a model are worth taking out: groups that are alike and take much longer than their floor.
import type { NodeProto } from 'onnx-buf'
import type { NodeCost } from '../../analyze/costs.ts'
import type { GraphView } from '../../graph/types.ts'
import type { Profile, ProfiledNode } from '../../measure/timing/types.ts'

/** Executed nodes that are alike, and the user's nodes in one of them. */
export interface Group {
  readonly nodes: readonly ProfiledNode[]
  /** Of the first: the user's nodes in it, in the order of the graph. */
  readonly parts: readonly NodeProto[]
  /** All of them together, ms a prediction. */
  readonly timeMs: number
  readonly aboveMs: number
}

/** Of the p50, or in absolute terms: what takes less is not worth a minute of anybody's. */
const LEAST_SHARE = 0.02
const LEAST_MS = 0.005
/** Time over floor: below, a node is near what this machine can do. */
const ABOVE_FLOOR = 1.15

/** Longest first. `nodes`: the user's, of the main graph, by name and by first output. */
export function groupsOf(
  profile: Profile,
  costs: readonly NodeCost[],
  nodes: ReadonlyMap<string, NodeProto>,
  p50Ms: number,
): readonly Group[] {
  const groups = new Map<string, { nodes: ProfiledNode[]; parts: readonly NodeProto[]; timeMs: number; aboveMs: number }>()
  for (const [i, node] of profile.nodes.entries()) {
    if (node.parent !== null || node.runsPerPrediction === 0 || node.inserted) continue
    const parts = node.origin.flatMap((name) => nodes.get(name) ?? [])
    if (parts.length === 0 || parts.length < node.origin.length) continue
    const key = likeness(node, profile.graph)
    const group = groups.get(key) ?? { nodes: [], parts, timeMs: 0, aboveMs: 0 }
    group.nodes.push(node)
    group.timeMs += node.timeMs
    group.aboveMs += node.timeMs - costs[i]!.cappedFloorMs
    groups.set(key, group)
  }
  const isWorth = ({ timeMs, aboveMs }: Group): boolean =>
    aboveMs >= Math.min(LEAST_SHARE * p50Ms, LEAST_MS) && timeMs >= ABOVE_FLOOR * (timeMs - aboveMs)
  return [...groups.values()].filter(isWorth).sort((a, b) => b.aboveMs - a.aboveMs)
}

/** What makes two nodes alike: operator, attributes, shapes and types; not their weights. */
function likeness({ name, opType, domain, inputTypes, outputTypes }: ProfiledNode, graph: GraphView): string {
  const view = graph.nodes.find((one) => one.name === name)
  const constants = view?.inputs.map((input) => graph.constants[input]?.shape.join('x') ?? '')
  return JSON.stringify([opType, domain, inputTypes, outputTypes, view?.attributes, constants])
}
