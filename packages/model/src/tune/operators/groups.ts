// Which parts of a model are worth taking out: nodes that are alike, runs of elementwise nodes, and the pieces of a normalization or an
// attention, that take much longer than their floor.

import { elementCount } from '@whyslow/graph/dtype.ts'
import { type LiftedModel, placeKey } from '@whyslow/graph/rewrite/executed-subgraphs.ts'
import { type Matching, matchGraph } from '@whyslow/graph/rewrite/match.ts'
import { constantIn, type ScopedNode, scopedNodes } from '@whyslow/graph/scope.ts'
import type { Profile, ProfiledNode } from '@whyslow/measure/timing/types.ts'
import type { NodeProto } from 'onnx-buf'
import type { NodeCost } from '../../analyze/costs.ts'
import { numbersKey } from './by-numbers.ts'
import { gather, type InseparableNodes, indivisibleGroups } from './inseparable-nodes.ts'

/** A part of the model, and the further parts that are like it. */
export interface Group {
  /** Executed nodes of all copies. */
  readonly nodes: readonly ProfiledNode[]
  /** How often one of them runs in a prediction: more often than there are copies where they are in the body of a loop. */
  readonly runs: number
  /** Operators of one copy. */
  readonly opTypes: readonly string[]
  /** The user's nodes of one copy. */
  readonly parts: readonly NodeProto[]
  /** Elements of their constants, as far as rewrites depend on them. */
  readonly numbers: string
  /** What they read that the engine keeps as a constant, as the graph that it runs calls it. */
  readonly constants: ReadonlySet<string>
  /** The user's nodes in the group's longest run of elementwise nodes; null for a single node. */
  readonly longest: readonly NodeProto[] | null
  /** All copies together, ms a prediction. */
  readonly timeMs: number
  readonly aboveMs: number
  /** Near its floor in float32, which another precision alone could lower. */
  readonly atFloor: boolean
}

/** Least share of the p50, or least time: what takes less is not worth a reader's minute. Small models have many that take little, each of its own kind. */
const LEAST_SHARE = 0.01
const LEAST_MS = 0.005
/** Near its floor, of which only another precision is asked. */
const LEAST_SHARE_AT_FLOOR = 0.02
/** Time over floor: below, a node is near what this machine can do. */
const ABOVE_FLOOR = 1.15

/** As the engine runs them: one number out for each in, or for each of a broadcast. */
const ELEMENTWISE = new Set(
  [
    'Add Sub Mul Div Pow Max Min Sum Where Clip Cast Neg Abs Reciprocal',
    'Sqrt Exp Log Erf Tanh Sigmoid Relu LeakyRelu PRelu Elu Selu HardSigmoid HardSwish Softplus',
    'Gelu Greater Less Equal GreaterOrEqual LessOrEqual And Or Not Floor Ceil Round Sin Cos',
  ].flatMap((line) => line.split(' ')),
)

/** Longest above their floor first. */
export function groupsOf(profile: Profile, costs: readonly NodeCost[], lifted: LiftedModel, p50Ms: number): readonly Group[] {
  const matching = matchGraph(lifted.model, lifted.model.proto.graph!)
  const known = { users: lifted.nodes, together: indivisibleGroups(matching), matching }
  const views = new Map(scopedNodes(profile.graph).map((scoped) => [scoped.node.name, scoped]))
  const groups = new Map<string, Group>()
  for (const one of candidatesOf(profile, costs, { ...known, views })) {
    const key = [...one.nodes.map((node) => likeness(node, views.get(node.name))), one.numbers].join('\n')
    const alike = groups.get(key)
    groups.set(key, alike === undefined ? one : mergeGroups(alike, one))
  }
  const isWorth = ({ timeMs, aboveMs }: Group): boolean =>
    aboveMs >= Math.min(LEAST_SHARE * p50Ms, LEAST_MS) && timeMs >= ABOVE_FLOOR * (timeMs - aboveMs)
  const inFloat = new Set(
    profile.nodes.filter((_, i) => (costs[i]!.cost?.macs ?? 0) > 0 && costs[i]!.cost!.arithmetic === 'float32'),
  )
  const couldBeLower = ({ nodes, timeMs }: Group): boolean => inFloat.has(nodes[0]!) && timeMs >= LEAST_SHARE_AT_FLOOR * p50Ms
  return [...groups.values()]
    .flatMap((group) => (isWorth(group) ? [group] : couldBeLower(group) ? [{ ...group, atFloor: true }] : []))
    .sort((a, b) => b.aboveMs - a.aboveMs)
}

export const mergeGroups = (a: Group, b: Group): Group => ({
  ...a,
  nodes: [...a.nodes, ...b.nodes],
  runs: a.runs + b.runs,
  timeMs: a.timeMs + b.timeMs,
  aboveMs: a.aboveMs + b.aboveMs,
})

interface Known {
  /** The user's nodes, by `placeKey`. */
  readonly users: ReadonlyMap<string, NodeProto>
  readonly together: InseparableNodes
  readonly matching: Matching
  /** Nodes of the graph as run, including subgraphs. */
  readonly views: ReadonlyMap<string, ScopedNode>
}

function candidatesOf(
  profile: Profile,
  costs: readonly NodeCost[],
  { users, together, matching, views }: Known,
): readonly Group[] {
  const floorOf = new Map(profile.nodes.map((node, i) => [node, costs[i]!.cappedFloorMs]))
  const multiplies = new Set(profile.nodes.filter((_, i) => (costs[i]!.cost?.macs ?? 0) > 0))
  const own = profile.nodes.flatMap((node) => {
    if (node.runsPerPrediction === 0 || node.inserted) return []
    const [path, names] = node.parent === null ? [[], node.origin] : [node.inner?.path ?? [], node.inner?.nodes ?? []]
    const parts = names.flatMap((name) => users.get(placeKey(path, name)) ?? [])
    return parts.length === 0 || parts.length < names.length ? [] : [{ node, parts }]
  })
  const partsOf = new Map(own.map(({ node, parts }) => [node, parts]))
  const things = gather(own, together).map((pieces) => pieces.map(({ node }) => node))
  const inThings = new Set(things.flat())
  const others = own.flatMap(({ node }) => (inThings.has(node) ? [] : [node]))
  return [...things, ...runsOf(others, profile, views)].map((nodes) => {
    const timeMs = nodes.reduce((sum, node) => sum + node.timeMs, 0)
    // One pass over the same numbers would do for a run of them, but for their products.
    const productsMs = nodes.reduce((sum, node) => sum + (multiplies.has(node) ? floorOf.get(node)! : 0), 0)
    const floorMs = Math.max(productsMs, ...nodes.map((node) => floorOf.get(node)!))
    const longest = nodes.reduce((most, node) => (node.timeMs > most.timeMs ? node : most))
    const parts = [...new Set(nodes.flatMap((node) => partsOf.get(node)!))]
    return {
      nodes,
      runs: nodes[0]!.runsPerPrediction,
      opTypes: nodes.map(({ opType }) => opType),
      parts,
      numbers: numbersKey(matching, parts),
      constants: new Set(nodes.flatMap((node) => constantsOf(views.get(node.name)))),
      longest: nodes.length > 1 && !inThings.has(longest) ? partsOf.get(longest)! : null,
      timeMs,
      aboveMs: timeMs - floorMs,
      atFloor: false,
    }
  })
}

const constantsOf = (scoped: ScopedNode | undefined): readonly string[] =>
  scoped?.node.inputs.filter((name) => constantIn(scoped.scope, name) !== undefined) ?? []

/**
 * Elementwise nodes of one size that hand their results to each other alone, in one graph, together; all others by themselves. A value leaves
 * such a run only at its end, so that it can be cut out whole.
 */
function runsOf(
  nodes: readonly ProfiledNode[],
  { nodes: all, graph }: Profile,
  views: Known['views'],
): readonly (readonly ProfiledNode[])[] {
  const graphOf = ({ name }: ProfiledNode) => views.get(name)?.scope.graph ?? graph
  const given = new Set([graph, ...new Set(nodes.map(graphOf))].flatMap(({ outputs }) => outputs.map(({ name }) => name)))
  const readers = new Map<string, ProfiledNode[]>()
  for (const node of all) for (const value of new Set(node.inputs)) readers.set(value, [...(readers.get(value) ?? []), node])
  const runs = new Map<ProfiledNode, ProfiledNode[]>(nodes.map((node) => [node, [node]]))
  const sizeOf = ({ outputTypes: [type] }: ProfiledNode) => (type ? elementCount(type.shape) : 0)
  for (const node of nodes) {
    const [value] = node.outputs
    const [reader, ...others] = readers.get(value ?? '') ?? []
    if (reader === undefined || others.length > 0 || node.outputs.length > 1 || given.has(value!)) continue
    if (!runs.has(reader) || graphOf(reader) !== graphOf(node)) continue
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

/** What makes two nodes alike: operator, attributes, shapes and types; not their weights, but for `numbersKey`. */
function likeness({ opType, domain, inputTypes, outputTypes }: ProfiledNode, scoped: ScopedNode | undefined): string {
  const constants = scoped?.node.inputs.map((input) => constantIn(scoped.scope, input)?.shape.join('x') ?? '')
  return JSON.stringify([opType, domain, inputTypes, outputTypes, scoped?.node.attributes, constants])
}
