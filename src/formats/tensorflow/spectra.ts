// Fourier transforms of real numbers. ONNX has no complex numbers: a spectrum is two values, its real and its imaginary part.
// https://onnx.ai/onnx/operators/onnx__DFT.html
import type { Dimension } from '../../graph/types.ts'
import type { GraphBuilder, Value } from '../build/graph-builder.ts'
import { binary, constantOf, unary } from './broadcast.ts'
import { gather, slice, unsqueeze } from './shapes.ts'

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
    else spectrum = fourier(builder, spectrum, { axis, length, half: k === 0 })
  }
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

/** `x` has 1 number on its last axis (real), or 2 (complex). */
function fourier(
  builder: GraphBuilder,
  x: Value,
  { axis, length, half }: { axis: number; length: number; half: boolean },
): Value {
  const size = half ? Math.floor(length / 2) + 1 : length
  const shape = x.shape.map((old, k): Dimension => (k === axis ? size : k === x.shape.length - 1 ? 2 : old))
  const lengthValue = builder.constant(constantOf('int64', [], [length]), 'length')
  return builder.op('DFT', [x, lengthValue], { dtype: x.dtype, shape }, { axis, onesided: half ? 1 : 0 })
}

const part = (builder: GraphBuilder, spectrum: Value, at: number): Value =>
  gather(builder, spectrum, builder.constant(constantOf('int64', [], [at]), 'part'), -1)
