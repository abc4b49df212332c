// Which parts of a model are worth taking out: nodes that are alike, and runs of elementwise nodes, that take much longer than their floor.
import type { NodeProto } from 'onnx-buf'
import type { NodeCost } from '../../analyze/costs.ts'
import { elementCount } from '../../graph/dtype.ts'
import type { GraphView } from '../../graph/types.ts'
import type { Profile, ProfiledNode } from '../../measure/timing/types.ts'

/** A part of the model, and the further parts that are like it. */
export interface Group {
  /** Executed nodes of all copies. */
  readonly nodes: readonly ProfiledNode[]
  readonly copies: number
  /** The user's nodes of one copy. */
  readonly parts: readonly NodeProto[]
  /** Of a run of elementwise nodes, the user's nodes in the longest of them; null of a single node. */
  readonly longest: readonly NodeProto[] | null
  /** All copies together, ms a prediction. */
  readonly timeMs: number
  readonly aboveMs: number
  /** Near its floor in float32, which another precision alone could lower. */
  readonly atFloor: boolean
}

/** Of the p50, or in absolute terms: what takes less is not worth a reader's minute. */
const LEAST_SHARE = 0.02
const LEAST_MS = 0.005
/** Time over floor: below, a node is near what this machine can do. */
const ABOVE_FLOOR = 1.15

/** As the engine runs them: one number out for each in, or for each of a broadcast. */
const ELEMENTWISE = new Set([
  ...[
    'Add',
    'Sub',
    'Mul',
    'Div',
    'Pow',
    'Max',
    'Min',
    'Sum',
    'Where',
    'Clip',
    'Cast',
    'Neg',
    'Abs',
    'Reciprocal',
    'Sqrt',
    'Exp',
    'Log',
  ],
  ...[
    'Erf',
    'Tanh',
    'Sigmoid',
    'Relu',
    'LeakyRelu',
    'PRelu',
    'Elu',
    'Selu',
    'HardSigmoid',
    'HardSwish',
    'Softplus',
    'Gelu',
    'Greater',
  ],
  ...['Less', 'Equal', 'GreaterOrEqual', 'LessOrEqual', 'And', 'Or', 'Not', 'Floor', 'Ceil', 'Round', 'Sin', 'Cos'],
])

interface Candidate {
  readonly nodes: readonly ProfiledNode[]
  readonly parts: readonly NodeProto[]
  readonly longest: readonly NodeProto[] | null
  readonly timeMs: number
  readonly aboveMs: number
}

/** Longest above their floor first. `users`: the user's nodes of the main graph, by name and by first output. */
export function groupsOf(
  profile: Profile,
  costs: readonly NodeCost[],
  users: ReadonlyMap<string, NodeProto>,
  p50Ms: number,
): readonly Group[] {
  const views = new Map(profile.graph.nodes.map((view) => [view.name, view]))
  const groups = new Map<string, Group>()
  for (const candidate of candidatesOf(profile, costs, users)) {
    const key = candidate.nodes.map((node) => likeness(node, profile.graph, views.get(node.name))).join('\n')
    const known = groups.get(key)
    const one = { ...candidate, copies: 1, atFloor: false }
    groups.set(key, known === undefined ? one : merged(known, one))
  }
  const isWorth = ({ timeMs, aboveMs }: Group): boolean =>
    aboveMs >= Math.min(LEAST_SHARE * p50Ms, LEAST_MS) && timeMs >= ABOVE_FLOOR * (timeMs - aboveMs)
  const inFloat = new Set(
    profile.nodes.filter((_, i) => (costs[i]!.cost?.macs ?? 0) > 0 && costs[i]!.cost!.arithmetic === 'float32'),
  )
  const couldBeLower = ({ nodes, timeMs }: Group): boolean => inFloat.has(nodes[0]!) && timeMs >= LEAST_SHARE * p50Ms
  return [...groups.values()]
    .flatMap((group) => (isWorth(group) ? [group] : couldBeLower(group) ? [{ ...group, atFloor: true }] : []))
    .sort((a, b) => b.aboveMs - a.aboveMs)
}

export const merged = (a: Group, b: Group): Group => ({
  ...a,
  nodes: [...a.nodes, ...b.nodes],
  copies: a.copies + b.copies,
  timeMs: a.timeMs + b.timeMs,
  aboveMs: a.aboveMs + b.aboveMs,
})

function candidatesOf(profile: Profile, costs: readonly NodeCost[], users: ReadonlyMap<string, NodeProto>): readonly Candidate[] {
  const floorOf = new Map(profile.nodes.map((node, i) => [node, costs[i]!.cappedFloorMs]))
  const own = profile.nodes.flatMap((node) => {
    if (node.parent !== null || node.runsPerPrediction === 0 || node.inserted) return []
    const parts = node.origin.flatMap((name) => users.get(name) ?? [])
    return parts.length === 0 || parts.length < node.origin.length ? [] : [{ node, parts }]
  })
  const partsOf = new Map(own.map(({ node, parts }) => [node, parts]))
  return runsOf(
    own.map(({ node }) => node),
    profile,
  ).map((nodes) => {
    const timeMs = nodes.reduce((sum, node) => sum + node.timeMs, 0)
    const floorMs = nodes.reduce((sum, node) => sum + floorOf.get(node)!, 0)
    const longest = nodes.reduce((most, node) => (node.timeMs > most.timeMs ? node : most))
    return {
      nodes,
      parts: nodes.flatMap((node) => partsOf.get(node)!),
      longest: nodes.length > 1 ? partsOf.get(longest)! : null,
      timeMs,
      aboveMs: timeMs - floorMs,
    }
  })
}

/**
 * Elementwise nodes of one size that hand their results to each other alone, together; all others by themselves. A value leaves such a run
 * only at its end, so that it can be cut out whole.
 */
function runsOf(nodes: readonly ProfiledNode[], { nodes: all, graph }: Profile): readonly (readonly ProfiledNode[])[] {
  const given = new Set(graph.outputs.map(({ name }) => name))
  const readers = new Map<string, ProfiledNode[]>()
  for (const node of all) for (const value of new Set(node.inputs)) readers.set(value, [...(readers.get(value) ?? []), node])
  const runs = new Map<ProfiledNode, ProfiledNode[]>(nodes.map((node) => [node, [node]]))
  const sizeOf = ({ outputTypes: [type] }: ProfiledNode) => (type ? elementCount(type.shape) : 0)
  for (const node of nodes) {
    const [value] = node.outputs
    const [reader, ...others] = readers.get(value ?? '') ?? []
    if (reader === undefined || others.length > 0 || node.outputs.length > 1 || given.has(value!)) continue
    if (!runs.has(reader)) continue
    if (!ELEMENTWISE.has(node.opType) || !ELEMENTWISE.has(reader.opType) || sizeOf(node) !== sizeOf(reader)) continue
    const [run, next] = [runs.get(node)!, runs.get(reader)!]
    if (run === next) continue
    for (const one of run) {
      next.push(one)
      runs.set(one, next)
    }
  }
  const order = new Map(nodes.map((node, at) => [node, at]))
  return [...new Set(runs.values())].map((run) => run.sort((a, b) => order.get(a)! - order.get(b)!))
}

/** What makes two nodes alike: operator, attributes, shapes and types; not their weights. */
function likeness(
  { opType, domain, inputTypes, outputTypes }: ProfiledNode,
  graph: GraphView,
  view: GraphView['nodes'][number] | undefined,
): string {
  const constants = view?.inputs.map((input) => graph.constants[input]?.shape.join('x') ?? '')
  return JSON.stringify([opType, domain, inputTypes, outputTypes, view?.attributes, constants])
}
