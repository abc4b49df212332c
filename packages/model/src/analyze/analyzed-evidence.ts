// What rules look at: evidence with what analysis computes from it.
import type { EngineOffer } from '@whyslow/measure/engines/types.ts'
import type { EngineFacts, Evidence } from '../evidence/evidence.ts'
import type { Breakdown, NodeAreas } from './breakdown.ts'
import type { NodeCosts } from './costs.ts'

/** The engine that predicted, with what is known of it besides what was measured; evidence names it alone. */
export interface EngineWithOffers extends EngineFacts {
  readonly offers: readonly EngineOffer[]
}

/** Evidence with what analysis computes from it. Rules see the keys that they declare. */
export interface AnalyzedEvidence extends Evidence {
  readonly engine?: EngineWithOffers
  readonly costs?: NodeCosts
  /** Areas of the profile's nodes, in its order. */
  readonly nodeAreas?: readonly NodeAreas[]
  readonly breakdown?: Breakdown
}
