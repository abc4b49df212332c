// The partition of the p50 into parts that add up to it, each in one area. What is not attributed stays `unexplained`, signed.
import type { Area } from '@whyslow/diagnosis/rule.ts'
import { medianOrNull } from '@whyslow/measure/statistics/index.ts'
import type { CallCost, Latency, Profile } from '@whyslow/measure/timing/types.ts'
import type { NodeCost, NodeCosts } from './costs.ts'

/** Every part, in the order in which it is shown, with its area; `docs/method.md` says what each holds. */
const AREA_OF = {
  'arithmetic at the peak': 'architecture',
  'recurrent steps': 'architecture',
  'memory traffic at the bandwidth': 'hardware',
  'waiting for a CPU': 'hardware',
  'operators above their floor': 'software',
  'layout and copies': 'software',
  'starting operators': 'software',
  'operators without a known formula': 'software',
  'the call': 'software',
  unexplained: 'unexplained',
} as const satisfies Readonly<Record<string, Area | 'unexplained'>>

export type Part = keyof typeof AREA_OF
/** What the engine takes to start operators, whatever they compute. */
export const STARTS = 'starting operators' satisfies Part
type NodePart = Exclude<Part, 'waiting for a CPU' | 'the call' | 'unexplained'>

export interface BreakdownPart {
  readonly part: Part
  readonly area: Area | 'unexplained'
  readonly timeMs: number
  readonly share: number
}

export interface Breakdown {
  readonly p50Ms: number
  readonly parts: readonly BreakdownPart[]
  readonly areas: Readonly<Record<Area | 'unexplained', { readonly timeMs: number; readonly share: number }>>
}

/** What the partition is made of. */
export interface BreakdownGiven {
  readonly latency: Latency
  readonly costs: NodeCosts
  readonly profile: Profile
  readonly callCost?: CallCost
  /** Threads the engine works with: their waits are side by side. */
  readonly threads: number
}

/**
 * architecture: floors of compute-bound nodes, and the serial chain of recurrent ones. hardware: floors of memory-bound nodes, and
 * waits inside the median prediction. software: nodes above their floor, their start, layout and copies, the call. Nothing is scaled:
 * parts and the signed rest add up to the p50.
 */
export function breakDown({ latency, costs, profile, callCost, threads }: BreakdownGiven): Breakdown {
  const { p50Ms } = latency
  const timeOf = new Map<Part, number>()
  const add = (part: Part, timeMs: number) => timeOf.set(part, (timeOf.get(part) ?? 0) + timeMs)
  for (const [i, node] of costs.nodes.entries()) for (const [part, timeMs] of partsOf(node, profile, i)) add(part, timeMs)
  // Nodes were timed while they waited: what waiting took is moved out of their time above the floor, not added to it.
  const waitedMs = Math.min(waitAtMedianMs(latency) / threads, timeOf.get('operators above their floor') ?? 0)
  if (waitedMs > 0) {
    add('waiting for a CPU', waitedMs)
    add('operators above their floor', -waitedMs)
  }
  if (callCost) add('the call', callCost.callMs)
  add('unexplained', p50Ms - [...timeOf.values()].reduce((sum, ms) => sum + ms, 0))
  const parts = (Object.keys(AREA_OF) as Part[]).flatMap((part): BreakdownPart[] => {
    const timeMs = timeOf.get(part) ?? 0
    return timeMs === 0 ? [] : [{ part, area: AREA_OF[part], timeMs, share: timeMs / p50Ms }]
  })
  return { p50Ms, parts, areas: areasOf(parts, p50Ms) }
}

/** Where a node's time belongs, ms: together its time. Waits, which are known of whole predictions alone, are still in it. */
export type NodeAreas = Readonly<Record<Area, number>>

/** Areas of every node of the profile, in its order. */
export function areasOfNodes({ nodes }: NodeCosts, profile: Profile): NodeAreas[] {
  return nodes.map((node, i) => {
    const areas = { architecture: 0, hardware: 0, software: 0 }
    for (const [part, timeMs] of partsOf(node, profile, i)) areas[AREA_OF[part]] += timeMs
    return areas
  })
}

/** The parts of the breakdown that node `i` has time in. */
function partsOf(node: NodeCost, { nodes, dispatchPerNodeUs }: Profile, i: number): readonly (readonly [NodePart, number])[] {
  const { cost, timeMs, floorOn } = node
  const { runsPerPrediction } = nodes[i]!
  if (cost === undefined) return runsPerPrediction > 0 ? [['operators without a known formula', timeMs]] : []
  const floorMs = Math.min(node.cappedFloorMs, timeMs)
  const startMs = Math.min(timeMs - floorMs, (dispatchPerNodeUs / 1000) * runsPerPrediction)
  const isSerial = cost.serialSteps > 1 && cost.macs > 0
  const floor = isSerial ? 'recurrent steps' : floorOn === 'memory' ? 'memory traffic at the bandwidth' : 'arithmetic at the peak'
  return [
    [floor, floorMs],
    [STARTS, startMs],
    [cost.movesDataOnly ? 'layout and copies' : 'operators above their floor', timeMs - floorMs - startMs],
  ]
}

function areasOf(parts: readonly BreakdownPart[], p50Ms: number): Breakdown['areas'] {
  const of = (area: BreakdownPart['area']) => {
    const timeMs = parts.filter((part) => part.area === area).reduce((sum, part) => sum + part.timeMs, 0)
    return { timeMs, share: timeMs / p50Ms }
  }
  return { architecture: of('architecture'), hardware: of('hardware'), software: of('software'), unexplained: of('unexplained') }
}

/** Median over the blocks of the reported regime, ms per prediction, summed over threads. */
function waitAtMedianMs({ blocks, regime }: Latency): number {
  const waits = blocks.filter((block) => block.regime === regime).map((block) => block.waitAtMedianMs)
  return medianOrNull(waits) ?? 0
}
