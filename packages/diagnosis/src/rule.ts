// A rule looks at the evidence it declares and gives a verdict. Reading what is not declared is a compile error;
// evidence that is missing makes the verdict `not-checked`; a rule that throws is one `failed` row and the others go on.
// Rules of models, of recordings, of the user's own code and of load are of this one kind, over evidence of their own.
import type { NextCommand } from './next-command.ts'
import type { Sentence } from './tell.ts'

/** Where slowness has its home. */
export type Area = 'architecture' | 'hardware' | 'software'

/** A place in the user's own code. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly function: string | null
}

/** A finding. `detail` says why in one to three sentences; `facts` are the numbers in them: see `tell`. */
export interface Finding extends Sentence {
  readonly rule: string
  readonly area: Area
  /** A sentence its reader would say: sentence case, no full stop. */
  readonly title: string
  /** Time per prediction that the finding is about, ms. */
  readonly timeMs: number
  /** What the rule's counterfactual would save per prediction, ms; 0 for a note; null if nobody knows: `savingUnknown` says why. */
  readonly wouldSaveMs: number | null
  readonly savingUnknown?: string
  /** The most that an unknown saving can be, as far as it was timed, ms. */
  readonly atMostMs?: number
  /** The saving by part of a prediction that takes several steps, each once, ms: the first token, and each after it. null: unknown. */
  readonly savingByPart?: Readonly<Record<string, number | null>>
  /** How the saving is known; if it is not, how the time is. */
  readonly basis: 'measured' | 'modelled'
  /** Executed nodes concerned, by name. */
  readonly nodes: readonly string[]
  /** Lines of the user's own code that it is about. */
  readonly places: readonly Place[]
  /** The command to type next; null: there is none. */
  readonly next: NextCommand | null
  /** Rules whose findings rank before it: see `Rule.after`. */
  readonly after?: readonly string[]
}

export type Verdict<F extends Finding = Finding> =
  | { readonly verdict: 'found'; readonly rule: string; readonly finding: F }
  | { readonly verdict: 'clear'; readonly rule: string }
  | { readonly verdict: 'does-not-apply'; readonly rule: string }
  | { readonly verdict: 'not-checked'; readonly rule: string; readonly reason: string }
  | { readonly verdict: 'failed'; readonly rule: string; readonly reason: string }

/** What the rule itself says of every finding, and what most are not about. */
type Stated = 'area' | 'title' | 'nodes' | 'places' | 'next'

/** What `check` found. */
export type RuleFinding = Omit<Finding, 'rule' | Stated> & Partial<Pick<Finding, Stated>>

/**
 * What `check` returns: a finding, or one for each place (an empty list: clear), nothing to report, nothing that it could be about (a rule of
 * GPUs where none is in use), or a reason it cannot tell; `missing` is then what it wanted for it, and why that is missing, where the evidence
 * says so, is reported in place of the reason.
 */
export type Outcome<Key = never> =
  | RuleFinding
  | readonly RuleFinding[]
  | 'clear'
  | 'does-not-apply'
  | { readonly notChecked: string; readonly missing?: Key }

/** What every evidence has: why parts of it are missing, by their names. */
export interface WithAbsent {
  readonly absent: { readonly [key: string]: string | undefined }
}

export type Keys<E> = Exclude<keyof E, 'schema' | 'toolVersion' | 'createdAt' | 'absent' | 'warnings'>

/** Needed keys are there; wanted keys may be undefined. */
export type Given<E, K extends keyof E, W extends keyof E = never> = {
  readonly [P in K]-?: NonNullable<E[P]>
} & { readonly [P in Exclude<W, K>]?: NonNullable<E[P]> | undefined }

/** Free: what `check` may read without declaring it. */
export interface Rule<E, K extends Keys<E> = Keys<E>, W extends Keys<E> = Keys<E>, Free = unknown> {
  readonly id: string
  readonly area: Area
  readonly title: string
  /** Languages of the user's code in which it exists; in others it does not apply. Absent: all. */
  readonly languages?: readonly string[]
  /** Evidence without which the rule cannot tell: missing, it is `not-checked`. */
  readonly needs: readonly K[]
  /** Evidence that sharpens the answer if it is there. */
  readonly wants?: readonly W[]
  /** Rules whose cures were in place when its savings were timed: what they find ranks before what it finds. */
  readonly after?: readonly string[]
  /** Rules that report the same cause in its place: if one of them finds it, this rule is not listed as fine. */
  readonly coveredBy?: readonly string[]
  check(evidence: Free & Given<E, K, W>): Outcome<Keys<E>>
}

/** `defineRule` of one kind of evidence: types what `check` may read from `needs` and `wants`. */
export const definerOf =
  <E, Free = unknown>() =>
  <const K extends Keys<E> = never, const W extends Keys<E> = never>(rule: Rule<E, K, W, Free>): Rule<E, K, W, Free> =>
    rule
