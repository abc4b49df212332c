// Operations per element of turning numbers from one precision into another.

/** Scale, then round and clamp. */
export const QUANTIZE_OPS = 2
/** Subtract the zero point, multiply by the scale. */
export const DEQUANTIZE_OPS = 2
/** Scale, round, clamp an int32 sum to the output's type. */
export const REQUANTIZE_OPS = 3
/** Smallest and largest value first, then as `QUANTIZE_OPS`. */
export const DYNAMIC_QUANTIZE_OPS = 4
