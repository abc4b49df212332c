// Complex numbers of a TensorFlow graph: ONNX has none, so that the imaginary part goes its own way next to the value, which is the real part.
import type { Value } from '@whyslow/graph/builder/graph-builder.ts'
import { type Complex, magnitude, realFourier } from '../tensorflow/spectra.ts'
import type { OperatorCall, OperatorTable } from './operator-call.ts'

const imaginaryParts = new WeakMap<Value, Value>()

export const isComplex = (value: Value): boolean => imaginaryParts.has(value)

/** The real part, which is known by its imaginary one from now on. */
function complex({ real, imaginary }: Complex): Value {
  imaginaryParts.set(real, imaginary)
  return real
}

function partsOf(call: OperatorCall): Complex {
  const real = call.input(0)
  const imaginary = imaginaryParts.get(real)
  if (imaginary === undefined) throw call.refuse('is given no complex numbers; convert the model again')
  return { real, imaginary }
}

/** As a value of its own, which has no imaginary part. */
const realOf = (call: OperatorCall): Value => ({ ...partsOf(call).real })

/** What only moves the numbers of its first input. */
const MOVES: ReadonlySet<string> = new Set(['Identity', 'Reshape', 'Squeeze', 'ExpandDims', 'Transpose', 'Slice', 'StridedSlice'])

/** Writes an operator with complex inputs: what moves numbers moves both parts alike. */
export function writeComplex(call: OperatorCall, write: (call: OperatorCall) => readonly Value[]): readonly Value[] {
  const { op } = call.node
  if (Object.hasOwn(SPECTRA, op) || op === 'Cast') return write(op === 'Cast' ? call.withInputs([realOf(call)]) : call)
  if (!MOVES.has(op)) throw call.refuse('computes with complex numbers, which is not read; cut the model before it')
  const { real, imaginary } = partsOf(call)
  const moved = (part: Value) => {
    const [first] = write(call.withInputs([part, ...call.inputs.slice(1)]))
    return first!
  }
  // Two values, also where an operator leaves its input as it is.
  return [complex({ real: { ...moved(real) }, imaginary: moved(imaginary) })]
}

const LONGEST = 1 << 20

export const SPECTRA: OperatorTable = {
  RFFT: (call) => {
    const [length] = call.numbers(1, 'fft_length')
    if (length === undefined || !(length >= 1 && length <= LONGEST))
      throw call.refuse(`has a transform of ${length}, which is not read`)
    return complex(realFourier(call.builder, call.input(0), [length]))
  },
  ComplexAbs: (call) => magnitude(call.builder, partsOf(call)),
  Real: realOf,
  Imag: (call) => partsOf(call).imaginary,
}
