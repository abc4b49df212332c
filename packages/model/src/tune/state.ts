// What the search knows at any time, as plain data. Each step takes a state and gives the next; what was tried is told on the way.
import type { Remedy, RemedyEvidence, RemedySetup, RemedyTools } from '../remedies/kit/remedy.ts'
import type { Bench } from './bench.ts'
import { type Candidate, nameOf, type RemedyFilter } from './candidates.ts'
import type { TriedRemedy } from './tried-remedy.ts'

export interface SearchPlan {
  readonly bench: Bench
  readonly remedies: readonly Remedy[]
  readonly original: RemedySetup
  readonly evidence: RemedyEvidence
  readonly tools: RemedyTools
  readonly only: RemedyFilter
  /** Budget of the search, ms; the last proof comes on top. */
  readonly budgetMs: number
  /** Nothing is measured: what would be tried is all that is told. */
  readonly dryRun: boolean
  readonly onTried: (one: TriedRemedy) => void
  readonly onStep: (step: string, done: number, of: number) => void
}

export interface SearchState {
  /** The original with all that was kept: what candidates are judged against. */
  readonly setup: RemedySetup
  /** Time of a prediction with it, ms, by what its steps were judged: what a saving is compared with. */
  readonly p50Ms: number
  readonly kept: readonly Candidate[]
  readonly tried: readonly TriedRemedy[]
  /** Names of candidates that no time was left for; some may be tried later. */
  readonly untried: readonly string[]
  /** No pair is begun after it. */
  readonly endMs: number
  /** Remedies that proposed nothing so far. */
  readonly idle: ReadonlySet<Remedy>
  /** Remedies that threw: they are told once. */
  readonly thrown: ReadonlySet<Remedy>
  /** Ids of what served the goal and made predictions too slow: asked again, noise would have a second chance. */
  readonly costly: ReadonlySet<string>
}

export const initialState = ({ original, evidence }: Pick<SearchPlan, 'original' | 'evidence'>, endMs: number): SearchState => ({
  setup: original,
  p50Ms: evidence.p50Ms,
  kept: [],
  tried: [],
  untried: [],
  endMs,
  idle: new Set(),
  thrown: new Set(),
  costly: new Set(),
})

/** The state with one more row, which is reported at once. */
export function recordTrial(plan: SearchPlan, state: SearchState, one: TriedRemedy): SearchState {
  plan.onTried(one)
  return { ...state, tried: [...state.tried, one] }
}

export const markUntried = (state: SearchState, names: readonly string[]): SearchState => ({
  ...state,
  untried: [...state.untried, ...names],
})

export const isKept = ({ kept }: SearchState, { id }: Remedy): boolean => kept.some(({ remedy }) => remedy.id === id)

/** What is taken out, and the other candidates on the setup that they make. */
export interface TakenOut {
  readonly candidate: Candidate
  readonly others: Pick<SearchState, 'setup' | 'kept'>
  readonly reason: string | null
}

/** Reports the row again, since it was reported as kept. */
export function removeKept(
  plan: Pick<SearchPlan, 'onTried'>,
  state: SearchState,
  { candidate, others: { setup, kept }, reason }: TakenOut,
): SearchState {
  const at = state.tried.findLastIndex((one) => one.kept && one.name === nameOf(candidate))
  if (at < 0) throw new Error(`${nameOf(candidate)} was not kept`)
  const row = { ...state.tried[at]!, kept: false, reason }
  plan.onTried(row)
  return { ...state, setup, kept, tried: state.tried.with(at, row) }
}
