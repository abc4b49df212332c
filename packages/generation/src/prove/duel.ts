// Two setups in turns, each reading in a fresh process: time per token and time to first token, pair by pair.
import { decide, LEAST_PAIRS, type RatioInterval, turns, type Verdict } from '@whyslow/measure/statistics/index.ts'
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

export interface Compared extends RatioInterval {
  readonly verdict: Verdict
}

export interface Duel {
  /** Candidate over base: below 1 is faster. */
  readonly perToken: Compared
  readonly first: Compared
  readonly pairs: number
}

/** Pairs without a gain in either time after which more would find none worth telling. */
const FUTILE_AFTER = 2

export async function duel(base: GeneratorSetup, candidate: GeneratorSetup, plan: DuelPlan): Promise<Trial<Duel>> {
  const pairs: [ProcessTimes, ProcessTimes][] = []
  while (pairs.length < plan.most) {
    const prompts = plan.promptsOf(pairs.length)
    const read: (ProcessTimes | null)[] = [null, null]
    for (const side of turns(2, pairs.length)) {
      const trial = await plan.bench.times(side === 0 ? base : candidate, prompts, plan.tokens)
      if (trial.outcome !== 'measured') return trial satisfies NotMeasured
      read[side] = trial.value
    }
    pairs.push(read as [ProcessTimes, ProcessTimes])
    if (plan.endsEarly && isFutile(pairs)) break
    if (pairs.length >= LEAST_PAIRS && comparedBy(pairs).perToken.verdict !== 'no-difference') break
  }
  return { outcome: 'measured', value: { ...comparedBy(pairs), pairs: pairs.length } }
}

const ratios = (pairs: readonly (readonly [ProcessTimes, ProcessTimes])[], key: 'perTokenMs' | 'firstMs'): number[] =>
  pairs.map(([a, b]) => b[key] / a[key])

function comparedBy(pairs: readonly (readonly [ProcessTimes, ProcessTimes])[]): Pick<Duel, 'perToken' | 'first'> {
  return { perToken: decide(ratios(pairs, 'perTokenMs')), first: decide(ratios(pairs, 'firstMs')) }
}

const isFutile = (pairs: readonly (readonly [ProcessTimes, ProcessTimes])[]): boolean =>
  pairs.length >= FUTILE_AFTER && Math.min(...ratios(pairs, 'perTokenMs')) >= 1 && Math.min(...ratios(pairs, 'firstMs')) >= 0.97

/** One of the two times is lower with significance, and the other one is not higher. */
export const isFaster = ({ perToken, first }: Duel): boolean =>
  (perToken.verdict === 'faster' && first.verdict !== 'slower') || (first.verdict === 'faster' && perToken.verdict !== 'slower')
