// Inputs of other sizes than the one that is measured, where the model leaves a size open and nobody said which: its user may have any of them.
import type { GraphView } from '@whyslow/graph/types.ts'
import type { Feeds } from '@whyslow/measure/engines/types.ts'
import type { ResolvedInput } from '@whyslow/measure/samples/resolved.ts'
import { synthesize } from '@whyslow/measure/samples/synthetic.ts'

export interface OtherSize {
  /** 'x=1x3x96x96': the inputs that differ, with their shapes. */
  readonly text: string
  readonly samples: readonly Feeds[]
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

const SIZES = ['height', 'width', 'depth', 'sequence', 'samples', 'past']

/** None where every size is fixed, or given with a flag or by the data. */
export function otherSizes(inputs: readonly ResolvedInput[], graph: GraphView, predictionMs: number): readonly OtherSize[] {
  const factors = predictionMs < SLOW_MS ? [SMALLER, LARGER] : [SMALLER]
  return factors.flatMap((factor) => {
    const resized = inputs.map((input) => ({ ...input, shape: resizedShape(input, factor) }))
    const changed = resized.filter(({ shape }, k) => shape.join() !== inputs[k]!.shape.join())
    if (changed.length === 0) return []
    const text = changed.map(({ name, shape }) => `${name}=${shape.join('x')}`).join(' ')
    return [{ text, samples: synthesize(resized, graph, SAMPLES, SEED) }]
  })
}

const resizedShape = ({ shape, freeAxes, values }: ResolvedInput, factor: number): readonly number[] =>
  // Values that were given are of this shape.
  shape.map((size, axis) => {
    const free = freeAxes.find((one) => one.axis === axis)
    const isGuess = free !== undefined && (free.from === 'guess' || free.from === 'engine') && SIZES.includes(free.meaning)
    return isGuess && values === undefined ? resized(size, factor) : size
  })

const resized = (size: number, factor: number): number =>
  size < 2 * STEP ? Math.max(1, Math.round(size * factor)) : STEP * Math.round((size * factor) / STEP)
