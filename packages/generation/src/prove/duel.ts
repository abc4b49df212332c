// Two setups in turns, each reading in a fresh process: time per token and time to first token, pair by pair.
import { decide, LEAST_PAIRS, median, type RatioInterval, turns, type Verdict } from '@whyslow/measure/statistics/index.ts'
import type { NotMeasured, Trial } from '@whyslow/measure/trials/port.ts'
import type { Bench, Prompts } from './bench.ts'
import type { GeneratorSetup } from './setup.ts'
import type { ProcessTimes } from './times.ts'

export interface DuelPlan {
  readonly bench: Pick<Bench, 'times'>
  /** Prompts of one pair; both sides get the same ones. */
  readonly promptsOf: (pair: number) => Prompts
  readonly tokens: number
  readonly most: number
  /** Pairs that show no gain end it: what is tried, unlike what is shipped, is given up early. */
  readonly endsEarly: boolean
}

export interface DuelResult extends RatioInterval {
  readonly verdict: Verdict
}

type Readings = readonly (readonly [ProcessTimes, ProcessTimes])[]

export interface Duel {
  /** Candidate over base: below 1 is faster. */
  readonly perToken: DuelResult
  readonly first: DuelResult
  /** Both sides' times, pair by pair. */
  readonly readings: Readings
}

/** After so many pairs, one must show a gain in either time; after one more, the median must show one worth telling. */
const FUTILE_AFTER = 2
export const LEAST_GAIN = 0.985
/**
 * What is tried is taken as faster if each of so many pairs says so by so much, a fifth or a tenth: processes of one setup differ by less, and the last
 * proof decides. Of five pairs and more one may say otherwise, whose process something else disturbed.
 */
const CLEAR = [
  { pairs: 2, ratio: 0.8, disturbed: 0 },
  { pairs: 3, ratio: 0.9, disturbed: 0 },
  { pairs: 5, ratio: 0.95, disturbed: 1 },
]
const DOUBT = 1.25
/** A first token that takes no longer than this is not slower as far as one pair tells. */
const ALIKE = 1.03

/** Goes on after the pairs that were read `before`. */
export async function duel(
  base: GeneratorSetup,
  candidate: GeneratorSetup,
  plan: DuelPlan,
  before: Readings = [],
): Promise<Trial<Duel>> {
  const pairs = [...before]
  while (pairs.length < plan.most) {
    const prompts = plan.promptsOf(pairs.length)
    const read: (ProcessTimes | null)[] = [null, null]
    for (const side of turns(2, pairs.length)) {
      const trial = await plan.bench.times(side === 0 ? base : candidate, prompts, plan.tokens)
      if (trial.outcome !== 'measured') return trial satisfies NotMeasured
      read[side] = trial.value
    }
    pairs.push(read as [ProcessTimes, ProcessTimes])
    if (plan.endsEarly && (isFutile(pairs) || isClear(pairs))) break
    if (pairs.length >= LEAST_PAIRS && comparedBy(pairs).perToken.verdict !== 'no-difference') break
  }
  const { perToken, first } = comparedBy(pairs)
  const verdict = plan.endsEarly && isClear(pairs) ? 'faster' : perToken.verdict
  return { outcome: 'measured', value: { perToken: { ...perToken, verdict }, first, readings: pairs } }
}

const ratios = (pairs: Readings, key: 'perTokenMs' | 'firstMs'): number[] => pairs.map(([a, b]) => b[key] / a[key])

/** Too few pairs for an interval have a range: that of their ratios. */
function compared(each: readonly number[]): DuelResult {
  const decided = decide(each)
  return each.length < LEAST_PAIRS ? { ...decided, ratioLow: Math.min(...each), ratioHigh: Math.max(...each) } : decided
}

function comparedBy(pairs: Readings): Pick<Duel, 'perToken' | 'first'> {
  return { perToken: compared(ratios(pairs, 'perTokenMs')), first: compared(ratios(pairs, 'firstMs')) }
}

const isFutile = (pairs: Readings): boolean =>
  pairs.length >= FUTILE_AFTER && (!mayGain(pairs) || (pairs.length > FUTILE_AFTER && !gainsInMedian(pairs)))

const mayGain = (pairs: Readings): boolean =>
  Math.min(...ratios(pairs, 'perTokenMs')) < 1 || Math.min(...ratios(pairs, 'firstMs')) < 1 / ALIKE

const gainsInMedian = (pairs: Readings): boolean =>
  median(ratios(pairs, 'perTokenMs')) < LEAST_GAIN || median(ratios(pairs, 'firstMs')) < 1 / ALIKE

const isClear = (pairs: Readings): boolean =>
  CLEAR.some(
    (clear) =>
      pairs.length >= clear.pairs &&
      allBut(clear.disturbed, ratios(pairs, 'perTokenMs'), clear.ratio) &&
      allBut(clear.disturbed, ratios(pairs, 'firstMs'), ALIKE),
  )

const allBut = (others: number, values: readonly number[], limit: number): boolean =>
  values.filter((value) => value >= limit).length <= others

/** Some pair shows a gain in one of the two times. */
export const mayBeFaster = ({ readings }: Duel): boolean => mayGain(readings)

/** No gain in one pair, and none that another could not show: processes of one setup differ by as much on a busy machine. */
export const isDoubtful = (found: Duel): boolean => !mayBeFaster(found) && found.perToken.ratio < DOUBT

/** One of the two times is lower with significance, and the other one is not higher. */
export const isFaster = ({ perToken, first }: Duel): boolean =>
  (perToken.verdict === 'faster' && first.verdict !== 'slower') || (first.verdict === 'faster' && perToken.verdict !== 'slower')
