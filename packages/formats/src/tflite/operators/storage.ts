// From one way of storing numbers to another. https://github.com/google-ai-edge/LiteRT/tree/main/tflite/kernels (quantize.cc, cast.cc)

import { cast } from '@whyslow/graph/builder/broadcast.ts'
import type { Value } from '@whyslow/graph/builder/graph-builder.ts'
import { input, type OperatorCall, optionsOf, realConstant, realInput, store, type Writers } from '../operator.ts'
import { onSteps } from '../quantized.ts'

/** Real numbers of what is stored; of a constant (weights kept as halves or integers) they are computed now. */
function dequantized(call: OperatorCall): Value[] {
  const constant = realConstant(input(call, 0))
  return [constant === undefined ? cast(call.builder, realInput(call, 0), 'float32') : call.builder.constant(constant, 'weights')]
}

/** Float to integer goes towards zero. Bool is 0 or 1. */
function casting(call: OperatorCall): Value[] {
  const { dtype } = call.outputs[0]!
  return [cast(call.builder, input(call, 0).value, dtype)]
}

/** The range moved so that zero is a step. tflite/kernels/internal/quantization_util (FakeQuantizeArray). */
function fakeQuantized(call: OperatorCall): Value[] {
  const { min, max, num_bits, narrow_range } = optionsOf(call, 'FakeQuantOptions')
  if (!(min <= 0 && max >= 0 && max > min && num_bits >= 2 && num_bits <= 16))
    throw call.refusal(`has a range of ${min} to ${max} in ${num_bits} bits`)
  const [low, high] = [narrow_range ? 1 : 0, 2 ** num_bits - 1]
  const scale = Math.fround((max - min) / (high - low))
  const zero = low - min / scale
  const zeroPoint = zero < low ? low : zero > high ? high : Math.round(zero)
  return [onSteps(call.builder, realInput(call, 0), { scale, zeroPoint, low, high })]
}

export const STORAGE: Writers = {
  QUANTIZE: (call) => [store(call, realInput(call, 0))],
  DEQUANTIZE: dequantized,
  CAST: casting,
  FAKE_QUANT: fakeQuantized,
  // Sparse constants are made whole when they are read.
  DENSIFY: (call) => [input(call, 0).value],
}
