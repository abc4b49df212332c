// The step `drop`: backward over what was kept, last kept first, what the others no longer need goes.
import type { RemedySetup } from '../rewrite/remedy.ts'
import { type Candidate, nameOf, proposeAgain, worstEffect } from './candidates.ts'
import { judge, WORTHWHILE } from './judge.ts'
import { type SearchPlan, type SearchState, withoutKept } from './state.ts'

const BACKWARD = { least: 2, most: 4, stopEarly: true, level: 99 } as const

export async function drop(plan: SearchPlan, given: SearchState): Promise<SearchState> {
  const { bench } = plan
  let state = given
  for (const candidate of [...given.kept].reverse().slice(1)) {
    if (bench.nowMs() > state.endMs || state.kept.length < 2) break
    // By remedy: what is rebuilt holds other objects, and each remedy is in it once.
    const others = await rebuilt(
      plan,
      state.kept.filter(({ remedy }) => remedy.id !== candidate.remedy.id),
    )
    if (others === null) continue
    plan.onStep(`without ${nameOf(candidate)}`, 0, 1)
    const trial = await judge(bench, others.setup, state.setup, { ...BACKWARD, deadlineMs: state.endMs })
    // On at least two pairs. A drop that noise decided costs a gain, never a loss: the rest is proven once more.
    if (trial.outcome !== 'measured' || trial.value.pairs < BACKWARD.least || trial.value.speedup > 1 / WORTHWHILE) continue
    const { ok } = await bench.compare(others.setup, worstEffect(others.kept))
    if (ok) state = withoutKept(state, candidate, others, 'faster alone, but it adds nothing to the others')
  }
  return state
}

/** The candidates put on the original, one on the other; null where one does not apply any more. */
export async function rebuilt(
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
