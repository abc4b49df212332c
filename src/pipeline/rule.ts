// A rule of pipelines: measured facts and a pattern of the source together, at a place of the user's own code. It gives a finding for each
// place. What is not hot is no finding.
import type { Sentence } from '../diagnose/tell.ts'
import type { PipelineEvidence } from './evidence.ts'
import type { CodePlace, Language } from './facts.ts'

export interface PipelineFound extends Sentence {
  /** Time per prediction that it is about, ms. */
  readonly timeMs: number
  /** What the rule's counterfactual would save per prediction, ms; 0 for a note. */
  readonly wouldSaveMs: number
  readonly basis: 'measured' | 'modelled'
  /** Most telling first. */
  readonly places: readonly CodePlace[]
  /** In place of the rule's own. */
  readonly title?: string
  /** The command to type next; null where there is none. */
  readonly next?: string | null
}

/** An empty list: looked at, nothing there. */
export type PipelineOutcome = readonly PipelineFound[] | 'does-not-apply' | { readonly notChecked: string }

export interface PipelineRule {
  readonly id: string
  readonly area: 'architecture' | 'hardware' | 'software'
  /** A sentence its reader would say: sentence case, no full stop. */
  readonly title: string
  /** In which it exists; in others it does not apply. */
  readonly languages: readonly Language[]
  /** Fields of the evidence without which it cannot tell: missing, it is `not-checked` with the reason in `absent`. */
  readonly needs: readonly ('lines' | 'calls' | 'loops' | 'sessions' | 'patterns')[]
  check(evidence: PipelineEvidence): PipelineOutcome
}

export const definePipelineRule = (rule: PipelineRule): PipelineRule => rule
