// How many texts a process has time for, by those that it encoded first: of slow models fewer, in smaller batches and in fewer ways.
import type { TextsPlan, TextsWay } from './texts-plan.ts'

/** The order of texts changes little in fewer batches, and nothing in one. */
export const LEAST_BATCHES = 2

/** Times of the first texts, one at a time. */
export interface Probe {
  /** A text of mean length. */
  readonly eachMs: number
  readonly positionMs: number
}

type Planned = Pick<TextsPlan, 'texts' | 'leastTexts' | 'passMs' | 'ways' | 'leastRounds' | 'mostMs' | 'maximum'>

export function withinTime(plan: Planned, { eachMs, positionMs }: Probe): Pick<TextsPlan, 'ways'> & { readonly count: number } {
  const { texts, leastTexts, passMs, ways, leastRounds, mostMs, maximum } = plan
  // The pass that warms up takes as long as those that count.
  const mostPassMs = mostMs / (ways.length * (1 + leastRounds))
  const wanted = Math.min(texts.length, Math.max(leastTexts, Math.floor(passMs / eachMs)))
  const count = Math.max(1, Math.min(wanted, Math.floor(mostPassMs / eachMs)))
  const isShort = count < Math.min(texts.length, leastTexts)
  const mostBatch = isShort ? Math.floor(count / LEAST_BATCHES) : count
  const mostPadded = Math.min(count, Math.floor(mostPassMs / (positionMs * Math.max(1, maximum ?? 1))))
  const fitting = ways.flatMap((way): TextsWay[] => {
    if (way.texts !== null) {
      const some = Math.min(way.texts, mostPadded)
      return some < 1 ? [] : [{ ...way, texts: some, batch: Math.min(way.batch, some) }]
    }
    const batch = Math.min(way.batch, mostBatch)
    return way.batch === 1 ? [way] : batch < 2 ? [] : [{ ...way, batch }]
  })
  return { count, ways: fitting.filter((way, at) => fitting.findIndex((other) => isSame(way, other)) === at) }
}

const isSame = (way: TextsWay, other: TextsWay): boolean =>
  (Object.keys(way) as (keyof TextsWay)[]).every((key) => way[key] === other[key])
