// Which changes to operators alone were shown to be faster: each by itself, or all alike of one kind of operator together. Few rounds on a
// busy machine leave the interval of one operator wide; twenty convolutions that the same change makes faster are no accident.
import type { OperatorExperiment, OperatorVariant } from '@whyslow/measure/timing/operators/types.ts'

/** A saving per prediction, ms, and its interval; below 0 if it would take longer. */
export interface Saving {
  readonly ms: number
  readonly low: number
  readonly high: number
}

/** Saving of a variant, in all of its copies in the model: the measured ratio, applied to the time within the model. */
export function savingOf(row: OperatorExperiment, { ratio, ratioLow, ratioHigh }: OperatorVariant): Saving {
  const ms = weightOf(row)
  return { ms: ms * (1 - ratio), low: ms * (1 - ratioHigh), high: ms * (1 - ratioLow) }
}

// Alone, operands are in the caches; what an operator takes longer within the model no variant of it alone has shown to go away.
const weightOf = ({ insideMs, aloneMs, copies }: OperatorExperiment): number => copies * Math.min(insideMs, aloneMs)

export interface FasterVariant {
  readonly row: OperatorExperiment
  readonly variant: OperatorVariant
  readonly saving: Saving
}

/** A ratio whose interval reaches so near to 1 may be the noise of its rounds. */
const SURELY_FASTER = 0.98

/**
 * The changes that are surely faster: an operator's own interval says so, or that of all operators of its type whose own does not, with
 * the same change. What the latter save together is shared out among those that were faster, so that naming these adds nothing.
 */
export function fasterAlone(
  rows: readonly OperatorExperiment[],
  isMeant: (variant: OperatorVariant, row: OperatorExperiment) => boolean,
): readonly FasterVariant[] {
  const shown: FasterVariant[] = []
  const pools = new Map<string, Pooled[]>()
  for (const row of rows) {
    for (const variant of row.variants) {
      if (!isMeant(variant, row)) continue
      if (variant.ratioHigh < SURELY_FASTER) {
        shown.push({ row, variant, saving: savingOf(row, variant) })
        continue
      }
      if (!(halfWidth(variant) < Math.log(MOST_DISTURBED))) continue
      const key = `${row.opTypes.join('+')} ${variant.kind} ${variant.remedy}`
      pools.set(key, [...(pools.get(key) ?? []), { row, variant }])
    }
  }
  return [...shown, ...[...pools.values()].flatMap(shownTogether)]
}

/** Fewer may err alike by chance. */
const LEAST_POOL = 3
/** Half an interval, as a factor: what was disturbed so much says nothing of its own, and would drown what the others say. */
const MOST_DISTURBED = 2.5

type Pooled = Omit<FasterVariant, 'saving'>

function shownTogether(pool: readonly Pooled[]): readonly FasterVariant[] {
  const weights = pool.map(({ row }) => weightOf(row))
  const totalMs = weights.reduce((sum, ms) => sum + ms, 0)
  if (pool.length < LEAST_POOL || !(totalMs > 0)) return []
  // The weighted mean of the logarithms; rows err independently, so that their half widths add in squares.
  const mean = pool.reduce((sum, { variant }, i) => sum + weights[i]! * Math.log(variant.ratio), 0) / totalMs
  const squares = pool.reduce((sum, { variant }, i) => sum + (weights[i]! * halfWidth(variant)) ** 2, 0)
  const half = Math.sqrt(squares) / totalMs
  if (!(Math.exp(mean + half) < SURELY_FASTER)) return []
  const savingAt = (log: number): number => totalMs * (1 - Math.exp(log))
  const faster = pool.filter(({ variant }) => variant.ratio < SURELY_FASTER)
  const gains = faster.map(({ row, variant }) => savingOf(row, variant).ms)
  const gainMs = gains.reduce((sum, ms) => sum + ms, 0)
  return faster.map(({ row, variant }, i): FasterVariant => {
    const share = gains[i]! / gainMs
    const saving = { ms: share * savingAt(mean), low: share * savingAt(mean + half), high: share * savingAt(mean - half) }
    return { row, variant, saving }
  })
}

const halfWidth = ({ ratioLow, ratioHigh }: OperatorVariant): number => Math.log(ratioHigh / ratioLow) / 2
