// Which remedies together. Single ones first, as the diagnosis ranks them; then greedy growth, since remedies interact (threads change
// after a rewrite); then backward, dropping what no longer pays; then the whole against the untouched original once more. An engine that is twice
// as fast comes before all of them, others after them.
import type { Remedy, RemedySetup } from '../remedies/kit/remedy.ts'
import { type Candidate, isAllowed, type ProposedCandidates, propose } from './candidates.ts'
import { dropUnneeded } from './drop.ts'
import { judgeAndKeep } from './keep.ts'
import { look, type Shortlist } from './look.ts'
import { tryOnMeasuredEngine } from './measured-turn.ts'
import { type Engines, tryEngineFirst, tryEngines, tryInBits, tryInstead } from './other-engines.ts'
import { type Proof, prove } from './prove.ts'
import { rememberFailures } from './remember-failures.ts'
import { initialState, isKept, recordTrial, type SearchPlan, type SearchState } from './state.ts'
import { type TriedRemedy, trialResult } from './tried-remedy.ts'

export interface SearchOutcome {
  /** The original's if nothing is proven. */
  readonly setup: RemedySetup
  readonly kept: readonly Candidate[]
  readonly tried: readonly TriedRemedy[]
  /** Names of candidates that the budget left no time for. */
  readonly untried: readonly string[]
  /** Proof of all that was kept together against the original; null if nothing was kept. */
  readonly proof: Proof | null
}

/** Share of what is left of the budget: rewrites come first, and what first looks leave goes to growth. */
const LOOK_SHARE = 0.55
/** Share of the budget for all before the late remedies; and, once those have proposed, for judging them at least. */
const EARLY_SHARE = 0.45
const LATE_SHARE = 0.35
/** Share of the budget for judging at least what operators alone have shown, however late it is. */
const SHOWN_SHARE = 0.3
/** Share of the budget for a look at other engines first, and for trying them last, so that each meets the best that the measured one can do. */
const ENGINE_SHARE = 0.15
/** Share of the budget until which remedies are tried on an engine that was taken first; the rest is the measured one's turn, this much at least. */
const TAKEN_SHARE = 0.6
const TURN_SHARE = 0.2

interface Order {
  readonly early: readonly Remedy[]
  readonly late: readonly Remedy[]
}

export async function search(given: SearchPlan): Promise<SearchOutcome> {
  const plan = { ...given, bench: rememberFailures(given.bench) }
  const { bench, budgetMs, evidence, only } = plan
  const remedies = plan.remedies.filter((one) => isAllowed(one, evidence.goal, evidence.constraints.maxLoss, only))
  const choices = (evidence.otherEngines ?? []).length > 0 ? remedies.filter(({ kind }) => kind === 'engine') : []
  const late = remedies.filter((one) => one.late)
  const early = remedies.filter((one) => !one.late && one.kind !== 'engine')
  const startMs = bench.nowMs()
  const initial = initialState(plan, startMs + budgetMs)
  const firstEndMs = startMs + budgetMs * ENGINE_SHARE
  const first = choices.length > 0 ? await tryEngineFirst(plan, { ...initial, endMs: firstEndMs }, choices) : null
  const ownShare = first !== null ? TAKEN_SHARE : choices.length > 0 ? 1 - ENGINE_SHARE : 1
  const lookedMs = bench.nowMs()
  // An engine that hangs takes nothing of the remedies' time.
  const overMs = choices.length > 0 ? Math.max(0, lookedMs - firstEndMs) : 0
  const ownEndMs = startMs + overMs + budgetMs * ownShare
  let state = await tryOn(plan, first?.state ?? initial, { early, late }, [lookedMs, ownEndMs])
  let engines: Engines | null = null
  if (first !== null) {
    const fromMs = bench.nowMs()
    const until = Math.max(startMs + budgetMs, fromMs + budgetMs * TURN_SHARE)
    engines = await tryOnMeasuredEngine(plan, state, first, (from, rename) =>
      tryOn(plan, from, { early: early.map(rename), late: late.map(rename) }, [fromMs, until]),
    )
    if (plan.tools.int8On !== undefined) engines = await tryInBits(plan, engines, choices)
  } else if (choices.length > 0) engines = await tryEngines(plan, { ...state, endMs: startMs + budgetMs }, choices)
  state = engines?.state ?? state
  if (state.kept.length > 1) state = await dropUnneeded(plan, state)
  return conclude(plan, await proveInTurn(plan, state, engines))
}

/** Remedies on what is kept so far, between two times of the clock. */
async function tryOn(
  plan: SearchPlan,
  given: SearchState,
  { early, late }: Order,
  [fromMs, endMs]: readonly [number, number],
): Promise<SearchState> {
  const earlyEndMs = fromMs + (endMs - fromMs) * (late.length > 0 ? EARLY_SHARE : 1)
  const from = given.tried.length
  let state = await tryEarly(plan, { ...given, endMs: earlyEndMs }, early)
  if (late.length === 0) return state
  state = await tryLate(plan, { ...state, endMs }, late)
  // What they left of the budget is for those that had no turn before them.
  const hadTurn = new Set(state.tried.slice(from).map(({ remedies: [id] }) => id))
  const noTurn = early.filter((one) => !isKept(state, one) && !hadTurn.has(one.id))
  return plan.bench.nowMs() < endMs ? round(plan, state, noTurn) : state
}

async function tryEarly(plan: SearchPlan, given: SearchState, early: readonly Remedy[]): Promise<SearchState> {
  const state = await round(plan, given, early)
  // What a rewrite changes may make another setting pay, and uncover what others rewrite.
  const isRewritten = state.kept.some(({ remedy }) => remedy.kind === 'rewrite')
  if (!isRewritten || plan.bench.nowMs() >= state.endMs) return state
  const again = early.filter((one) => (one.kind === 'settings' || state.idle.has(one)) && !isKept(state, one))
  return round(
    plan,
    state,
    again.filter(({ id }) => !state.costly.has(id)),
  )
}

/** They measure for their proposals, which is not taken from what judges them: they are looked at however late it is. */
async function tryLate(plan: SearchPlan, given: SearchState, late: readonly Remedy[]): Promise<SearchState> {
  const proposed = await propose(late, given.setup, plan.evidence, plan.tools)
  const endMs = Math.max(given.endMs, plan.bench.nowMs() + plan.budgetMs * LATE_SHARE)
  return judgeAll(plan, await look(plan, proposedTo(plan, { ...given, endMs }, proposed), proposed.candidates, null))
}

/** Proposals of these remedies for what is kept, looked at, and those that seem to gain judged, best first. */
async function round(plan: SearchPlan, given: SearchState, among: readonly Remedy[]): Promise<SearchState> {
  const nowMs = plan.bench.nowMs()
  const deadlineMs = nowMs + (given.endMs - nowMs) * LOOK_SHARE
  const proposed = await propose(among, given.setup, plan.evidence, plan.tools)
  return judgeAll(plan, await look(plan, proposedTo(plan, given, proposed), proposed.candidates, deadlineMs))
}

/** Remedies that proposed nothing may do so later; those that threw are told once. */
function proposedTo(plan: SearchPlan, given: SearchState, { failed, idle }: ProposedCandidates): SearchState {
  const news = failed.filter(({ remedy }) => !given.thrown.has(remedy))
  const proposal = { variant: '', changes: [] }
  const state = news.reduce(
    (at, { remedy, reason }) => recordTrial(plan, at, trialResult({ remedy, proposal }, 'failed', reason)),
    given,
  )
  return {
    ...state,
    idle: new Set([...given.idle, ...idle]),
    thrown: new Set([...given.thrown, ...news.map(({ remedy }) => remedy)]),
  }
}

async function judgeAll(plan: SearchPlan, { state: given, shortlist, shown, promising }: Shortlist): Promise<SearchState> {
  const { endMs } = given
  const shownEndMs = Math.max(endMs, plan.bench.nowMs() + plan.budgetMs * SHOWN_SHARE)
  const endOf = (one: Candidate) => {
    if (promising.has(one)) return Number.POSITIVE_INFINITY
    return shown.has(one) ? shownEndMs : endMs
  }
  let state = given
  for (const candidate of shortlist) state = await judgeAndKeep(plan, { ...state, endMs: endOf(candidate) }, candidate)
  return { ...state, endMs }
}

type Proven = Pick<SearchOutcome, 'proof'> & { readonly doubt: string | null; readonly state: SearchState }

/** If the last proof rejects an engine, the next best has its turn, and at last what was kept without any. */
async function proveInTurn(plan: SearchPlan, given: SearchState, engines: Engines | null): Promise<Proven> {
  if (given.kept.length === 0) return { proof: null, doubt: null, state: given }
  let found: Proven = await prove(plan, given)
  let left = engines
  while (left !== null && found.proof?.proven !== true) {
    left = await tryInstead(plan, left, found.state, found.doubt)
    if (left === null) break
    const state = left.state.kept.length > 1 ? await dropUnneeded(plan, left.state) : left.state
    found = state.kept.length > 0 ? await prove(plan, state, { isSecond: true }) : { ...found, state }
  }
  return found
}

/** Ships what is proven; else the original. */
function conclude(plan: SearchPlan, { proof, doubt, state }: Proven): SearchOutcome {
  const isTried = (name: string) => state.tried.some((row) => row.name === name)
  const untried = [...new Set(state.untried)].filter((name) => !isTried(name))
  if (proof?.proven) return { setup: state.setup, kept: state.kept, tried: state.tried, untried, proof }
  const refused = state.tried.map((row) => (row.kept ? { ...row, kept: false, reason: doubt } : row))
  for (const [k, row] of refused.entries()) if (row !== state.tried[k]) plan.onTried(row)
  return { setup: plan.original, kept: [], tried: refused, untried, proof }
}
