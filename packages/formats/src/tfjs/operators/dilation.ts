// Convolutions with holes as TensorFlow wrote them before its kernels had dilations: space becomes batch, a convolution without holes,
// batch becomes space. Where the three meet they are one convolution again.
import type { Value } from '@whyslow/graph/builder/graph-builder.ts'
import type { Blocks } from '../../tensorflow/blocks.ts'

interface Spaced {
  /** What was moved into the batch. */
  readonly source: Value
  readonly blocks: Blocks
}

/** The same convolution of another input, with holes and pads. */
export type Rewrite = (
  source: Value,
  window: { readonly dilations: readonly number[]; readonly padding: readonly (readonly [number, number])[] },
) => Value

const spacedValues = new WeakMap<Value, Spaced>()
const convolved = new WeakMap<Value, { readonly spaced: Spaced; readonly rewrite: Rewrite }>()

export function recordSpacing(value: Value, spaced: Spaced): void {
  spacedValues.set(value, spaced)
}

/** `result` is a convolution of `input` with strides of 1 and no pads. */
export function recordConvolution(input: Value, result: Value, rewrite: Rewrite): void {
  const spaced = spacedValues.get(input)
  if (spaced !== undefined) convolved.set(result, { spaced, rewrite })
}

/** `result` is made of `before` cell by cell. */
export function recordFusion(before: Value, result: Value, write: (value: Value) => Value): void {
  const known = convolved.get(before)
  if (known !== undefined) convolved.set(result, { ...known, rewrite: (source, window) => write(known.rewrite(source, window)) })
}

/** The one convolution that stands for `value` with its batch moved back and cells cut off; undefined if there is none. */
export function dilate(value: Value, { sizes, cells }: Blocks): Value | undefined {
  const known = convolved.get(value)
  if (known === undefined) return undefined
  const { source, blocks } = known.spaced
  if (blocks.sizes.join() !== sizes.join()) return undefined
  const padding = blocks.cells.map(([before, after], axis) => [before - cells[axis]![0], after - cells[axis]![1]] as const)
  if (padding.flat().some((count) => count < 0)) return undefined
  return known.rewrite(source, { dilations: sizes, padding })
}
