// The cost table: what each executed node asks of the machine, and its floor on this machine's measured roofs.
import type { Cost } from '../operators/types.ts'

/** One executed node, costed. Index and name match `Profile.nodes`. */
export interface NodeCost {
  readonly name: string
  readonly opType: string
  readonly domain: string
  readonly timeMs: number
  /** Undefined where the operator is unknown; `reason` says why. */
  readonly cost: Cost | undefined
  readonly reason: string | null
  /** max(flops / roof, bytes / bandwidth of the level its working set fits in), for all its runs in one prediction, ms; never above timeMs * 1.0 only by `cappedFloorMs`. */
  readonly floorMs: number | null
  /** min(floorMs, timeMs): what the areas use. */
  readonly cappedFloorMs: number
  readonly bound: 'compute' | 'memory' | 'overhead' | null
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
