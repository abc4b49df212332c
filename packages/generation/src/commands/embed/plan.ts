// Which ways of batching are measured, and for how long.
import type { TextEncoder } from '../../recognize/text-encoder.ts'
import type { TextsPlan, TextsWay } from '../../texts/texts-plan.ts'
import { LEAST_BATCHES } from '../../texts/within-time.ts'

/** A batch between one text and the largest. */
const SMALL_BATCH = 8
/** Padding to the maximum is measured on so few texts that they have no more positions than this. */
const MOST_POSITIONS = 4096

const FULL = { processes: 5, passMs: 400, leastRounds: 2, mostRounds: 6, roundsMs: 6000, mostMs: 60_000 } as const
const QUICK = { processes: 3, passMs: 150, leastRounds: 2, mostRounds: 3, roundsMs: 1500, mostMs: 20_000 } as const
const LEAST_TEXTS = 32

type Timing = Pick<TextsPlan, 'passMs' | 'leastRounds' | 'mostRounds' | 'roundsMs' | 'mostMs'>

export interface EmbedPlan extends Timing, Pick<TextsPlan, 'ways' | 'leastTexts'> {
  readonly processes: number
}

interface Wanted {
  readonly batch: number
  /** How many there are at most: no batch has more. */
  readonly texts: number
  /** What texts may be padded to; null: unknown. */
  readonly maximum: number | null
  readonly quick: boolean
}

export function planOf(
  { takesOneText, fixedLength }: Pick<TextEncoder, 'takesOneText' | 'fixedLength'>,
  wanted: Wanted,
): EmbedPlan {
  const { maximum, quick } = wanted
  const batch = Math.min(wanted.batch, wanted.texts)
  const all = { padding: 'longest', texts: null } as const
  const sizes = takesOneText ? [] : [...new Set([SMALL_BATCH, batch])].filter((size) => size > 1 && size <= batch)
  const inBatches = sizes.flatMap((size): TextsWay[] => [
    { ...all, batch: size, order: 'given' },
    // Of texts that all have one length the order changes nothing.
    ...(fixedLength === null ? [{ ...all, batch: size, order: 'sorted' } as const] : []),
  ])
  const ways = [
    { ...all, batch: 1, order: 'given' } as const,
    ...inBatches,
    ...maximumWays({ maximum, fixedLength, takesOneText, most: wanted.texts }),
  ]
  return { ...(quick ? QUICK : FULL), leastTexts: Math.max(LEAST_TEXTS, takesOneText ? 1 : LEAST_BATCHES * batch), ways }
}

interface Lengths extends Pick<TextEncoder, 'takesOneText' | 'fixedLength'> {
  readonly maximum: number | null
  readonly most: number
}

/** The first texts padded to the longest of them, and to the maximum. */
function maximumWays({ maximum, fixedLength, takesOneText, most }: Lengths): TextsWay[] {
  if (maximum === null || fixedLength !== null || maximum > MOST_POSITIONS) return []
  const texts = Math.max(1, Math.min(SMALL_BATCH, most, Math.floor(MOST_POSITIONS / maximum)))
  const way = { batch: takesOneText ? 1 : texts, order: 'given', texts } as const
  return [
    { ...way, padding: 'longest' },
    { ...way, padding: 'maximum' },
  ]
}
