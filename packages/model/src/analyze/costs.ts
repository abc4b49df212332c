// The cost table: what each executed node asks of the machine, and its floor on this machine's measured roofs.

import { sizeInBytes } from '@whyslow/graph/dtype.ts'
import { operatorKey } from '@whyslow/graph/operators/family.ts'
import { estimateCost } from '@whyslow/graph/operators/index.ts'
import { contextOf } from '@whyslow/graph/operators/node-context.ts'
import type { Cost, CostResult } from '@whyslow/graph/operators/types.ts'
import { constantIn, type ScopedNode, scopedNodes } from '@whyslow/graph/scope.ts'
import type { GraphView, TensorType } from '@whyslow/graph/types.ts'
import { convWeights, type ModelWeights, withModelChannels } from '@whyslow/measure/engines/onnxruntime/facts/nchwc.ts'
import { memoriesOf } from '@whyslow/measure/machine/memories.ts'
import type { Machine, Roofs } from '@whyslow/measure/machine/types.ts'
import type { Profile, ProfiledNode } from '@whyslow/measure/timing/types.ts'
import { type Floor, floorOf } from './floor.ts'

/** One executed node, costed. Index and name match `Profile.nodes`. */
export interface NodeCost {
  readonly name: string
  readonly opType: string
  readonly domain: string
  readonly timeMs: number
  /** Cost of one run. Undefined if the operator is unknown; `reason` says why. */
  readonly cost: Cost | undefined
  readonly reason: string | null
  /** max(flops / roof, bytes / bandwidth of the level its working set fits in), for all its runs in one prediction, ms; never above timeMs * 1.0 only by `cappedFloorMs`. */
  readonly floorMs: number | null
  /** The floor without special functions: what simple operations on the same data would take at least. Absent without a floor. */
  readonly plainFloorMs?: number
  /** min(floorMs, timeMs): what the areas use. */
  readonly cappedFloorMs: number
  readonly bound: 'compute' | 'memory' | 'overhead' | null
  /** Which roof the floor is on, whatever the node is bound by; null without a floor. */
  readonly floorOn: 'compute' | 'memory' | null
  /** The level whose bandwidth the floor used. */
  readonly level: 'L1' | 'L2' | 'L3' | 'DRAM' | null
  /** Set where the node is more than 10 % above its roof: why that can be. */
  readonly aboveRoof: string | null
}

export interface NodeCosts {
  readonly nodes: readonly NodeCost[]
  /** Totals over nodes with a known formula, times their runs. */
  readonly macs: number
  readonly flops: number
  readonly bytes: number
  /** Share 0..1 of the nodes' time whose formula is known. */
  readonly knownTimeShare: number
  /** Unknown operators by name, with how many nodes. */
  readonly unknown: Readonly<Record<string, number>>
}

/**
 * A run shorter than this that takes more than `OVERHEAD_TIMES` its floor is bound by being started: starting a kernel costs 1 to
 * 2 µs on one thread, and 5 to 10 µs where it wakes others.
 */
const OVERHEAD_BELOW_MS = 0.02
const OVERHEAD_TIMES = 4
/** The roofs are the best of several readings, and still differ by some percent from one to the next. */
const ROOF_TOLERANCE = 1.1
/** The profiler gives whole microseconds: shorter runs are not known to 10 %. */
const RESOLUTION_MS = 0.005

/**
 * Costs every executed node, from the graph as run and the types as run. `roofs` undefined: no floors. `original`, the model's own
 * graph, tells the channels that a padded layout hides.
 */
export function costNodes(profile: Profile, roofs: Roofs | undefined, machine: Machine, original?: GraphView): NodeCosts {
  const byName = new Map<string, ScopedNode>()
  for (const scoped of scopedNodes(profile.graph)) byName.set(scoped.node.name, scoped)
  const weights = original === undefined ? undefined : convWeights(original)
  const results = profile.nodes.map((node) => costOfNode(node, byName.get(node.name), weights))
  const dataBytes = profile.nodes.map((node, i) => dataBytesOf(node, results[i]!))
  const modelBytes = modelBytesOf(profile.nodes, results, byName) + dataBytes.reduce((most, bytes) => Math.max(most, bytes), 0)
  const memories = roofs === undefined ? [] : memoriesOf(roofs, machine)
  const nodes = profile.nodes.map((node, i) => {
    const result = results[i]!
    const sets = { dataBytes: dataBytes[i]!, modelBytes }
    const isKnown = roofs !== undefined && result.known
    const floor = isKnown ? floorOf({ cost: result.cost, runs: node.runsPerPrediction, roofs, memories, sets }) : undefined
    return rowOf(node, result, floor)
  })
  return { nodes, ...totals(profile.nodes, results) }
}

function costOfNode(node: ProfiledNode, scoped: ScopedNode | undefined, weights: ModelWeights | undefined): CostResult {
  if (node.runsPerPrediction === 0) return { known: false, reason: NOT_RUN }
  if (scoped === undefined) {
    return {
      known: false,
      reason: `${node.opType} '${node.name}' is not in the saved executed graph, so its attributes are not known`,
    }
  }
  // A packed weight vanishes from what the profiler shows: the constant's own type goes first.
  const inputs = scoped.node.inputs.map((name, i) => constantIn(scoped.scope, name) ?? node.inputTypes[i] ?? undefined)
  const outputs = scoped.node.outputs.map((_, i): TensorType | undefined => node.outputTypes[i] ?? undefined)
  const context = contextOf(scoped, inputs, outputs)
  return estimateCost(weights === undefined ? context : withModelChannels(context, node, weights))
}

const NOT_RUN = 'it did not run in this prediction'

/** What a node reads besides weights, or what it writes where that is more. */
function dataBytesOf({ outputTypes }: ProfiledNode, result: CostResult): number {
  if (!result.known) return 0
  const data = result.cost.bytes - result.cost.weightBytes
  const outputs = outputTypes.reduce((sum, type) => sum + ((type && sizeInBytes(type)) ?? 0), 0)
  const written = Math.min(data, outputs)
  return Math.max(written, data - written)
}

/** Weights of all nodes that ran, shared ones once. */
function modelBytesOf(
  nodes: readonly ProfiledNode[],
  results: readonly CostResult[],
  byName: ReadonlyMap<string, ScopedNode>,
): number {
  const seen = new Set<string>()
  let weightBytes = 0
  for (const [i, result] of results.entries()) {
    if (!result.known || result.cost.weightBytes === 0) continue
    const { node, scope } = byName.get(nodes[i]!.name)!
    const constants = node.inputs.filter((name) => constantIn(scope, name) !== undefined).join('\n')
    if (constants !== '' && seen.has(constants)) continue
    seen.add(constants)
    weightBytes += result.cost.weightBytes
  }
  return weightBytes
}

function rowOf(node: ProfiledNode, result: CostResult, floor: Floor | undefined): NodeCost {
  const { name, opType, domain, timeMs } = node
  const cost = result.known ? result.cost : undefined
  const reason = result.known ? null : result.reason
  const floorMs = floor === undefined ? null : Math.max(floor.computeMs, floor.memoryMs)
  return {
    name,
    opType,
    domain,
    timeMs,
    cost,
    reason,
    floorMs,
    ...(floor === undefined ? {} : { plainFloorMs: Math.max(floor.plainComputeMs, floor.memoryMs) }),
    cappedFloorMs: Math.min(floorMs ?? 0, timeMs),
    bound: floor === undefined ? null : boundOf(node, floor),
    floorOn: floor === undefined ? null : floor.memoryMs > floor.computeMs ? 'memory' : 'compute',
    level: floor?.level ?? null,
    aboveRoof: cost === undefined || floor === undefined ? null : whyAboveRoof(node, cost, floor),
  }
}

function boundOf({ timeMs, runsPerPrediction }: ProfiledNode, floor: Floor): NodeCost['bound'] {
  const floorMs = Math.max(floor.computeMs, floor.memoryMs)
  const isShort = timeMs < OVERHEAD_BELOW_MS * runsPerPrediction
  if (floorMs === 0 || (isShort && timeMs > OVERHEAD_TIMES * floorMs)) return 'overhead'
  return floor.computeMs >= floor.memoryMs ? 'compute' : 'memory'
}

/** Null if it is not. */
function whyAboveRoof(node: ProfiledNode, cost: Cost, floor: Floor): string | null {
  const { timeMs, runsPerPrediction } = node
  const floorMs = Math.max(floor.computeMs, floor.memoryMs)
  if (timeMs * ROOF_TOLERANCE >= floorMs) return null
  if (timeMs === 0) return 'its time was too short to be seen'
  const times = `${(floorMs / timeMs).toFixed(1)} times as fast as its roof`
  if (timeMs < RESOLUTION_MS * runsPerPrediction) return `${times}: its time is near the profiler's resolution of 1 µs`
  if (cost.note !== undefined) return `${times}: its work is approximate (${cost.note})`
  if (floor.memoryMs > floor.computeMs) {
    return `${times}: part of its data stayed in a nearer cache than ${floor.level}, or the memory was faster than when the roofs were measured`
  }
  if (/Conv/.test(node.opType)) {
    return `${times}: padded taps are counted but may be skipped, the algorithm may multiply less (Winograd), or the clock was higher than when the roofs were measured`
  }
  return `${times}: zeros may be skipped, or the clock was higher than when the roofs were measured`
}

function totals(nodes: readonly ProfiledNode[], results: readonly CostResult[]): Omit<NodeCosts, 'nodes'> {
  const unknown = new Map<string, number>()
  let [macs, flops, bytes, knownMs, allMs] = [0, 0, 0, 0, 0]
  for (const [i, result] of results.entries()) {
    const node = nodes[i]!
    allMs += node.timeMs
    if (result.known) {
      macs += result.cost.macs * node.runsPerPrediction
      flops += (2 * result.cost.macs + result.cost.simpleOps) * node.runsPerPrediction
      bytes += result.cost.bytes * node.runsPerPrediction
      knownMs += node.timeMs
    } else if (node.runsPerPrediction > 0) {
      const operator = operatorKey(node)
      unknown.set(operator, (unknown.get(operator) ?? 0) + 1)
    }
  }
  return { macs, flops, bytes, knownTimeShare: allMs === 0 ? 1 : knownMs / allMs, unknown: Object.fromEntries(unknown) }
}
