// Spectra: https://github.com/google-ai-edge/LiteRT/tree/main/tflite/kernels (rfft2d.cc, complex_support.cc). Of complex numbers the imaginary part
// goes its own way next to the value (OperatorCall.imaginary): RFFT2D makes it, what moves numbers moves both, these take them together.
import type { Value } from '@whyslow/graph/builder/graph-builder.ts'
import { magnitude, realFourier } from '../../tensorflow/spectra.ts'
import { input, numbers, type OperatorCall, type Writers } from '../operator.ts'

const LONGEST = 1 << 20

function fourier(call: OperatorCall): Value[] {
  const lengths = numbers(call, 1)
  const { value } = input(call, 0)
  if (lengths.length !== 2 || value.shape.length < 2 || lengths.some((length) => !(length >= 1 && length <= LONGEST)))
    throw call.refusal(`has a transform of ${lengths.join('x')}, which is not read`)
  const { real, imaginary } = realFourier(call.builder, value, lengths)
  call.keepImaginary(imaginary)
  return [real]
}

function partsOf(call: OperatorCall) {
  const imaginary = call.imaginary[0]
  if (imaginary === undefined) throw call.refusal('is given no complex numbers')
  return { real: input(call, 0).value, imaginary }
}

export const SPECTRA: Writers = {
  RFFT2D: fourier,
  COMPLEX_ABS: (call) => [magnitude(call.builder, partsOf(call))],
  REAL: (call) => [partsOf(call).real],
  IMAG: (call) => [partsOf(call).imaginary],
}
