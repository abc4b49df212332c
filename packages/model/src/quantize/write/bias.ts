// Biases of static quantization: int32 with zero point 0 and scale x·w, so that the integer product takes them up as they are.
// Where x·w is so small that a bias does not fit into 32 bits, the scale of the weights is enlarged:
// https://github.com/microsoft/onnxruntime/blob/main/onnxruntime/python/tools/quantization/qdq_quantizer.py
import { type QuantizationParameters, roundHalfEven } from './numbers.ts'

const INT32_MAX = 2 ** 31 - 1
const INT32_MIN = -(2 ** 31)
/** Keeps the largest bias clear of the end of the range. */
const MARGIN = 1.0001

export interface QuantizedBias {
  readonly values: Int32Array<ArrayBuffer>
  /** One per channel, or one. */
  readonly scales: Float32Array<ArrayBuffer>
}

/**
 * The weights' scales as they are, or enlarged so that each bias fits. Asymmetric weights are left alone: their zero points belong
 * to their scales. `affines`: one per channel (of the bias too), or one for all.
 */
export function affinesForBias(
  affines: readonly QuantizationParameters[],
  perChannel: boolean,
  inputScale: number,
  bias: Float32Array,
): readonly QuantizationParameters[] {
  if (affines.some(({ zeroPoint }) => zeroPoint !== 0)) return affines
  const largest = bias.reduce((most, one) => Math.max(most, Math.abs(one)), 0)
  return affines.map(({ scale, zeroPoint }, channel) => {
    // numpy stays in float32 as long as it multiplies an element of the bias by plain numbers.
    const widened = perChannel
      ? Math.fround(Math.fround(MARGIN) * Math.fround(2 * Math.abs(bias[channel]!)))
      : MARGIN * (2 * largest)
    const least = widened / (2 * INT32_MAX)
    const candidate = inputScale * scale
    if (candidate >= least || candidate === 0) return { scale, zeroPoint }
    return { scale: Math.fround(scale * (least / candidate)), zeroPoint }
  })
}

/** `weightScales`: one per element of the bias, or one for all. */
export function quantizeBias(bias: Float32Array, inputScale: number, weightScales: Float32Array): QuantizedBias {
  const scales = weightScales.map((scale) => Math.fround(inputScale * scale)) as Float32Array<ArrayBuffer>
  const values = new Int32Array(bias.length)
  for (let i = 0; i < bias.length; i++) {
    const ratio = bias[i]! / scales[scales.length === 1 ? 0 : i]!
    // 0 / 0 if both scales are so small that their product is none.
    if (!Number.isNaN(ratio)) values[i] = Math.min(INT32_MAX, Math.max(INT32_MIN, roundHalfEven(ratio)))
  }
  return { values, scales }
}
