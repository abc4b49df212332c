// What a graph asks for that nothing has run yet: from the types that the file declares, and those that the caller adds.

import { constantIn, type Scope, typeIn } from '../scope.ts'
import type { GraphView, NodeView, TensorType } from '../types.ts'
import { operatorKey } from './family.ts'
import { estimateCost } from './index.ts'
import { contextOf } from './node-context.ts'
import type { CostResult } from './types.ts'

export interface GraphCost {
  /** Sums over the nodes whose formula and types are known. */
  readonly macs: number
  /** 2 per MAC, and the simple operations. */
  readonly flops: number
  /** How many nodes are in these sums. */
  readonly known: number
  /** Operators without a formula or without known types, with how many nodes. */
  readonly unknown: Readonly<Record<string, number>>
}

/** What one node of a graph asks for, where these are the types of its values. */
export function costOfNode(node: NodeView, graph: GraphView, types: ReadonlyMap<string, TensorType>): CostResult {
  const typeOf = (name: string): TensorType | undefined => (name === '' ? undefined : types.get(name))
  return estimateCost(contextOf({ node, scope: { graph, outer: undefined } }, node.inputs.map(typeOf), node.outputs.map(typeOf)))
}

interface Sum {
  macs: number
  flops: number
  known: number
  readonly unknown: Map<string, number>
}

/**
 * Costs every node from declared types; `types` adds to them, by value name, and goes first. Of an If the branch with more MACs
 * counts. A Scan's body counts as often as its sequence is long, a Loop's as often as a constant says; if that is not known the
 * body counts once and the operator is among the unknown. The time is linear in the number of nodes.
 */
export function costGraph(graph: GraphView, types: Readonly<Record<string, TensorType>> = {}): GraphCost {
  const { macs, flops, known, unknown } = sumOf({ graph: withInputTypes(graph, types), outer: undefined })
  return { macs, flops, known, unknown: Object.fromEntries(unknown) }
}

/** Inputs, outputs and the caller's types among the declared ones. */
function withInputTypes(graph: GraphView, types: Readonly<Record<string, TensorType>>): GraphView {
  const all: Record<string, TensorType> = Object.assign(Object.create(null), graph.types)
  for (const { name, dtype, shape } of [...graph.inputs, ...graph.outputs]) {
    const fixed = shape?.every((size) => typeof size === 'number')
    if (dtype !== null && fixed) all[name] = { dtype, shape: shape as readonly number[] }
  }
  return { ...graph, types: Object.assign(all, types) }
}

function sumOf(scope: Scope): Sum {
  const sum: Sum = { macs: 0, flops: 0, known: 0, unknown: new Map() }
  const typeOf = (name: string) => (name === '' ? undefined : typeIn(scope, name))
  for (const node of scope.graph.nodes) {
    const result = estimateCost(contextOf({ node, scope }, node.inputs.map(typeOf), node.outputs.map(typeOf)))
    if (result.known) {
      sum.macs += result.cost.macs
      sum.flops += 2 * result.cost.macs + result.cost.simpleOps
      sum.known++
    } else {
      count(sum, operatorKey(node), 1)
    }
    addBodies(sum, node, scope)
  }
  return sum
}

function addBodies(sum: Sum, node: NodeView, scope: Scope): void {
  const bodies = Object.values(node.subgraphs).map((graph) => sumOf({ graph: withInputTypes(graph, {}), outer: scope }))
  if (bodies.length === 0) return
  const counted = node.opType === 'If' ? [bodies.reduce((most, body) => (body.macs > most.macs ? body : most))] : bodies
  const runs = node.opType === 'If' ? 1 : tripCount(node, scope)
  if (runs === undefined) count(sum, operatorKey(node), 1)
  for (const body of counted) {
    sum.macs += body.macs * (runs ?? 1)
    sum.flops += body.flops * (runs ?? 1)
    sum.known += body.known
    for (const [operator, nodes] of body.unknown) count(sum, operator, nodes)
  }
}

function tripCount(node: NodeView, scope: Scope): number | undefined {
  if (node.opType === 'Loop') return constantIn(scope, node.inputs[0] ?? '')?.values?.[0]
  if (node.opType !== 'Scan') return undefined
  const scanned = node.attributes.num_scan_inputs
  if (typeof scanned !== 'number' || scanned < 1) return undefined
  const axes = node.attributes.scan_input_axes
  const axis = Array.isArray(axes) && typeof axes[0] === 'number' ? axes[0] : 0
  return typeIn(scope, node.inputs[node.inputs.length - scanned] ?? '')?.shape.at(axis)
}

function count(sum: Sum, operator: string, nodes: number): void {
  sum.unknown.set(operator, (sum.unknown.get(operator) ?? 0) + nodes)
}
