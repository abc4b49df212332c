// Numbers into the bits of narrower floats: IEEE 754 binary16, and bfloat16, the upper half of a float32. The way back: decode.ts.

const FLOAT = new Float32Array(1)
const BITS = new Uint32Array(FLOAT.buffer)

/** The largest finite float32. */
export const LARGEST_FLOAT32 = 2 ** 128 - 2 ** 104
/** The largest finite float16. */
export const LARGEST_FLOAT16 = 65504

/** The nearest float16, ties to even, as its 16 bits; beyond 65504 infinity, as IEEE 754 says. */
export function toFloat16(value: number): number {
  FLOAT[0] = value
  const bits = BITS[0]!
  const sign = (bits >>> 16) & 0x8000
  const magnitude = bits & 0x7fffffff
  if (magnitude > 0x7f800000) return sign | 0x7e00
  if (magnitude >= 0x47800000) return sign | 0x7c00
  if (magnitude < 0x38800000) {
    // Subnormal: the value in units of 2^-24, which a float64 holds exactly; adding 1.5 * 2^52 leaves no bits for a fraction.
    const units = Math.abs(FLOAT[0]!) * 2 ** 24
    return sign | (units + 1.5 * 2 ** 52 - 1.5 * 2 ** 52)
  }
  const lost = magnitude & 0x1fff
  const kept = (magnitude - 0x38000000) >>> 13
  return sign | (kept + (lost > 0x1000 || (lost === 0x1000 && (kept & 1) === 1) ? 1 : 0))
}

/** The nearest bfloat16, ties to even, as its 16 bits. */
export function toBfloat16(value: number): number {
  FLOAT[0] = value
  const bits = BITS[0]!
  if ((bits & 0x7fffffff) > 0x7f800000) return (bits >>> 16) | 0x40
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff
}

/**
 * Numbers as float16. Finite ones beyond ±65504 become ±65504 instead of infinity, and are counted: weights so large do not survive,
 * but masks of -1e9 do.
 */
export function toFloat16Clamped(values: Float32Array): { readonly bits: Uint16Array<ArrayBuffer>; readonly clamped: number } {
  const bits = new Uint16Array(values.length)
  let clamped = 0
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if (Math.abs(value) > LARGEST_FLOAT16 && Number.isFinite(value)) {
      if (Math.abs(value) >= LARGEST_FLOAT16 + 16) clamped++
      bits[i] = value < 0 ? 0xfbff : 0x7bff
    } else bits[i] = toFloat16(value)
  }
  return { bits, clamped }
}
