// Which casts keep every value: to a wider type of the same kind, and from integers to floats with enough bits for them.
// Significant bits: IEEE 754; bfloat16 is the upper half of a float32.
import type { DType } from '../types.ts'

const INTEGERS: Readonly<Partial<Record<DType, { readonly bits: number; readonly signed: boolean }>>> = {
  int8: { bits: 8, signed: true },
  int16: { bits: 16, signed: true },
  int32: { bits: 32, signed: true },
  int64: { bits: 64, signed: true },
  uint8: { bits: 8, signed: false },
  uint16: { bits: 16, signed: false },
  uint32: { bits: 32, signed: false },
  uint64: { bits: 64, signed: false },
}
const SIGNIFICANT_BITS: Readonly<Partial<Record<DType, number>>> = { float16: 11, bfloat16: 8, float32: 24, float64: 53 }

/** True where every value of `from` is a value of `to`. False for types that are not looked into (float8, strings, 4 bits). */
export function isLossless(from: DType, to: DType): boolean {
  const [a, b] = [INTEGERS[from], INTEGERS[to]]
  const [significantA, significantB] = [SIGNIFICANT_BITS[from], SIGNIFICANT_BITS[to]]
  if (from === 'bool') return b !== undefined || significantB !== undefined
  if (a && b) return a.signed === b.signed ? b.bits >= a.bits : b.signed && b.bits > a.bits
  if (a && significantB !== undefined) return significantB >= a.bits
  if (significantA === undefined || significantB === undefined) return false
  // The exponents of float16 and bfloat16 do not fit into one another.
  return from === to || to === 'float64' || (to === 'float32' && significantA < 24)
}

/** Floats to which a cast rounds the value itself, so that it does not matter in which type the value came. */
export function roundsByValue(to: DType): boolean {
  return SIGNIFICANT_BITS[to] !== undefined
}
