// The step `look`: which of the proposals are worth judging, best first. What an earlier run found is not looked at again, rewrites
// must give the right outputs before they are read at all, operators alone have told of some what they give, and first looks tell the rest.
// What promises much in its first look is judged before anything else is looked at.

import { geometricMean } from '@whyslow/measure/statistics/index.ts'
import { timesAsFast } from '@whyslow/measure/statistics/numbers.ts'
import { reasonInWords } from '@whyslow/measure/trials/port.ts'
import type { RemedySetup } from '../remedies/kit/remedy.ts'
import { type Bench, type Deadline, isPast } from './bench.ts'
import { type Candidate, expectedShare, nameOf, predictedSpeedup, shownAlone, worstEffect } from './candidates.ts'
import { judgeAndKeep } from './keep.ts'
import { type FirstLook, firstLooks, isShortlisted, PROMISING_RATIO, type Promising } from './shortlist.ts'
import { markUntried, recordTrial, type SearchPlan, type SearchState } from './state.ts'
import { trialResult } from './tried-remedy.ts'

/** A first look this far above the base need not be repeated in a later run. */
const CLEARLY_NO_GAIN = 1.05

/** A candidate with its score over the base's, as far as it is known. */
interface Ranked {
  readonly candidate: Candidate
  readonly ratio: number
  /** Absent: it was not looked at. */
  readonly look?: FirstLook
}

export interface Shortlist {
  readonly state: SearchState
  readonly shortlist: readonly Candidate[]
  /** Those of it that operators alone have shown to gain. */
  readonly shown: ReadonlySet<Candidate>
  /** Those of it that promise so much that they are judged however late it is. */
  readonly promising: ReadonlySet<Candidate>
}

export async function look(
  plan: SearchPlan,
  given: SearchState,
  proposed: readonly Candidate[],
  deadlineMs: Deadline,
): Promise<Shortlist> {
  const { bench, evidence } = plan
  const base = given.setup
  const candidates = distinctCandidates(bench, proposed, base)
  if (plan.dryRun)
    return { state: markUntried(given, candidates.map(nameOf)), shortlist: [], shown: new Set(), promising: new Set() }
  const shown = shownAlone(candidates, evidence, given.p50Ms)
  const sorted = await sortOut(plan, given, candidates, { deadlineMs, shown })
  const right = sorted.right.filter((one) => !shown.has(one))
  const hopefuls = right.map(({ proposal }) => ({
    setup: proposal.setup,
    expected: expectedShare(proposal, evidence, given.p50Ms),
  }))
  const onRead = (k: number, of: number) => plan.onStep('a first look at what may help', k, of)
  let { state } = sorted
  const judged = new Map<string, number>()
  const onPromising = async (promising: readonly Promising[]) => {
    for (const { index, ratio } of promising) {
      const candidate = right[index]!
      const isBetter = (kept: Candidate) => ratio < (judged.get(nameOf(kept)) ?? 0)
      const { endMs } = state
      state = { ...(await judgeAndKeep(plan, { ...state, endMs: Number.POSITIVE_INFINITY }, candidate, isBetter)), endMs }
      judged.set(nameOf(candidate), ratio)
    }
  }
  const looks = await firstLooks(bench, base, hopefuls, { deadlineMs, onRead, onPromising })
  const seen: Ranked[] = []
  for (const [k, one] of looks.entries()) {
    const candidate = right[k]!
    if (judged.has(nameOf(candidate))) continue
    // A reading that others disturbed does not put off what much is expected of.
    if (isShortlisted(one)) seen.push({ candidate, ratio: geometricMean(one.ratios) * (1 - one.expected / 2), look: one })
    else state = await notShortlisted(plan, state, candidate, one)
  }
  const foretold = sorted.right
    .filter((one) => shown.has(one))
    .map((candidate): Ranked => ({ candidate, ratio: 1 - expectedShare(candidate.proposal, evidence, given.p50Ms) }))
  const ranked = [...seen, ...foretold, ...sorted.known].sort((a, b) => a.ratio - b.ratio)
  const promising = seen.filter(({ look }) => look !== undefined && geometricMean(look.ratios) <= PROMISING_RATIO)
  return {
    state,
    shortlist: ranked.map(({ candidate }) => candidate),
    shown,
    promising: new Set(promising.map(({ candidate }) => candidate)),
  }
}

/** Proposals that predict in different ways, and not as the setup itself does. */
export function distinctCandidates<C extends Candidate>(
  bench: Pick<Bench, 'keyOf'>,
  candidates: readonly C[],
  base: RemedySetup,
): C[] {
  const seen = new Set([bench.keyOf(base)])
  return candidates.filter(({ proposal }) => {
    const key = bench.keyOf(proposal.setup)
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}

interface SortingLimit {
  readonly deadlineMs: Deadline
  /** For which it does not hold. */
  readonly shown: ReadonlySet<Candidate>
}

/** `known`: judged in an earlier run. `right`: their outputs are. The others are told. */
async function sortOut(
  plan: SearchPlan,
  given: SearchState,
  candidates: readonly Candidate[],
  { deadlineMs, shown }: SortingLimit,
) {
  const { bench } = plan
  const right: Candidate[] = []
  const known: Ranked[] = []
  let state = given
  for (const candidate of candidates) {
    const before = await bench.recall?.(state.setup, candidate.proposal.setup)
    if (before?.kind === 'look' && !shown.has(candidate))
      state = recordTrial(plan, state, noGain(state, candidate, 'an earlier run', 1 / before.ratio))
    else if (before?.kind === 'judgement') known.push({ candidate, ratio: 1 / before.judgement.speedup })
    else if (!shown.has(candidate) && isPast(deadlineMs, bench)) state = markUntried(state, [nameOf(candidate)])
    else {
      const wrong = candidate.remedy.kind === 'rewrite' ? await wrongOutputs(plan, state, candidate) : null
      if (wrong === null) right.push(candidate)
      else state = recordTrial(plan, state, wrong)
    }
  }
  return { state, right, known }
}

/** null if the outputs agree. */
async function wrongOutputs({ bench, onStep }: SearchPlan, state: SearchState, candidate: Candidate) {
  onStep(`comparing outputs: ${nameOf(candidate)}`, 0, 1)
  const { ok, reason, agreement } = await bench.compare(candidate.proposal.setup, worstEffect([...state.kept, candidate]))
  return ok ? null : trialResult(candidate, 'rejected', reason, { agreement, ...predictedSpeedup(candidate, state) })
}

async function notShortlisted(
  plan: SearchPlan,
  state: SearchState,
  candidate: Candidate,
  { ratios, failure }: FirstLook,
): Promise<SearchState> {
  if (failure !== null) return recordTrial(plan, state, trialResult(candidate, 'failed', reasonInWords(failure)))
  if (ratios.length === 0) return markUntried(state, [nameOf(candidate)])
  const ratio = geometricMean(ratios)
  const looks = ratios.length === 1 ? 'a first look' : `${ratios.length} looks`
  if (ratio >= CLEARLY_NO_GAIN) await plan.bench.remember?.(state.setup, candidate.proposal.setup, { kind: 'look', ratio })
  return recordTrial(plan, state, noGain(state, candidate, looks, 1 / ratio))
}

const noGain = (state: SearchState, candidate: Candidate, seenIn: string, lookedSpeedup: number) =>
  trialResult(candidate, 'no-difference', `no gain in ${seenIn} (${timesAsFast(lookedSpeedup)})`, {
    lookedSpeedup,
    ...predictedSpeedup(candidate, state),
  })
