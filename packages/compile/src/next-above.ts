// The next number of a type. `x <= t` and `x < nextAbove(t)` say the same of every x of that type.
import type { Precision } from '@whyslow/graph/forest/types.ts'

const float = new Float32Array(1)
const floatBits = new Int32Array(float.buffer)
const double = new Float64Array(1)
const doubleBits = new BigInt64Array(double.buffer)

/** NaN above infinity: no number is at or above it, as none is above infinity. Above −0 and 0: the smallest positive number. */
export function nextAbove(x: number, precision: Precision): number {
  if (Number.isNaN(x) || x === Number.POSITIVE_INFINITY) return Number.NaN
  if (precision === 'float32') {
    float[0] = x === 0 ? 0 : x
    floatBits[0]! += floatBits[0]! >= 0 ? 1 : -1
    return float[0]!
  }
  double[0] = x === 0 ? 0 : x
  doubleBits[0]! += doubleBits[0]! >= 0n ? 1n : -1n
  return double[0]!
}
