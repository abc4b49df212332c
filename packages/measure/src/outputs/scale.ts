// What a difference of outputs is compared with. Rounding errors of sums grow with the largest terms, not with the result: an element
// near zero may be off by many times itself and be right. So the scale is the largest |x| of the output over all samples, and not the
// element's own. Outputs that mark masked places by huge numbers (-1e4, -1e9, the lowest float) would hide everything behind them;
// such numbers stand apart from all others by an empty gap, and do not count.
import type { Numbers } from './numbers.ts'

/** Fused and folded arithmetic through a deep network; SQNR beyond 80 dB. Larger differences come from other arithmetic. */
export const ROUNDING = 1e-4
/** Below this the largest number is taken for what it is: -1e4 is the smallest mask in use. */
const MASK_FROM = 8192
/** Powers of two that must lie empty between masks and the rest: a factor of 1000. */
const GAP_BINADES = 10

/** The largest |x| over all samples, masks apart; 0 if all are 0. NaN and infinity are left out. */
export function scaleOf(samples: readonly Numbers[]): number {
  const largest = largestBelow(samples, Number.POSITIVE_INFINITY)
  if (largest < MASK_FROM) return largest
  const filled = new Set<number>()
  for (const values of samples) {
    for (let k = 0; k < values.length; k++) {
      const size = Math.abs(values[k]!)
      if (size > 0 && size < Number.POSITIVE_INFINITY) filled.add(Math.floor(Math.log2(size)))
    }
  }
  const binades = [...filled].sort((a, b) => b - a)
  let limit = Number.POSITIVE_INFINITY
  // A gap below small numbers is the way to zero.
  for (let k = 1; k < binades.length && 2 ** binades[k - 1]! >= MASK_FROM; k++) {
    if (binades[k - 1]! - binades[k]! > GAP_BINADES) limit = 2 ** (binades[k]! + 1)
  }
  return largestBelow(samples, limit)
}

function largestBelow(samples: readonly Numbers[], limit: number): number {
  let largest = 0
  for (const values of samples) {
    for (let k = 0; k < values.length; k++) {
      const size = Math.abs(values[k]!)
      if (size > largest && size < limit) largest = size
    }
  }
  return largest
}
