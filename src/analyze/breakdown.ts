// The partition of the p50 into parts that add up to it, each in one area. What is not attributed stays `unexplained`, signed.
import type { CallCost, Latency, Profile } from '../measure/timing/types.ts'
import type { NodeCosts } from './costs.ts'

export type Area = 'architecture' | 'hardware' | 'software'

export interface BreakdownPart {
  readonly part: string
  readonly area: Area | 'unexplained'
  readonly timeMs: number
  readonly share: number
}

export interface Breakdown {
  readonly p50Ms: number
  readonly parts: readonly BreakdownPart[]
  readonly areas: Readonly<Record<Area | 'unexplained', { readonly timeMs: number; readonly share: number }>>
}

/** What the partition is made of; `docs/method.md` states it. */
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
  const timeOf = new Map<string, number>()
  const add = (part: string, timeMs: number) => timeOf.set(part, (timeOf.get(part) ?? 0) + timeMs)
  for (const [i, node] of costs.nodes.entries()) {
    const { runsPerPrediction } = profile.nodes[i]!
    if (!node.cost) {
      if (runsPerPrediction > 0) add('operators without a known formula', node.timeMs)
      continue
    }
    const floorMs = Math.min(node.cappedFloorMs, node.timeMs)
    const startMs = Math.min(node.timeMs - floorMs, (profile.dispatchPerNodeUs / 1000) * runsPerPrediction)
    const aboveMs = node.timeMs - floorMs - startMs
    const serial = node.cost.serialSteps > 1 && node.cost.macs > 0
    if (serial) add('recurrent steps', floorMs)
    else if (node.floorOn === 'memory') add('memory traffic at the bandwidth', floorMs)
    else add('arithmetic at the peak', floorMs)
    add('starting operators', startMs)
    add(node.cost.movesDataOnly ? 'layout and copies' : 'operators above their floor', aboveMs)
  }
  // Nodes were timed while they waited: what waiting took is moved out of their time above the floor, not added to it.
  const waitedMs = Math.min(waitAtMedianMs(latency) / threads, timeOf.get('operators above their floor') ?? 0)
  if (waitedMs > 0) {
    add('waiting for a CPU', waitedMs)
    add('operators above their floor', -waitedMs)
  }
  if (callCost) add('the call', callCost.callMs)
  const attributedMs = [...timeOf.values()].reduce((sum, ms) => sum + ms, 0)
  const parts = PARTS.flatMap(([part, area]): BreakdownPart[] => {
    const timeMs = part === UNEXPLAINED ? p50Ms - attributedMs : (timeOf.get(part) ?? 0)
    return timeMs === 0 ? [] : [{ part, area, timeMs, share: timeMs / p50Ms }]
  })
  return { p50Ms, parts, areas: areasOf(parts, p50Ms) }
}

const UNEXPLAINED = 'unexplained'

/** Every part, in the order in which it is shown, with its area. */
const PARTS: readonly (readonly [string, BreakdownPart['area']])[] = [
  ['arithmetic at the peak', 'architecture'],
  ['recurrent steps', 'architecture'],
  ['memory traffic at the bandwidth', 'hardware'],
  ['waiting for a CPU', 'hardware'],
  ['operators above their floor', 'software'],
  ['layout and copies', 'software'],
  ['starting operators', 'software'],
  ['operators without a known formula', 'software'],
  ['the call', 'software'],
  [UNEXPLAINED, 'unexplained'],
]

function areasOf(parts: readonly BreakdownPart[], p50Ms: number): Breakdown['areas'] {
  const of = (area: BreakdownPart['area']) => {
    const timeMs = parts.filter((part) => part.area === area).reduce((sum, part) => sum + part.timeMs, 0)
    return { timeMs, share: timeMs / p50Ms }
  }
  return { architecture: of('architecture'), hardware: of('hardware'), software: of('software'), unexplained: of('unexplained') }
}

/** Median over the blocks of the reported regime, ms per prediction, summed over threads. */
function waitAtMedianMs({ blocks, regime }: Latency): number {
  const waits = blocks
    .filter((block) => block.regime === regime)
    .map((block) => block.waitAtMedianMs)
    .sort((a, b) => a - b)
  return waits[(waits.length - 1) >> 1] ?? 0
}
