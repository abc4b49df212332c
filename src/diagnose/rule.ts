// A rule looks at the evidence it declares and gives a verdict. Reading what is not declared is a compile error;
// evidence that is missing makes the verdict `not-checked`; a rule that throws is one `failed` row and the others go on.

import type { AnalyzedEvidence, EvidenceKey } from '../analyze/analyzed-evidence.ts'
import type { Area } from '../analyze/breakdown.ts'
import type { Sentence } from './tell.ts'

/** A place in the user's own code. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly function: string | null
}

/** With `detail`, why, in one to three sentences, and `facts`, the numbers in them: see `tell`. */
export interface Finding extends Sentence {
  readonly rule: string
  readonly area: Area
  /** A sentence its reader would say: sentence case, no full stop. */
  readonly title: string
  /** Time per prediction that the finding is about, ms. */
  readonly timeMs: number
  /** What the rule's counterfactual would save per prediction, ms; 0 for a note. */
  readonly wouldSaveMs: number
  readonly basis: 'measured' | 'modelled'
  /** Executed nodes concerned, by name. */
  readonly nodes: readonly string[]
  /** Lines of the user's own code, where it is about those. */
  readonly places: readonly Place[]
  /** The command to type next; null where there is none. `MODEL` stands for the model's path. */
  readonly next: string | null
}

export type Verdict =
  | { readonly verdict: 'found'; readonly rule: string; readonly finding: Finding }
  | { readonly verdict: 'clear'; readonly rule: string }
  | { readonly verdict: 'does-not-apply'; readonly rule: string }
  | { readonly verdict: 'not-checked'; readonly rule: string; readonly reason: string }
  | { readonly verdict: 'failed'; readonly rule: string; readonly reason: string }

/** What the rule itself says of every finding, and what most are not about. */
type Stated = 'area' | 'title' | 'nodes' | 'places'

/**
 * What `check` returns: a finding, nothing to report, nothing that it could be about (a rule of GPUs where none is in use), or a reason
 * it cannot tell; `missing` is then what it wanted for it, and why that is missing, where the evidence says so, is told in place of the reason.
 */
export type Outcome =
  | (Omit<Finding, 'rule' | Stated> & Partial<Pick<Finding, Stated>>)
  | 'clear'
  | 'does-not-apply'
  | { readonly notChecked: string; readonly missing?: EvidenceKey }

/** Needed keys are there; wanted keys may be undefined. */
export type Given<K extends EvidenceKey, W extends EvidenceKey = never> = {
  readonly [P in K]-?: NonNullable<AnalyzedEvidence[P]>
} & { readonly [P in Exclude<W, K>]?: NonNullable<AnalyzedEvidence[P]> | undefined }

export interface Rule<K extends EvidenceKey = EvidenceKey, W extends EvidenceKey = EvidenceKey> {
  readonly id: string
  readonly area: Area
  readonly title: string
  /** Evidence without which the rule cannot tell: missing, it is `not-checked`. */
  readonly needs: readonly K[]
  /** Evidence that sharpens the answer where it is there. */
  readonly wants?: readonly W[]
  check(evidence: Given<K, W>): Outcome
}

/** Types what `check` may read from `needs` and `wants`. */
export function defineRule<const K extends EvidenceKey, const W extends EvidenceKey = never>(rule: Rule<K, W>): Rule<K, W> {
  return rule
}
