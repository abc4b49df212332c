// The arithmetic of 8-bit quantization: real = scale * (quantized - zero point). Bit for bit that of Python's
// onnxruntime.quantization, so that the same range gives the same scale and zero point:
// https://github.com/microsoft/onnxruntime/blob/main/onnxruntime/python/tools/quantization/quant_utils.py
// numpy works on float32 arrays in float32: a difference of two float32 is rounded before it is widened.

export type QuantType = 'int8' | 'uint8'

/** Scale and zero point of one tensor or channel. */
export interface QuantizationParameters {
  /** A float32, above 0. */
  readonly scale: number
  readonly zeroPoint: number
}

/** The integers that a range of real numbers is laid on. */
export interface QuantRange {
  readonly min: number
  readonly max: number
}

/** The smallest normal float32: a scale below it would be a subnormal number, or 0. */
const SMALLEST_NORMAL = 2 ** -126

/** What the type itself can hold: numbers are clipped to it. */
export function typeRange(type: QuantType): QuantRange {
  return type === 'int8' ? { min: -128, max: 127 } : { min: 0, max: 255 }
}

/** Symmetric int8 leaves out -128, so that both sides are alike; a reduced range has 7 bits. */
export function quantRange(type: QuantType, { symmetric, reduced }: { symmetric: boolean; reduced: boolean }): QuantRange {
  if (reduced) return type === 'int8' ? { min: -64, max: 64 } : { min: 0, max: 127 }
  return symmetric && type === 'int8' ? { min: -127, max: 127 } : typeRange(type)
}

/**
 * Scale and zero point for numbers from `low` to `high`, widened to hold 0, which is then exact. Symmetric: 0 in the middle. A
 * range so small that its scale would not be a normal number gets scale 1. `low` and `high` must be finite.
 */
export function affineOf(low: number, high: number, range: QuantRange, symmetric: boolean): QuantizationParameters {
  const widest = Math.max(-Math.min(low, 0), high)
  const [from, to] = (symmetric ? [-widest, widest] : [Math.min(low, 0), Math.max(high, 0)]).map(Math.fround) as [number, number]
  const difference = Math.fround(to - from)
  const scale = (Number.isFinite(difference) ? difference : to - from) / (range.max - range.min)
  if (scale < SMALLEST_NORMAL) return { scale: 1, zeroPoint: 0 }
  const zeroPoint = symmetric ? roundHalfEven((range.min + range.max) / 2) : roundHalfEven(range.min - from / scale)
  return { scale: Math.fround(scale), zeroPoint }
}

/** Adding it leaves no bits for a fraction, and the processor rounds to even: right below 2^51. */
const ROUNDING = 1.5 * 2 ** 52

/** Rounds to the nearest whole number, halves to the even one, for |x| < 2^51. */
export function roundHalfEven(x: number): number {
  return x + ROUNDING - ROUNDING
}

/** One number as the integer that represents it. */
export function quantizeNumber(x: number, { scale, zeroPoint }: QuantizationParameters, { min, max }: QuantRange): number {
  const ratio = Math.fround(x / scale)
  // Beyond 2^51, where rounding by addition fails, it is clipped all the same.
  return Math.min(max, Math.max(min, Math.abs(ratio) < 2 ** 31 ? roundHalfEven(ratio) + zeroPoint : ratio))
}
