// Fourier transforms. https://onnx.ai/onnx/operators/onnx__DFT.html , onnx__STFT.html ; Rfft, Irfft: onnxruntime
// docs/ContribOperators.md. A complex transform of n points costs 5 * n * log2(n) FLOPs (the count that FFTW's benchmarks use,
// https://www.fftw.org/speed/method.html), half of it where the signal is real. Lengths that are no power of two cost more.
import { elementCount } from '../dtype.ts'
import { axisFromFront, hasInput, numberAttribute } from './attributes.ts'
import { defineFamily, formula, type OperatorFacts } from './family.ts'
import type { NodeContext } from './types.ts'

function transformOps(points: number, isReal: boolean): number {
  return points < 2 ? 0 : (5 * points * Math.log2(points)) / (isReal ? 2 : 1)
}

function powerOfTwoNote(points: number): { note?: string } {
  return Number.isInteger(Math.log2(points)) ? {} : { note: `a transform of ${points} points, no power of two, costs more` }
}

// input [.., n, .., 1 or 2], dft_length, axis; the axis was an attribute before opset 20
const dft = formula([0], [0], ([x], [y], context) => {
  const { node } = context
  const given = context.constant(2)?.values?.[0]
  const note =
    given === undefined && hasInput(context, 2) ? 'its axis is not a constant; taken as the last of the signal' : undefined
  const axis = axisFromFront(given ?? numberAttribute(node, 'axis', hasAxisAttribute(context) ? 1 : -2), x.shape.length)
  const points = context.constant(1)?.values?.[0] ?? Math.max(x.shape[axis] ?? 0, y.shape[axis] ?? 0)
  const transforms = elementCount(y.shape.filter((_, i) => i !== axis)) / 2
  const simpleOps = transforms * transformOps(points, x.shape.at(-1) === 1)
  return { simpleOps, ...powerOfTwoNote(points), ...(note === undefined ? {} : { note }) }
})

function hasAxisAttribute({ node }: NodeContext): boolean {
  return Object.hasOwn(node.attributes, 'axis')
}

// signal [B, L, 1 or 2], frame_step, window, frame_length -> [B, frames, bins, 2]
const stft = formula([0], [0], ([x], [y], context) => {
  const bins = y.shape[2]!
  const onesided = numberAttribute(context.node, 'onesided', 1) === 1
  const points = context.constant(3)?.values?.[0] ?? context.inputs[2]?.shape[0] ?? (onesided ? 2 * (bins - 1) : bins)
  const frames = y.shape[0]! * y.shape[1]!
  const parts = x.shape.length === 3 ? x.shape[2]! : 1
  const windowed = hasInput(context, 2) ? points * parts : 0
  return { simpleOps: frames * (windowed + transformOps(points, parts === 1)), ...powerOfTwoNote(points) }
})

// The last `signal_ndim` axes of the real side are transformed.
const realTransform = (isInverse: boolean) =>
  formula([0], [0], ([x], [y], { node }) => {
    const real = isInverse ? y : x
    const points = elementCount(real.shape.slice(-numberAttribute(node, 'signal_ndim', 1)))
    return {
      simpleOps: points === 0 ? 0 : (elementCount(real.shape) / points) * transformOps(points, true),
      ...powerOfTwoNote(points),
    }
  })

const facts: OperatorFacts = {
  reads: { STFT: ({ index }) => (index === 0 ? { axes: [[1, { meaning: 'samples' }]] } : undefined) },
}

export const signalFamily = defineFamily('signal', facts, {
  DFT: dft,
  STFT: stft,
  'com.microsoft:Rfft': realTransform(false),
  'com.microsoft:Irfft': realTransform(true),
})
