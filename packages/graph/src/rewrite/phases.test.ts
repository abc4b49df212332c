import { expect, test } from 'vitest'
import { node } from '../build.ts'
import { phasesOf, phaseWeights, type TransposedWindow, transposedAxes } from './phases.ts'

/** Along one axis, as ONNX defines it. */
function transposed(x: readonly number[], w: readonly number[], { stride, pads, outputPadding }: TransposedWindow): number[] {
  const length = stride * (x.length - 1) + outputPadding + w.length - pads[0] - pads[1]
  const y = new Array<number>(length).fill(0)
  x.forEach((value, i) => {
    w.forEach((tap, k) => {
      const o = i * stride + k - pads[0]
      if (o >= 0 && o < length) y[o]! += value * tap
    })
  })
  return y
}

/** The same as a convolution with a channel for each phase, laid out and cut. */
function byPhases(x: readonly number[], w: readonly number[], asked: TransposedWindow): number[] | undefined {
  const phases = phasesOf(asked)
  if (phases === undefined) return undefined
  const { values, shape } = phaseWeights(Float32Array.from(w), [1, 1, w.length], [phases])
  expect(shape).toEqual([asked.stride, 1, phases.taps])
  const padded = [...new Array<number>(phases.pads[0]).fill(0), ...x, ...new Array<number>(phases.pads[1]).fill(0)]
  const rows = padded.length - phases.taps + 1
  const whole = Array.from({ length: rows * asked.stride }, (_, o) => {
    const [q, phase] = [Math.floor(o / asked.stride), o % asked.stride]
    return Array.from({ length: phases.taps }, (_, t) => padded[q + t]! * values[phase * phases.taps + t]!).reduce(
      (a, b) => a + b,
      0,
    )
  })
  return whole.slice(phases.cut[0], whole.length - phases.cut[1])
}

test('phases give what the transposed convolution gives, for every geometry that is taken', () => {
  let taken = 0
  const x = [3, -1, 4, 1, -5]
  for (const stride of [1, 2, 3, 4])
    for (const kernel of [1, 2, 3, 4, 5, 6])
      for (const begin of [0, 1, 2, 3])
        for (const end of [0, 1, 2])
          for (let outputPadding = 0; outputPadding < stride; outputPadding++) {
            const asked: TransposedWindow = { kernel, stride, pads: [begin, end], outputPadding }
            const w = Array.from({ length: kernel }, (_, k) => k + 1)
            const got = byPhases(x, w, asked)
            if (got === undefined) continue
            taken++
            expect({ asked, y: got }).toEqual({ asked, y: transposed(x, w, asked) })
          }
  expect(taken).toBeGreaterThan(500)
})

test('the fewest taps, and nothing cut where that is possible', () => {
  const of = (kernel: number, stride: number, pad: number, outputPadding = 0) =>
    phasesOf({ kernel, stride, pads: [pad, pad], outputPadding })
  expect(of(2, 2, 0)).toMatchObject({ taps: 1, pads: [0, 0], cut: [0, 0] })
  expect(of(3, 2, 1, 1)).toMatchObject({ taps: 2, pads: [0, 1], cut: [0, 0] })
  expect(of(4, 2, 1)).toMatchObject({ taps: 2, pads: [1, 1], cut: [1, 1] })
  expect(of(3, 1, 1)).toMatchObject({ taps: 3, pads: [1, 1], cut: [0, 0] })
})

test('pads that reach past the kernel are not taken', () => {
  expect(phasesOf({ kernel: 1, stride: 1, pads: [1, 0], outputPadding: 0 })).toBeUndefined()
})

test('pads may follow from the size of the output; taps apart, and a size over an unknown one, are no axes', () => {
  const of = (attributes: Parameters<typeof node>[3]) =>
    transposedAxes(node('ConvTranspose', ['x', 'w'], ['y'], attributes), [3], [])
  expect(of({ auto_pad: 'SAME_UPPER' })).toEqual([{ kernel: 3, stride: 1, pads: [1, 1], outputPadding: 0 }])
  // One position more than the kernel leaves: 3 - 2 = 1.
  expect(of({ auto_pad: 'SAME_UPPER', strides: [2] })).toMatchObject([{ pads: [0, 1] }])
  expect(of({ auto_pad: 'SAME_LOWER', strides: [2] })).toMatchObject([{ pads: [1, 0] }])
  // A kernel below the stride: nothing to cut, and nothing is added.
  for (const auto of ['SAME_UPPER', 'SAME_LOWER'])
    expect(of({ auto_pad: auto, strides: [4] })).toEqual([{ kernel: 3, stride: 4, pads: [0, 0], outputPadding: 0 }])
  expect(of({ output_shape: [9] })).toBeUndefined()
  expect(of({ dilations: [2] })).toBeUndefined()
  expect(of({ strides: [2], pads: [1, 0], output_padding: [1] })).toEqual([
    { kernel: 3, stride: 2, pads: [1, 0], outputPadding: 1 },
  ])
  expect(of({ auto_pad: 'VALID', pads: [1, 1] })).toEqual([{ kernel: 3, stride: 1, pads: [0, 0], outputPadding: 0 }])
})
