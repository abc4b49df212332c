// Is the candidate better than the base? Both alternate as fresh processes (A B B A), the ratio is taken pair by pair, and after each
// pair it is asked whether the answer is clear. Looking several times finds differences where there are none more often than looking
// once, so each look asks for 99 % in place of 95 %: four looks then err at most four times in a hundred (Bonferroni), and what is
// kept is measured once more at the end, against the untouched original.
import { logInterval, median } from '../measure/statistics.ts'
import type { Trial } from '../measure/types.ts'
import type { RemedySetup } from '../remedies/remedy.ts'
import type { Ground, Reading } from './ground.ts'

export interface Judgement {
  readonly verdict: 'faster' | 'slower' | 'no-difference'
  /** Why it is no clear answer, where there is more to say than the interval does. */
  readonly reason: string | null
  readonly before: number
  readonly after: number
  /** before / after, median over pairs, and its interval. */
  readonly speedup: number
  readonly speedupLow: number
  readonly speedupHigh: number
  readonly beforeMs: number | null
  readonly afterMs: number | null
  readonly peakBytes: number | null
  readonly pairs: number
}

export interface JudgePlan {
  /** Fewest pairs before it may stop, most that are measured. */
  readonly least: number
  readonly most: number
  /** Of `ground.nowMs`; no pair starts after it once `least` are there. */
  readonly deadlineMs: number
  /** false: all of `most` pairs, longer samples, and one look at 95 %: the last proof. */
  readonly stopEarly: boolean
}

/** A gain below this is not worth a change. */
export const WORTHWHILE = 0.98
/** Handoffs within this factor are one state of the machine (docs/method.md). */
const REGIME_RATIO = 1.6
const MOST_REPEATS = 2

interface Pair {
  readonly ratio: number
  readonly handoffNs: number | null
}

/** Not measured where either side fails. */
export async function judge(
  ground: Ground,
  base: RemedySetup,
  candidate: RemedySetup,
  plan: JudgePlan,
): Promise<Trial<Judgement>> {
  const pairs: Pair[] = []
  const [bases, candidates]: [Reading[], Reading[]] = [[], []]
  let repeats = 0
  for (let k = 0; pairs.length < plan.most; k++) {
    if (pairs.length >= plan.least && ground.nowMs() > plan.deadlineMs) break
    const first = await ground.measure(k % 2 === 0 ? base : candidate, !plan.stopEarly)
    if (first.outcome !== 'measured') return first
    const second = await ground.measure(k % 2 === 0 ? candidate : base, !plan.stopEarly)
    if (second.outcome !== 'measured') return second
    const [a, b] = k % 2 === 0 ? [first.value, second.value] : [second.value, first.value]
    if (spansChange(a, b) && repeats++ < MOST_REPEATS) continue
    bases.push(a)
    candidates.push(b)
    pairs.push({ ratio: b.score / a.score, handoffNs: a.handoffNs ?? b.handoffNs })
    if (plan.stopEarly && isClear(pairs, plan.least)) break
  }
  return { outcome: 'measured', value: conclude(pairs, bases, candidates, plan) }
}

const LEVEL = (plan: Pick<JudgePlan, 'stopEarly'>): 95 | 99 => (plan.stopEarly ? 99 : 95)

function isClear(pairs: readonly Pair[], least: number): boolean {
  const ratios = pairs.map(({ ratio }) => ratio)
  // Two readings that both show no gain worth having settle it: a wrong "no" costs a gain, never a loss.
  if (ratios.length >= 2 && Math.min(...ratios) > WORTHWHILE) return true
  if (ratios.length < Math.max(3, least)) return false
  const { low, high } = logInterval(ratios, 99)
  return high < 1 || low > WORTHWHILE
}

function conclude(pairs: readonly Pair[], bases: readonly Reading[], candidates: readonly Reading[], plan: JudgePlan): Judgement {
  const ratios = pairs.map(({ ratio }) => ratio)
  const ratio = median(ratios)
  const interval = logInterval(ratios, LEVEL(plan))
  const single = ratios.length < 2
  const bad = slowerRegime(pairs)
  const faster = !single && interval.high < 1 && bad === null
  const slower = !single && interval.low > 1
  return {
    verdict: faster ? 'faster' : slower ? 'slower' : 'no-difference',
    reason: bad,
    before: median(bases.map(({ score }) => score)),
    after: median(candidates.map(({ score }) => score)),
    speedup: 1 / ratio,
    speedupLow: 1 / interval.high,
    speedupHigh: 1 / interval.low,
    beforeMs: middle(bases, ({ p50Ms }) => p50Ms),
    afterMs: middle(candidates, ({ p50Ms }) => p50Ms),
    peakBytes: middle(candidates, ({ peakBytes }) => peakBytes),
    pairs: pairs.length,
  }
}

function middle(readings: readonly Reading[], of: (reading: Reading) => number | null): number | null {
  const known = readings.flatMap((reading) => of(reading) ?? [])
  return known.length > 0 ? median(known) : null
}

function spansChange(a: Reading, b: Reading): boolean {
  if (a.unsteady || b.unsteady) return true
  if (a.handoffNs === null || b.handoffNs === null) return false
  return Math.max(a.handoffNs, b.handoffNs) > REGIME_RATIO * Math.min(a.handoffNs, b.handoffNs)
}

/** A candidate must not lose in any state of the machine that was seen: a change of threads may win in one and lose in another. */
function slowerRegime(pairs: readonly Pair[]): string | null {
  const known = pairs.filter(({ handoffNs }) => handoffNs !== null).sort((a, b) => a.handoffNs! - b.handoffNs!)
  if (known.length === 0) return null
  const fastest = known[0]!.handoffNs!
  const slow = known.filter(({ handoffNs }) => handoffNs! > fastest * REGIME_RATIO)
  const fast = known.filter(({ handoffNs }) => handoffNs! <= fastest * REGIME_RATIO)
  for (const [name, group] of [['fast', fast] as const, ['slow', slow] as const]) {
    const ratio = group.length > 0 ? median(group.map((pair) => pair.ratio)) : 0
    if (slow.length > 0 && ratio > 1) return `it is ${ratio.toFixed(2)} times as slow while handoffs between threads are ${name}`
  }
  return null
}
