// What rules look at: evidence with what analysis computes from it.
import type { Evidence } from '../evidence/evidence.ts'
import type { Breakdown, NodeAreas } from './breakdown.ts'
import type { NodeCosts } from './costs.ts'

/** Evidence with what analysis computes from it. Rules see the keys that they declare. */
export interface AnalyzedEvidence extends Evidence {
  readonly costs?: NodeCosts
  /** Of the profile's nodes, in its order. */
  readonly nodeAreas?: readonly NodeAreas[]
  readonly breakdown?: Breakdown
}

export type EvidenceKey = Exclude<keyof AnalyzedEvidence, 'schema' | 'toolVersion' | 'createdAt' | 'absent' | 'warnings'>
