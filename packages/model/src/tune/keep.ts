// The steps `judge` and `keep`: a candidate is judged in pairs on top of what was kept so far, and kept where it is faster, right, and
// runs as it was meant to.
import { firstLineOf } from '@whyslow/graph/input-error.ts'
import { reasonInWords, type Trial } from '@whyslow/measure/trials/port.ts'
import type { RemedySetup } from '../remedies/kit/remedy.ts'
import type { Judgement } from './bench.ts'
import { type Candidate, nameOf, predictedSpeedup, proposeAgain, worstEffect } from './candidates.ts'
import { rebuildSetup } from './drop.ts'
import { judge, whyNoGain } from './judge.ts'
import { costsLatency } from './latency-cost.ts'
import { markUntried, recordTrial, removeKept, type SearchPlan, type SearchState } from './state.ts'
import { type TriedRemedy, trialResult } from './tried-remedy.ts'

/** A choice, not a proof: of seven looks each asks for no more than one would. */
const LOOKS = [3, 4, 5, 6, 7, 8, 12]
export const GROWTH = { looks: LOOKS, stopEarly: true, level: 95 } as const

/**
 * Judged on what is kept, if it can still be put on it. `isBetter`: it gained more in its first look than this kept one; where that one excludes it,
 * it is judged in its place.
 */
export async function judgeAndKeep(
  plan: SearchPlan,
  state: SearchState,
  candidate: Candidate,
  isBetter: (kept: Candidate) => boolean = () => false,
): Promise<SearchState> {
  const { bench, evidence, tools } = plan
  const tell = (one: TriedRemedy) => recordTrial(plan, state, one)
  const taken = state.kept.find(({ remedy }) => remedy.id === candidate.remedy.id)
  if (taken !== undefined) {
    const instead = isBetter(taken) ? await judgeInstead(plan, state, candidate, taken) : null
    if (instead !== null) return instead
    const reason = `${nameOf(taken)} was better in the first look`
    return tell(trialResult(candidate, 'no-difference', reason, predictedSpeedup(candidate, state)))
  }
  if (bench.nowMs() > state.endMs) return markUntried(state, [nameOf(candidate)])
  const again = await proposeAgain(candidate, state.setup, evidence, tools)
  if (typeof again === 'string') return tell(trialResult(candidate, 'failed', again))
  if (again === null || bench.keyOf(again.proposal.setup) === bench.keyOf(state.setup)) {
    for (const kept of state.kept.filter(isBetter)) {
      const instead = await judgeInstead(plan, state, candidate, kept)
      if (instead !== null) return instead
    }
    const before = state.kept.map(nameOf).join(', ')
    return tell(trialResult(candidate, 'no-difference', `nothing is left to change after ${before}`))
  }
  return judgeOnTop(plan, state, again, state.kept)
}

/** Judges it in the place of a kept one that excludes it; null: it does not apply without that one, either. */
async function judgeInstead(
  plan: SearchPlan,
  state: SearchState,
  candidate: Candidate,
  kept: Candidate,
): Promise<SearchState | null> {
  const others = await rebuildSetup(
    plan,
    state.kept.filter((one) => one !== kept),
  )
  const again = others && (await proposeAgain(candidate, others.setup, plan.evidence, plan.tools))
  if (others === null || again === null || typeof again === 'string') return null
  if (plan.bench.keyOf(again.proposal.setup) === plan.bench.keyOf(state.setup)) return null
  const next = await judgeOnTop(plan, state, again, others.kept)
  if (next.setup !== again.proposal.setup) return next
  return removeKept(plan, next, { candidate: kept, others: next, reason: `${nameOf(candidate)} is faster in pairs` })
}

/** Judged against what is kept. `others`: what else its setup holds, kept with it. */
export async function judgeOnTop(
  plan: SearchPlan,
  state: SearchState,
  candidate: Candidate,
  others: readonly Candidate[],
): Promise<SearchState> {
  plan.onStep(`in pairs: ${nameOf(candidate)}`, 0, 1)
  const trial = await judged(plan, state, candidate.proposal.setup)
  if (trial.outcome === 'measured') return keep(plan, state, { candidate, others }, trial.value)
  return recordTrial(plan, state, trialResult(candidate, 'failed', reasonInWords(trial), predictedSpeedup(candidate, state)))
}

/** As an earlier run judged it, else now. Judgements that the budget cut short are not kept. */
async function judged(
  { bench }: SearchPlan,
  { setup: base, endMs }: SearchState,
  candidate: RemedySetup,
): Promise<Trial<Judgement>> {
  const before = await bench.recall?.(base, candidate)
  if (before?.kind === 'judgement') return { outcome: 'measured', value: before.judgement }
  const trial = await judge(bench, base, candidate, { ...GROWTH, deadlineMs: endMs })
  if (trial.outcome === 'measured' && bench.nowMs() < endMs)
    await bench.remember?.(base, candidate, { kind: 'judgement', judgement: trial.value })
  return trial
}

interface OnTop {
  readonly candidate: Candidate
  readonly others: readonly Candidate[]
}

async function keep(plan: SearchPlan, state: SearchState, on: OnTop, judgement: Judgement): Promise<SearchState> {
  const { candidate, others } = on
  const { bench } = plan
  const { setup } = candidate.proposal
  const facts = { judgement, sizeBytes: bench.sizeBytes(setup), ...predictedSpeedup(candidate, state) }
  const tell = (outcome: TriedRemedy['outcome'], reason: string, rest: Partial<TriedRemedy> = {}) =>
    recordTrial(plan, state, trialResult(candidate, outcome, reason, { ...facts, ...rest }))
  if (judgement.verdict !== 'faster') return tell(judgement.verdict, whyNoGain(judgement))
  const slower = await costsLatency(plan, judgement, state.setup, setup)
  if (slower !== null) return { ...tell('rejected', slower), costly: new Set([...state.costly, candidate.remedy.id]) }
  const kept = [...others, candidate]
  const { ok, reason, agreement } = await bench.compare(setup, worstEffect(kept))
  if (!ok) return tell('rejected', reason, { agreement })
  const took = await tookOf(plan, candidate)
  if (typeof took === 'string') return tell('failed', took)
  if (took === false) return tell('rejected', 'faster, but the engine does not run what was meant to', { took })
  const { beforeMs, afterMs } = judgement
  const p50Ms = beforeMs === null || afterMs === null ? state.p50Ms : state.p50Ms * (afterMs / beforeMs)
  return { ...tell('faster', reason, { kept: true, took, agreement }), kept, setup, p50Ms }
}

/** null: nothing to look for, or the graph could not be had. A string: how the look at it failed. */
async function tookOf({ bench }: SearchPlan, { proposal }: Candidate): Promise<boolean | string | null> {
  if (proposal.took === undefined) return null
  const executed = await bench.executed(proposal.setup)
  try {
    return executed === null ? null : proposal.took(executed)
  } catch (error) {
    return firstLineOf(error)
  }
}
