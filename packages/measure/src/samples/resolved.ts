// The inputs with their sizes: what `resolveInputs` gives, and how other sizes, from a try or from data, go into it.

import { InputError } from '@whyslow/graph/input-error.ts'
import type { DType } from '@whyslow/graph/types.ts'
import type { Feeds } from '../engines/types.ts'
import { bytes } from '../statistics/numbers.ts'
import { byteLength, elementCount } from './dtype-arrays.ts'
import { flagOf, formatShape } from './flags.ts'
import type { AxisMeaning } from './graph-facts.ts'
import type { KnownValues } from './known.ts'
import type { Pixels } from './pixels.ts'

/** Where the size of a free axis comes from. 'model': a weight fixes it; 'engine': its error message asked for it. */
export type SizeSource = 'flag' | 'data' | 'model' | 'engine' | 'guess'

/** An axis that the model leaves open. */
export interface FreeAxis {
  readonly axis: number
  /** The model's name for it, null if it has none. Axes of one name have one size. */
  readonly symbol: string | null
  readonly meaning: AxisMeaning
  readonly from: SizeSource
}

/** A size that was guessed, or that the engine asked for. */
export interface Assumption {
  /** 'axis 2 (height) = 224'. */
  readonly text: string
  /** What changes it on the command line: '--batch', '--shape x=1x3x224x224'. */
  readonly flag: string
}

export interface ResolvedInput {
  readonly name: string
  readonly dtype: DType
  readonly shape: readonly number[]
  readonly assumed: readonly Assumption[]
  readonly freeAxes: readonly FreeAxis[]
  /** True where the model does not even say how many axes there are. */
  readonly rankIsFree: boolean
  /** Elements given with --value: one for all, or each. */
  readonly values?: readonly (number | bigint | string)[]
  /** Integers are to be below this, as the engine's error said. */
  readonly below?: number
  /** What the model reports about the values. */
  readonly known?: KnownValues
  /** The values that the model was trained on, if the input is an image of floats. */
  readonly pixels?: Pixels
  /** What the made-up values resemble, if they are made up. */
  readonly likeness?: Likeness
}

/** What made-up values resemble. */
export interface Likeness {
  readonly of: 'photo' | 'scan' | 'speech' | 'music' | 'sentences' | 'ids' | 'rows' | 'series' | 'constant' | 'noise'
  /** Lowest and highest value; null: unknown, or they are no numbers. */
  readonly range: readonly [number, number] | null
  /** One sentence: what told the content and the range. */
  readonly why: string
}

export interface ResolvedInputs {
  readonly inputs: readonly ResolvedInput[]
}

/** Elements above this overflow the indices of native kernels. */
const MOST_ELEMENTS = 2 ** 31
/** The key of batch axes, which have one size without a name too. */
const BATCH = '(batch)'

/** The inputs with other sizes for some free axes, the assumptions restated; axes of one symbol should be given together. */
export function withSizes(
  resolved: ResolvedInputs,
  sizes: readonly { readonly input: string; readonly axis: number; readonly size: number; readonly from: SizeSource }[],
): ResolvedInputs {
  return {
    inputs: resolved.inputs.map((input) => {
      const own = sizes.filter((change) => change.input === input.name)
      if (own.length === 0) return input
      const shape = input.shape.map((size, axis) => own.find((change) => change.axis === axis)?.size ?? size)
      const freeAxes = input.freeAxes.map((free) => ({
        ...free,
        from: own.find(({ axis }) => axis === free.axis)?.from ?? free.from,
      }))
      return restateAssumptions({ ...input, shape, freeAxes })
    }),
  }
}

/** The inputs with the shapes that data has; inputs that are not in it follow in their batch and in axes of the same name. */
export function withDataShapes(inputs: readonly ResolvedInput[], feeds: Feeds): readonly ResolvedInput[] {
  const bySymbol = new Map<string, number>()
  const known = inputs.map((input) => {
    const shape = feeds[input.name]?.shape
    if (shape === undefined) return input
    for (const { axis, symbol, meaning } of input.freeAxes) {
      for (const key of [symbol, meaning === 'batch' ? BATCH : null]) if (key !== null) bySymbol.set(key, shape[axis]!)
    }
    return { ...input, shape, assumed: [], freeAxes: input.freeAxes.map((free) => ({ ...free, from: 'data' as const })) }
  })
  return known.map((input) => {
    if (feeds[input.name] !== undefined) return input
    const sizeOf = ({ symbol, meaning }: FreeAxis) => bySymbol.get(symbol ?? (meaning === 'batch' ? BATCH : ''))
    const shape = input.shape.map((size, axis) => {
      const free = input.freeAxes.find((candidate) => candidate.axis === axis)
      return (free === undefined ? undefined : sizeOf(free)) ?? size
    })
    const freeAxes = input.freeAxes.map((free) => (sizeOf(free) === undefined ? free : { ...free, from: 'data' as const }))
    return restateAssumptions({ ...input, shape, freeAxes })
  })
}

/** Throws an InputError if an input, or all together, are too large to hold. `limitBytes` is for one sample of all inputs. */
export function checkSizes(inputs: readonly ResolvedInput[], limitBytes: number | undefined): void {
  let totalBytes = 0
  for (const { name, dtype, shape, freeAxes } of inputs) {
    const count = elementCount(shape)
    const what = `input '${name}' of ${formatShape(shape)}`
    const isOpen = freeAxes.length > 0
    const todo = isOpen
      ? `give a smaller one with ${flagOf('--shape', name, '…')}`
      : 'the model fixes its shape: export it for a smaller one'
    if (count > MOST_ELEMENTS) throw new InputError(`${what} has ${count.toPrecision(3)} elements, more than 2^31; ${todo}`)
    totalBytes += byteLength(dtype, count) ?? 0
    if (limitBytes !== undefined && totalBytes > limitBytes) {
      throw new InputError(`${what} brings one sample to ${bytes(totalBytes)}, above the ${bytes(limitBytes)} available; ${todo}`)
    }
  }
}

/** The input with its assumptions in words. */
export function restateAssumptions(input: ResolvedInput): ResolvedInput {
  const { name, shape } = input
  const flag = flagOf('--shape', name, shape.join('x'))
  const assumed = input.freeAxes
    .filter(({ from }) => from === 'guess' || from === 'engine')
    .map(({ axis, meaning, symbol, from }): Assumption => {
      const means = meaning === 'unknown' ? (symbol ?? 'free') : meaning
      const why = from === 'engine' ? ', as the engine asked for it' : ''
      return { text: `axis ${axis} (${means}) = ${shape[axis]}${why}`, flag: meaning === 'batch' ? '--batch' : flag }
    })
  if (input.rankIsFree && input.freeAxes.some(({ from }) => from !== 'flag' && from !== 'data')) {
    return { ...input, assumed: [{ text: `${shape.length} axes`, flag }, ...assumed] }
  }
  return { ...input, assumed }
}
