// Is the candidate better than the base? Both alternate as fresh processes (A B B A), the ratio is taken pair by pair, and after each
// pair it is asked whether the answer is clear. Who looks often, at many candidates, finds gains if there are none, so that what is
// found is a choice and no proof: `dropUnneeded` and `prove` judge what was kept in pairs of their own. Few pairs are judged by Student's t; many
// by their trimmed mean, since one process in ten is half as slow again for no reason of its own.

import { decide, LEAST_DIFFERENCE, median, medianOrNull, verdictOf } from '@whyslow/measure/statistics/index.ts'
import { isSlower } from '@whyslow/measure/timing/regimes.ts'
import type { Trial } from '@whyslow/measure/trials/port.ts'
import type { RemedySetup } from '../remedies/kit/remedy.ts'
import { type Bench, type Deadline, isPast, type Judgement, type Reading } from './bench.ts'

export interface JudgePlan {
  /** Numbers of pairs after which it is asked whether a gain is clear; no more pairs than the last are measured. */
  readonly looks: readonly number[]
  /** Pairs before which it is not given up for want of a gain; absent: two. */
  readonly patience?: number
  /** No pair but the first starts after it. */
  readonly deadlineMs: Deadline
  /** false: all pairs, longer samples, the candidate through its folder, and one look at them: the last proof. */
  readonly stopEarly: boolean
  /** Level of the interval at each look, percent. */
  readonly level: number
}

/** A candidate whose ratios stay above this is given up early: a search has no time for gains this small, and a wrong "no" is never a loss. */
const HOPELESS = 0.98
/** This many pairs in, a median that shows no gain worth having ends it: more of them would find no more than noise. */
const FUTILE_AFTER = 4
const MOST_REPEATS = 2
/** Share of a reading that others took: a pair with such a one is repeated. */
const DISTURBED = 0.1
const MOST_DISTURBED = 3

interface Pair {
  readonly ratio: number
  /** null: not known, or it changed within the pair. */
  readonly handoffNs: number | null
  /** The same ratio with arrays that are kept, and with new ones; null: not distinguished. */
  readonly byArrays: { readonly kept: number; readonly anew: number } | null
}

/** Not measured where either side fails. */
export async function judge(bench: Bench, base: RemedySetup, candidate: RemedySetup, plan: JudgePlan): Promise<Trial<Judgement>> {
  const pairs: Pair[] = []
  const [bases, candidates]: [Reading[], Reading[]] = [[], []]
  const isLate = () => isPast(plan.deadlineMs, bench)
  const [baseDepth, depth] = plan.stopEarly ? (['look', 'look'] as const) : (['thorough', 'shipped'] as const)
  let repeats = 0
  let disturbed = 0
  while ((pairs.length < mostOf(plan) || isUnsettled(pairs, plan)) && (pairs.length === 0 || !isLate())) {
    // A pair that is repeated keeps its order, so that each side comes first as often as the other.
    const baseFirst = pairs.length % 2 === 0
    const sides = [() => bench.measure(base, baseDepth), () => bench.measure(candidate, depth)] as const
    const first = await sides[baseFirst ? 0 : 1]()
    if (first.outcome !== 'measured') return first
    const second = await sides[baseFirst ? 1 : 0]()
    if (second.outcome !== 'measured') return second
    const [x, y] = baseFirst ? [first.value, second.value] : [second.value, first.value]
    const [a, b] = [alike(x, y), alike(y, x)]
    const spans = spansChange(a, b)
    if (spans && repeats++ < MOST_REPEATS && !isLate()) continue
    const isDisturbed = Math.max(a.disturbedShare, b.disturbedShare) > DISTURBED
    if (isDisturbed && disturbed++ < MOST_DISTURBED && !isLate()) continue
    bases.push(a)
    candidates.push(b)
    pairs.push({
      ratio: b.score / a.score,
      handoffNs: spans ? null : (a.handoffNs ?? b.handoffNs),
      byArrays:
        a.byArrays && b.byArrays ? { kept: b.byArrays.kept / a.byArrays.kept, anew: b.byArrays.anew / a.byArrays.anew } : null,
    })
    if (plan.stopEarly && (isApart(bases, candidates) || isClear(pairs, plan))) break
  }
  return { outcome: 'measured', value: conclude(pairs, bases, candidates, plan) }
}

/** The reading that is compared: if the other side does not tell arrays apart, that of the predictions with kept ones. */
function alike({ byArrays, ...own }: Reading, other: Reading): Reading {
  if (byArrays === undefined) return own
  if (other.byArrays !== undefined) return { ...own, byArrays }
  const { score, p50Ms } = own
  return { ...own, score: byArrays.kept, p50Ms: p50Ms === null ? null : p50Ms * (byArrays.kept / score) }
}

const mostOf = ({ looks }: JudgePlan): number => looks.at(-1)!

function isClear(pairs: readonly Pair[], { looks, level, patience = 2 }: JudgePlan): boolean {
  const ratios = pairs.map(({ ratio }) => ratio)
  // Two readings that both show no gain worth having settle it: a wrong "no" costs a gain, never a loss.
  if (ratios.length >= patience && Math.min(...ratios) > HOPELESS) return true
  if (ratios.length >= Math.max(patience, FUTILE_AFTER) && median(ratios) > HOPELESS) return true
  if (!looks.includes(ratios.length)) return false
  const { verdict, ratioLow } = decide(ratios, { level, leastPairs: ratios.length })
  return verdict === 'faster' || ratioLow > HOPELESS
}

function conclude(pairs: readonly Pair[], bases: readonly Reading[], candidates: readonly Reading[], plan: JudgePlan): Judgement {
  // Further ones were asked for by what these showed: they speak of their state alone.
  const ratios = pairs.slice(0, mostOf(plan)).map(({ ratio }) => ratio)
  const apart = plan.stopEarly && isApart(bases, candidates)
  const decided = decide(ratios, { level: plan.level })
  const { ratio, ratioLow, ratioHigh } = apart
    ? { ...decided, ratioLow: Math.min(...ratios), ratioHigh: Math.max(...ratios) }
    : decided
  const verdict = verdictOf({ ratioLow, ratioHigh })
  // What is not clearly faster at all says that, and may be judged once more.
  const arrays = verdict === 'faster' ? slowerWithArrays(pairs) : null
  const bad = whyRegime(pairs, plan) ?? slowerAtBest(bases, candidates) ?? arrays
  const faster = (apart || pairs.length >= plan.looks[0]!) && verdict === 'faster' && bad === null
  const slower = pairs.length >= 2 && verdict === 'slower'
  const cut = plan.stopEarly && pairs.length < mostOf(plan) && !faster && !isClear(pairs, plan)
  return {
    verdict: faster ? 'faster' : slower ? 'slower' : 'no-difference',
    reason: bad ?? (cut ? `no clear gain in ${countOf(pairs.length)}, and the budget ended` : null),
    before: median(bases.map(({ score }) => score)),
    after: median(candidates.map(({ score }) => score)),
    speedup: 1 / ratio,
    speedupLow: 1 / ratioHigh,
    speedupHigh: 1 / ratioLow,
    beforeMs: middle(bases, ({ p50Ms }) => p50Ms),
    afterMs: middle(candidates, ({ p50Ms }) => p50Ms),
    peakBytes: middle(candidates, ({ peakBytes }) => peakBytes),
    pairs: pairs.length,
    ...(arrays === null ? {} : { losesWithArrays: true }),
  }
}

/** Pairs after which readings that lie far apart settle it: every one of the candidate below this share of the base's best. */
const APART_AFTER = 2
const APART = 0.7

/** A gain so large that no reading of one side is near one of the other. Cuts short the search alone; the last proof measures on. */
function isApart(bases: readonly Reading[], candidates: readonly Reading[]): boolean {
  const worst = Math.max(...candidates.map(({ score }) => score))
  return bases.length >= APART_AFTER && worst < APART * Math.min(...bases.map(({ score }) => score))
}

/** The reason of a row whose judgement shows no gain. */
export function whyNoGain({ reason, speedupLow, pairs }: Judgement): string {
  const little = `its gain may be below ${Math.round(100 * LEAST_DIFFERENCE)} %, which is not worth a change`
  return reason ?? (speedupLow > 1 ? little : `no clear gain in ${countOf(pairs)}`)
}

const countOf = (pairs: number): string => (pairs === 1 ? 'one pair' : `${pairs} pairs`)

function middle(readings: readonly Reading[], of: (reading: Reading) => number | null): number | null {
  return medianOrNull(readings.flatMap((reading) => of(reading) ?? []))
}

function spansChange(a: Reading, b: Reading): boolean {
  if (a.handoffNs === null || b.handoffNs === null) return false
  return isSlower(a.handoffNs, b.handoffNs) || isSlower(b.handoffNs, a.handoffNs)
}

/** Processes of one and the same setup can differ by half, and by chance one side draws the better ones; its best is its own. */
const SAME_BEST = 1.01

function slowerAtBest(bases: readonly Reading[], candidates: readonly Reading[]): string | null {
  const best = (readings: readonly Reading[]) => Math.min(...readings.map(({ score }) => score))
  const ratio = best(candidates) / best(bases)
  return ratio > SAME_BEST ? `its best process takes ${ratio.toFixed(2)} times as long as the best one without it` : null
}

/** A gain with kept arrays may be a loss for code that makes an array for each prediction, and the other way round. */
function slowerWithArrays(pairs: readonly Pair[]): string | null {
  const known = pairs.flatMap(({ byArrays }) => byArrays ?? [])
  if (known.length === 0) return null
  const [kept, anew] = [median(known.map((one) => one.kept)), median(known.map((one) => one.anew))]
  const times = (ratio: number) => `it takes ${ratio.toFixed(2)} times as long with inputs in`
  if (anew > 1) return `${times(anew)} a new array for each prediction`
  return kept > 1 ? `${times(kept)} the same array for each prediction` : null
}

/** While searching, one pair alone tells nothing of a state: its noise is as large as what is looked for. In the last proof it does. */
const PAIRS_OF_A_STATE = 2

/** One pair in which a gain was lost may be noise: the last proof goes on until there are this many of that state, or this many more of any. */
const SETTLES_A_STATE = 3
const MOST_MORE = 6

/** Asked of the pairs that were meant, so that what further ones show does not decide when they end. */
function isUnsettled(pairs: readonly Pair[], plan: JudgePlan): boolean {
  const most = mostOf(plan)
  if (plan.stopEarly || pairs.length >= most + MOST_MORE) return false
  const lost = slowerRegime(pairs.slice(0, most), 1)
  if (lost === null) return false
  const isLost = ({ handoffNs }: Pair) =>
    handoffNs !== null && isSlower(handoffNs, fastestOf(pairs)) === (lost.handoffs === 'slow')
  return pairs.filter(isLost).length < SETTLES_A_STATE
}

const fastestOf = (pairs: readonly Pair[]): number => Math.min(...pairs.flatMap(({ handoffNs }) => handoffNs ?? []))

function whyRegime(pairs: readonly Pair[], { stopEarly }: JudgePlan): string | null {
  const slower = slowerRegime(pairs, stopEarly ? PAIRS_OF_A_STATE : 1)
  return slower && `it takes ${slower.ratio.toFixed(2)} times as long while handoffs between threads are ${slower.handoffs}`
}

interface SlowerRegime {
  readonly handoffs: 'fast' | 'slow'
  readonly ratio: number
}

/** A candidate must not lose in any state of the machine that was seen: a change of threads may win in one and lose in another. */
function slowerRegime(pairs: readonly Pair[], least: number): SlowerRegime | null {
  const known = pairs.filter(({ handoffNs }) => handoffNs !== null)
  const fastest = fastestOf(known)
  const slow = known.filter(({ handoffNs }) => isSlower(handoffNs!, fastest))
  const fast = known.filter(({ handoffNs }) => !isSlower(handoffNs!, fastest))
  if (slow.length === 0) return null
  for (const [handoffs, group] of [['fast', fast] as const, ['slow', slow] as const]) {
    const ratio = group.length >= least ? median(group.map((pair) => pair.ratio)) : 0
    if (ratio > 1) return { handoffs, ratio }
  }
  return null
}
