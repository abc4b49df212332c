// The step `dropUnneeded`: a search keeps the best of many, so some of what it keeps may be luck. Backward over all of it, last kept first, each
// remedy is tested in new pairs of the whole with it and without it. It stays only if the whole is clearly slower without it.
import type { RemedySetup } from '../remedies/kit/remedy.ts'
import { type Candidate, nameOf, proposeAgain, worstEffect } from './candidates.ts'
import { type JudgePlan, judge } from './judge.ts'
import { removeKept, type SearchPlan, type SearchState } from './state.ts'

/** Largest share of these tests, all looks of one together, that keep a remedy whose gain is below `LEAST_DIFFERENCE`. */
const FALSELY_KEPT = 0.05
const LOOKS = [4, 10, 16]
/** Fewest pairs that give up a remedy for want of a gain: more than while searching, since it was found once. */
const PATIENCE = 8
const BACKWARD: JudgePlan = {
  looks: LOOKS,
  patience: PATIENCE,
  // Bonferroni over the looks, on the one side that keeps it.
  level: 100 * (1 - (2 * FALSELY_KEPT) / LOOKS.length),
  stopEarly: true,
  deadlineMs: null,
}

/** Runs whatever the budget, as the last proof does. A remedy that is alone, or left alone, has the last proof as its test. */
export async function dropUnneeded(plan: SearchPlan, given: SearchState): Promise<SearchState> {
  const { bench } = plan
  let state = given
  for (const candidate of [...given.kept].reverse()) {
    if (state.kept.length < 2) break
    // By remedy: what is rebuilt holds other objects, and each remedy is in it once.
    const others = await rebuildSetup(
      plan,
      state.kept.filter(({ remedy }) => remedy.id !== candidate.remedy.id),
    )
    // What another one stands on stays with it.
    if (others === null) continue
    plan.onStep(`without ${nameOf(candidate)}`, 0, 1)
    const trial = await judge(bench, others.setup, state.setup, BACKWARD)
    if (trial.outcome !== 'measured' || trial.value.verdict === 'faster') continue
    const { ok } = await bench.compare(others.setup, worstEffect(others.kept))
    const reason = `faster at first, but not clearly faster on top of the others in ${trial.value.pairs} more pairs`
    if (ok) state = removeKept(plan, state, { candidate, others, reason })
  }
  return state
}

/** The candidates put on the original, one on the other; null if one does not apply any more. */
export async function rebuildSetup(
  { original, evidence, tools }: SearchPlan,
  candidates: readonly Candidate[],
): Promise<{ readonly setup: RemedySetup; readonly kept: readonly Candidate[] } | null> {
  let setup = original
  const kept: Candidate[] = []
  for (const candidate of candidates) {
    const next = await proposeAgain(candidate, setup, evidence, tools)
    if (next === null || typeof next === 'string') return null
    setup = next.proposal.setup
    kept.push(next)
  }
  return { setup, kept }
}
