// Numbers of a type, while they are computed in double.
import type { Precision } from './types.ts'

/** Each result of an operation goes through it: +, −, ·, / and √ of float32 numbers, computed in double and rounded once, are exact float32 results. */
export const rounding = (precision: Precision): ((value: number) => number) =>
  precision === 'float32' ? Math.fround : (value) => value

/** The greatest float32 that is not above it: x <= t asks the same of every float32 x. */
export function roundedDown(threshold: number): number {
  const near = Math.fround(threshold)
  return near <= threshold ? near : nextBelow(near)
}

const BITS = new DataView(new ArrayBuffer(4))

function nextBelow(value: number): number {
  if (value === Number.POSITIVE_INFINITY) return (2 - 2 ** -23) * 2 ** 127
  if (value === 0) return -(2 ** -149)
  BITS.setFloat32(0, value)
  BITS.setInt32(0, BITS.getInt32(0) + (value > 0 ? -1 : 1))
  return BITS.getFloat32(0)
}

/** The smallest float32 that is not below it: x < t asks the same of every float32 x. */
export const roundedUp = (threshold: number): number => -roundedDown(-threshold)
