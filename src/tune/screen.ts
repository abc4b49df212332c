// A first look at many candidates: each is read once per round between two readings of the base, and who shows no gain is left
// out of the next round. What it tells is only whom to judge: nothing is kept or refused for good on one reading alone.
import { geometricMean } from '../measure/timing/statistics.ts'
import type { RemedySetup } from '../rewrite/remedy.ts'
import type { Trial } from '../trials/port.ts'
import type { Ground, Reading } from './ground.ts'

/** Candidates between two readings of the base. */
const GROUP = 4
/** Score over the base's, above which a candidate is left out after the first round, and after the second. */
const FIRST_LIMIT = 1.02
const SECOND_LIMIT = 0.985
/** So many go into the second round. */
const SECOND_ROUND = 6
/** A candidate that is expected to save this share of the score is not left out for one reading that others disturbed. */
const HOPEFUL = 0.05
const HOPEFUL_LIMIT = 1.1

/** A setup to look at, and the share of the base's score that it is expected to save; 0 where nothing is known. */
export interface Hopeful {
  readonly setup: RemedySetup
  readonly expected: number
}

export interface Screened {
  readonly index: number
  /** Readings over the base's beside them, by round. */
  readonly ratios: readonly number[]
  readonly expected: number
  readonly failure: Exclude<Trial<unknown>, { outcome: 'measured' }> | null
}

/** In the candidates' order; those for which no time was left have neither ratios nor failure. */
export async function screen(
  ground: Ground,
  base: RemedySetup,
  candidates: readonly Hopeful[],
  deadlineMs: number,
  onRead: (done: number, of: number) => void,
): Promise<readonly Screened[]> {
  const first = await readAll(ground, base, candidates, deadlineMs, onRead)
  const rank = ({ ratios }: Screened): number => ratios[0] ?? Number.POSITIVE_INFINITY
  const again = first
    .filter((one) => one.failure === null && rank(one) <= (one.expected >= HOPEFUL ? HOPEFUL_LIMIT : FIRST_LIMIT))
    .sort((a, b) => rank(a) - a.expected - (rank(b) - b.expected))
    .slice(0, SECOND_ROUND)
  // The other way round, so that a drift of the machine meets both ends.
  const order = [...again].reverse()
  const setups = order.map(({ index }) => candidates[index]!)
  const second = await readAll(ground, base, setups, deadlineMs, onRead)
  return first.map((one) => {
    const other = second[order.indexOf(one)]
    return other === undefined ? one : { ...one, ratios: [...one.ratios, ...other.ratios], failure: other.failure }
  })
}

/** Worth judging: every reading so far below the limit of its round. */
export function promising({ ratios, expected, failure }: Screened): boolean {
  if (failure !== null || ratios.length === 0) return false
  if (expected >= HOPEFUL) return geometricMean(ratios) <= HOPEFUL_LIMIT
  return geometricMean(ratios) <= (ratios.length > 1 ? SECOND_LIMIT : FIRST_LIMIT)
}

async function readAll(
  ground: Ground,
  base: RemedySetup,
  candidates: readonly Hopeful[],
  deadlineMs: number,
  onRead: (done: number, of: number) => void,
): Promise<Screened[]> {
  const read = candidates.map(({ expected }, index): Screened => ({ index, ratios: [], expected, failure: null }))
  if (candidates.length === 0 || ground.nowMs() > deadlineMs) return read
  let before = await ground.measure(base)
  for (let start = 0; start < candidates.length && ground.nowMs() <= deadlineMs; start += GROUP) {
    const group: Trial<Reading>[] = []
    for (const { setup } of candidates.slice(start, start + GROUP)) {
      group.push(await ground.measure(setup))
      onRead(start + group.length, candidates.length)
    }
    const after = await ground.measure(base)
    const scores = [before, after].flatMap((trial) => (trial.outcome === 'measured' ? [trial.value.score] : []))
    const baseScore = geometricMean(scores)
    for (const [k, trial] of group.entries()) {
      const index = start + k
      // Without the base there is nothing to hold a reading against.
      const failed = trial.outcome !== 'measured' ? trial : after.outcome !== 'measured' && scores.length === 0 ? after : null
      read[index] =
        trial.outcome === 'measured' && failed === null
          ? { ...read[index]!, ratios: [trial.value.score / baseScore] }
          : { ...read[index]!, failure: failed }
    }
    before = after
  }
  return read
}
