// What inputs and outputs on their way cost a prediction: the same model with tensors that stay on the device (I/O binding), and with
// ones that are copied there and back, in turns in one process. Both sessions share what the device has compiled.
import type { Clock } from '../../engines/sampler.ts'
import type { Feeds, Session } from '../../engines/types.ts'
import { median, ratioOver, turns } from '../../statistics/index.ts'
import type { BoundTimes } from '../types.ts'

const LEAST_ROUNDS = 4
const MOST_ROUNDS = 12
const IN_MS = 3000
const ROUND_MS = 60
const PLAN = { sampleMs: ROUND_MS, least: { warmup: 1, samples: 2 }, maxSamples: 200, warmupMs: 0 } as const

export type Sampling = Required<Pick<Session, 'sample'>>

/** `isLate`: asked after each round; fewer than four then do not tell, and null is given. */
export async function boundTimes(
  sessions: readonly [copied: Sampling, bound: Sampling],
  feeds: readonly Feeds[],
  { now, isLate }: { readonly now: Clock; readonly isLate: () => boolean },
): Promise<BoundTimes | null> {
  const start = now()
  const rounds: { readonly copiedMs: number; readonly boundMs: number }[] = []
  const p50 = async (session: Sampling) => median((await session.sample(feeds, PLAN)).samplesMs)
  while (rounds.length < MOST_ROUNDS && !isLate() && (rounds.length < LEAST_ROUNDS || now() - start < IN_MS)) {
    const p50s: number[] = []
    for (const i of turns(2, rounds.length)) p50s[i] = await p50(sessions[i]!)
    rounds.push({ copiedMs: p50s[0]!, boundMs: p50s[1]! })
  }
  return rounds.length < LEAST_ROUNDS ? null : boundOf(rounds)
}

export function boundOf(rounds: readonly { readonly copiedMs: number; readonly boundMs: number }[]): BoundTimes {
  return {
    copiedMs: median(rounds.map(({ copiedMs }) => copiedMs)),
    boundMs: median(rounds.map(({ boundMs }) => boundMs)),
    ...ratioOver(rounds.map(({ copiedMs, boundMs }) => boundMs / copiedMs)),
    rounds: rounds.length,
  }
}
