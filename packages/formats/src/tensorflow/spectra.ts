// Fourier transforms of real numbers. ONNX has no complex numbers: a spectrum is two values, its real and its imaginary part.
// Products with constant matrices where sizes are known, since kernels for these are fast; else ONNX's DFT.

import { binary, constantOf, unary } from '@whyslow/graph/builder/broadcast.ts'
import { float32s } from '@whyslow/graph/builder/constant-data.ts'
import type { GraphBuilder, Value } from '@whyslow/graph/builder/graph-builder.ts'
import { concat, gather, reshape, slice, unsqueeze } from '@whyslow/graph/builder/shapes.ts'
import { elementCount } from '@whyslow/graph/dtype.ts'
import { type FourierMatrix, fourierSteps } from '@whyslow/graph/fourier/fourier.ts'
import type { Dimension } from '@whyslow/graph/types.ts'
import { transpose } from './layout.ts'
import { pad } from './pad.ts'

export interface Complex {
  readonly real: Value
  readonly imaginary: Value
}

/**
 * Of the last axes of `x` (float32), one for each of `lengths`: cut to these lengths, or filled up with zeros. Of the last axis the half that is not
 * mirrored, `length / 2 + 1` numbers. There is an axis before them.
 */
export function realFourier(builder: GraphBuilder, x: Value, lengths: readonly number[]): Complex {
  const rank = x.shape.length
  let spectrum = unsqueeze(builder, x, [-1])
  for (const [k, length] of [...lengths].reverse().entries()) {
    const axis = rank - 1 - k
    // One row of one is its own transform.
    if (length === 1 && k > 0) spectrum = slice(builder, spectrum, [{ axis, start: 0, end: 1 }])
    else if (k === 0) spectrum = byProducts(builder, x, length) ?? fourier(builder, spectrum, { axis, length, half: true })
    else spectrum = fourier(builder, spectrum, { axis, length, half: false })
  }
  return { real: part(builder, spectrum, 0), imaginary: part(builder, spectrum, 1) }
}

/** The transform of one axis of complex numbers, whose size is `length`. */
export function complexFourier(
  builder: GraphBuilder,
  { real, imaginary }: Complex,
  { axis, length, inverse }: { readonly axis: number; readonly length: number; readonly inverse: boolean },
): Complex {
  const both = concat(builder, [unsqueeze(builder, real, [-1]), unsqueeze(builder, imaginary, [-1])], -1)
  const spectrum = fourier(builder, both, { axis, length, half: false, inverse })
  return { real: part(builder, spectrum, 0), imaginary: part(builder, spectrum, 1) }
}

/** |z| of each. */
export function magnitude(builder: GraphBuilder, { real, imaginary }: Complex): Value {
  return unary(
    builder,
    'Sqrt',
    binary(builder, 'Add', binary(builder, 'Mul', real, real), binary(builder, 'Mul', imaginary, imaginary)),
  )
}

/** Transform of the last axis, in [..., half, 2]. undefined: its sizes are not known well enough, or the matrices would be too large. */
function byProducts(builder: GraphBuilder, x: Value, length: number): Value | undefined {
  const [size, leading] = [x.shape.at(-1), x.shape.slice(0, -1)]
  const plan = fourierSteps(length)
  if (plan === undefined || typeof size !== 'number') return undefined
  const last = x.shape.length - 1
  const cut = size > length ? slice(builder, x, [{ axis: last, start: 0, end: length }]) : x
  const filled = pad(
    builder,
    cut,
    x.shape.map((_, axis) => [0, axis === last ? Math.max(length - size, 0) : 0]),
  )
  const frames: Dimension = leading.every((one) => typeof one === 'number') ? elementCount(leading) : null
  const { dtype } = x
  const matrix = ({ shape, data }: FourierMatrix) => builder.constant(float32s(shape, data), 'fourier')
  const product = (a: Value, b: Value, shape: readonly Dimension[]) => builder.op('MatMul', [a, b], { dtype, shape })
  const { half } = plan
  if (plan.steps === 1) {
    const rows = flattened(builder, filled, [frames, length])
    return unflattened(builder, product(rows, matrix(plan.matrix), [frames, 2 * half]), { like: x, last: [half, 2] })
  }
  const { outer, inner, groups } = plan
  const rows = flattened(builder, filled, [frames, outer, inner])
  const inFront = product(matrix(plan.first), rows, [frames, 2 * outer, inner])
  const byOuter = transpose(builder, reshape(builder, inFront, [frames, outer, 2 * inner]), [1, 0, 2])
  const parts = product(byOuter, matrix(plan.second), [outer, frames, 2 * groups])
  const inOrder = transpose(builder, reshape(builder, parts, [outer, frames, groups, 2]), [1, 2, 0, 3])
  const all = reshape(builder, inOrder, [frames, groups * outer, 2])
  return unflattened(builder, slice(builder, all, [{ axis: 1, start: 0, end: half }]), { like: x, last: [half, 2] })
}

/** Joins all axes but the last into one. */
const flattened = (builder: GraphBuilder, x: Value, shape: readonly Dimension[]): Value =>
  builder.op('Reshape', [x, builder.ints([-1, ...(shape.slice(1) as number[])])], { dtype: x.dtype, shape })

/** Restores the axes of `like` but its last in place of the first. */
function unflattened(builder: GraphBuilder, x: Value, { like, last }: { like: Value; last: readonly number[] }): Value {
  const leading = like.shape.slice(0, -1)
  const shape = [...leading, ...last]
  if (leading.filter((size) => typeof size !== 'number').length <= 1) return reshape(builder, x, shape)
  const before = builder.op('Shape', [like], { dtype: 'int64', shape: [leading.length] }, { end: -1 })
  const sizes = concat(builder, [before, builder.ints(last)], 0)
  return builder.op('Reshape', [x, sizes], { dtype: x.dtype, shape })
}

/** `x` has 1 number on its last axis (real), or 2 (complex). */
function fourier(
  builder: GraphBuilder,
  x: Value,
  { axis, length, half, inverse = false }: { axis: number; length: number; half: boolean; inverse?: boolean },
): Value {
  const size = half ? Math.floor(length / 2) + 1 : length
  const shape = x.shape.map((old, k): Dimension => (k === axis ? size : k === x.shape.length - 1 ? 2 : old))
  const lengthValue = builder.constant(constantOf('int64', [], [length]), 'length')
  return builder.op(
    'DFT',
    [x, lengthValue],
    { dtype: x.dtype, shape },
    { axis, onesided: half ? 1 : 0, ...(inverse ? { inverse: 1 } : {}) },
  )
}

const part = (builder: GraphBuilder, spectrum: Value, at: number): Value =>
  gather(builder, spectrum, builder.constant(constantOf('int64', [], [at]), 'part'), -1)
