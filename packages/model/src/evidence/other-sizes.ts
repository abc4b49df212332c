// Inputs of other sizes than the one that is measured, where the model leaves a size open and nobody said which: its user may have any of them.
import type { GraphView } from '@whyslow/graph/types.ts'
import type { Feeds } from '@whyslow/measure/engines/types.ts'
import type { ResolvedInput } from '@whyslow/measure/samples/resolved.ts'
import { synthesize } from '@whyslow/measure/samples/synthetic.ts'

export interface OtherSize {
  /** 'x=1x3x96x96': the inputs that differ, with their shapes. */
  readonly text: string
  readonly samples: readonly Feeds[]
  /** Outputs are compared there, and nothing is timed. Absent: the time counts, too. */
  readonly outputsAlone?: true
}

/** Shares of the size that is measured. Two axes make the larger input 2.25 times as large. */
const SMALLER = 0.5
const LARGER = 1.5
/** A prediction that takes this long, ms, takes too long at the larger size to be proven. */
const SLOW_MS = 100
/** Networks halve images and feature maps up to five times. */
const STEP = 32
const SAMPLES = 2
const SEED = 3

const SIZES: readonly string[] = ['height', 'width', 'depth', 'sequence', 'samples', 'past']
/** Not 1, to which every shape broadcasts. A larger batch would only take longer. */
const BATCH = 3

/** None where every size is fixed, or given with a flag or by the data. */
export function otherSizes(inputs: readonly ResolvedInput[], graph: GraphView, predictionMs: number): readonly OtherSize[] {
  const at = (meanings: readonly string[], change: (size: number) => number): readonly OtherSize[] => {
    const changed = inputs.map((input) => ({ ...input, shape: changedShape(input, meanings, change) }))
    const others = changed.filter(({ shape }, k) => shape.join() !== inputs[k]!.shape.join())
    if (others.length === 0) return []
    const text = others.map(({ name, shape }) => `${name}=${shape.join('x')}`).join(' ')
    return [{ text, samples: synthesize(changed, graph, SAMPLES, SEED) }]
  }
  const factors = predictionMs < SLOW_MS ? [SMALLER, LARGER] : [SMALLER]
  const batches = at(['batch'], () => BATCH).map((one) => ({ ...one, outputsAlone: true as const }))
  return [...batches, ...factors.flatMap((factor) => at(SIZES, (size) => resized(size, factor)))]
}

const changedShape = (
  { shape, freeAxes, values }: ResolvedInput,
  meanings: readonly string[],
  change: (size: number) => number,
): readonly number[] =>
  // Values that were given are of this shape.
  shape.map((size, axis) => {
    const free = freeAxes.find((one) => one.axis === axis)
    const isGuess = free !== undefined && (free.from === 'guess' || free.from === 'engine') && meanings.includes(free.meaning)
    return isGuess && values === undefined ? change(size) : size
  })

const resized = (size: number, factor: number): number =>
  size < 2 * STEP ? Math.max(1, Math.round(size * factor)) : STEP * Math.round((size * factor) / STEP)
