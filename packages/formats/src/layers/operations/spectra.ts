// Fourier transforms and frames of signals in a functional graph: Keras gives and takes complex numbers as two tensors.
// keras/src/ops/math.py, keras/src/backend/tensorflow/math.py

import { binary, cast, constantOf, withNumber } from '@whyslow/graph/builder/broadcast.ts'
import type { Value } from '@whyslow/graph/builder/graph-builder.ts'
import { concat, gather, reshape, reverse, slice, squeeze } from '@whyslow/graph/builder/shapes.ts'
import { transpose } from '../../tensorflow/layout.ts'
import { mirror } from '../../tensorflow/pad.ts'
import { type Complex, complexFourier, realFourier } from '../../tensorflow/spectra.ts'
import { isList, isTensor } from '../arguments.ts'
import { asTensor, float, knownSize, numberIn, type Operation, type WriteOperation } from './operation.ts'

export const spectra: ReadonlyMap<string, WriteOperation> = new Map<string, WriteOperation>([
  ['FFT', (op) => bothOf(transformed(op, complexIn(op), [-1]))],
  ['FFT2', (op) => bothOf(transformed(op, complexIn(op), [-1, -2]))],
  ['IFFT2', (op) => bothOf(transformed(op, complexIn(op), [-1, -2], true))],
  ['RFFT', (op) => bothOf(realFourier(op.builder, float(op, 0), [lengthOf(op, float(op, 0))]))],
  ['IRFFT', (op) => inverseOfHalf(op, complexIn(op), lengthOrNull(op, 'fft_length'))],
  ['ExtractSequences', (op) => framed(op, float(op, 0), numberIn(op, 'sequence_length'), numberIn(op, 'sequence_stride'))],
  ['STFT', shortTime],
  ['ISTFT', inverseOfShortTime],
])

const bothOf = ({ real, imaginary }: Complex): readonly Value[] => [real, imaginary]

/** The two parts, in a list or as two arguments. */
function complexIn(op: Operation): Complex {
  const [first, second] = isList(op.args[0]) ? op.args[0] : op.args
  const [real, imaginary] = [first, second].map((part) => asTensor(op, part, 'float32'))
  return { real: cast(op.builder, real!, 'float32'), imaginary: cast(op.builder, imaginary!, 'float32') }
}

function transformed(op: Operation, z: Complex, axes: readonly number[], inverse = false): Complex {
  return axes.reduce((value, axis) => {
    const at = z.real.shape.length + axis
    return complexFourier(op.builder, value, { axis: at, length: knownSize(op, z.real, at), inverse })
  }, z)
}

function lengthOrNull(op: Operation, key: string): number | null {
  const value = op.settings[key] ?? null
  return value === null ? null : numberIn(op, key)
}

const lengthOf = (op: Operation, x: Value): number => lengthOrNull(op, 'fft_length') ?? knownSize(op, x, x.shape.length - 1)

/** The real signal of a spectrum that has its first half alone. */
function inverseOfHalf(op: Operation, half: Complex, told: number | null): Value {
  const { builder } = op
  const last = half.real.shape.length - 1
  const given = knownSize(op, half.real, last)
  const length = told ?? 2 * (given - 1)
  const kept = Math.floor(length / 2) + 1
  if (given < kept) throw op.refuse(`has ${given} numbers of a spectrum that needs ${kept}, which is not written here`)
  const whole = (part: Value, sign: 1 | -1): Value => {
    const first = slice(builder, part, [{ axis: last, start: 0, end: kept }])
    const mirror = reverse(builder, slice(builder, first, [{ axis: last, start: 1, end: length - kept + 1 }]), last)
    return concat(builder, [first, sign === 1 ? mirror : withNumber(builder, 'Mul', mirror, -1)], last)
  }
  const spectrum = { real: whole(half.real, 1), imaginary: whole(half.imaginary, -1) }
  return complexFourier(builder, spectrum, { axis: last, length, inverse: true }).real
}

/** Pieces of the last axis, each a step after the one before. */
function framed(op: Operation, x: Value, length: number, step: number): Value {
  const size = knownSize(op, x, x.shape.length - 1)
  const count = Math.max(Math.floor((size - length) / step) + 1, 0)
  const places = Array.from({ length: count * length }, (_, k) => Math.floor(k / length) * step + (k % length))
  return gather(op.builder, x, op.builder.constant(constantOf('int64', [count, length], places)), -1)
}

interface ShortTime {
  readonly length: number
  readonly step: number
  readonly fft: number
  readonly centred: boolean
  /** `fft` values; undefined if there is none. */
  readonly window: readonly number[] | undefined
}

function shortTimeOf(op: Operation): ShortTime {
  const [length, step, fft] = ['sequence_length', 'sequence_stride', 'fft_length'].map((key) => numberIn(op, key)) as [
    number,
    number,
    number,
  ]
  const told = op.settings.window === undefined ? 'hann' : op.settings.window
  const before = (fft - length) >> 1
  const inFrame = told === null ? undefined : windowOf(op, length)
  const window =
    inFrame === undefined
      ? undefined
      : Array.from({ length: fft }, (_, k) => (k >= before && k < before + length ? inFrame[k - before]! : 0))
  return { length, step, fft, centred: op.settings.center !== false, window }
}

/** Periodic as TensorFlow's are: of an odd length over one less. */
function windowOf(op: Operation, length: number): readonly number[] {
  const name = op.settings.window ?? 'hann'
  const offset = name === 'hann' ? 0.5 : name === 'hamming' ? 0.54 : undefined
  if (offset === undefined) {
    const given = isTensor(name) ? name.constant : undefined
    if (given === undefined) throw op.refuse('has a window of its own, which is not read here')
    return Array.from(given.data as ArrayLike<number>, Number)
  }
  const period = length % 2 === 0 ? length : length - 1
  return Array.from({ length }, (_, k) => (length === 1 ? 1 : offset - (1 - offset) * Math.cos((2 * Math.PI * k) / period)))
}

function shortTime(op: Operation): readonly Value[] {
  const { builder } = op
  const { step, fft, centred, window } = shortTimeOf(op)
  const x = float(op, 0)
  const last = x.shape.length - 1
  const around = x.shape.map((_, axis): [number, number] => (axis === last ? [fft >> 1, fft >> 1] : [0, 0]))
  const frames = framed(op, centred ? mirror(builder, x, around, false) : x, fft, step)
  const weighed =
    window === undefined ? frames : binary(builder, 'Mul', frames, builder.constant(constantOf('float32', [fft], window)))
  return bothOf(realFourier(builder, weighed, [fft]))
}

/** Frames put back where they were, added where they meet: a transposed convolution whose kernel is the inverse window. */
function inverseOfShortTime(op: Operation): Value {
  const { builder } = op
  const parts = shortTimeOf(op)
  const { step, fft, centred } = parts
  const frames = inverseOfHalf(op, complexIn(op), fft)
  const rank = frames.shape.length
  const count = knownSize(op, frames, rank - 2)
  const window = inverseWindow(parts)
  const kernel = Array.from({ length: fft * fft }, (_, k) => (k % fft === Math.floor(k / fft) ? window[k % fft]! : 0))
  const rows = reshape(builder, frames, [rank === 2 ? 1 : rank === 3 ? frames.shape[0]! : null, count, fft])
  if (rank > 3) throw op.refuse(`puts ${rank} axes together, which is not written here`)
  const whole = fft + step * (count - 1)
  const turned = transpose(builder, rows, [0, 2, 1])
  const weights = builder.constant(constantOf('float32', [fft, 1, fft], kernel))
  const shape = [rows.shape[0]!, 1, whole]
  const signal = builder.op('ConvTranspose', [turned, weights], { dtype: 'float32', shape }, { strides: [step] })
  const joined = squeeze(builder, signal, rank === 2 ? [0, 1] : [1])
  const start = centred ? fft >> 1 : 0
  const length = lengthOrNull(op, 'length')
  const end = length !== null ? start + length : centred ? -(fft >> 1) : whole
  return slice(builder, joined, [{ axis: joined.shape.length - 1, start, end }])
}

/** tf.signal.inverse_stft_window_fn: what the windows that meet at a cell leave of it is divided out. */
function inverseWindow({ window, fft, step }: ShortTime): readonly number[] {
  if (window === undefined) return new Array<number>(fft).fill(1)
  const sums = new Array<number>(step).fill(0)
  for (const [k, value] of window.entries()) sums[k % step]! += value * value
  return window.map((value, k) => value / sums[k % step]!)
}
