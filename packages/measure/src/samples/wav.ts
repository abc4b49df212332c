// Sound as samples: .wav files of whole numbers (8 to 32 bits) or float32, for the one input of floats whose last axis is time. Channels
// are averaged, numbers are -1..1, the rate stays as recorded. A fixed length takes one window after the other, a free one the whole.
// Format: http://soundfile.sapp.org/doc/WaveFormat/
import { InputError } from '@whyslow/graph/input-error.ts'
import { isPlainFloat } from './dtype-arrays.ts'
import { formatShape } from './flags.ts'
import type { DataRecord } from './records.ts'
import type { ResolvedInput } from './resolved.ts'

export const isSound = (name: string): boolean => /\.wav$/i.test(name)

export interface Waveform {
  readonly samplesPerSecond: number
  readonly samples: Float32Array
}

const [PCM, FLOAT, EXTENSIBLE] = [1, 3, 0xfffe]

/** Throws an InputError if it is not a .wav, or compressed. */
export function readWav(bytes: Uint8Array, where: string): Waveform {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const tag = (at: number) => String.fromCharCode(...bytes.subarray(at, at + 4))
  if (bytes.length < 12 || tag(0) !== 'RIFF' || tag(8) !== 'WAVE')
    throw new InputError(`${where}: not a .wav file; check the file`)
  let format: { kind: number; channels: number; rate: number; bits: number } | undefined
  for (let at = 12; at + 8 <= bytes.length; ) {
    const size = view.getUint32(at + 4, true)
    const start = at + 8
    if (tag(at) === 'fmt ' && start + 16 <= bytes.length) {
      const kind = view.getUint16(start, true)
      const own = kind === EXTENSIBLE && size >= 26 ? view.getUint16(start + 24, true) : kind
      const [channels, rate, bits] = [
        view.getUint16(start + 2, true),
        view.getUint32(start + 4, true),
        view.getUint16(start + 14, true),
      ]
      format = { kind: own, channels, rate, bits }
    }
    if (tag(at) === 'data' && format !== undefined) {
      const { kind, channels, rate, bits } = format
      const isKnown = (kind === PCM && [8, 16, 24, 32].includes(bits)) || (kind === FLOAT && bits === 32)
      if (!isKnown || channels === 0) throw new InputError(`${where}: a kind of .wav that is not read; save 16 bits a sample`)
      const end = Math.min(bytes.length, start + size)
      return { samplesPerSecond: rate, samples: mono(view, { start, end, channels, bits, kind }) }
    }
    at = start + size + (size % 2)
  }
  throw new InputError(`${where}: no sound in it; check the file`)
}

interface Stored {
  readonly start: number
  readonly end: number
  readonly channels: number
  readonly bits: number
  readonly kind: number
}

function mono(view: DataView, { start, end, channels, bits, kind }: Stored): Float32Array {
  const each = bits / 8
  const numberAt = (at: number): number => {
    if (kind === FLOAT) return view.getFloat32(at, true)
    if (bits === 8) return (view.getUint8(at) - 128) / 128
    if (bits === 16) return view.getInt16(at, true) / 2 ** 15
    if (bits === 24) return (view.getInt8(at + 2) * 2 ** 16 + view.getUint16(at, true)) / 2 ** 23
    return view.getInt32(at, true) / 2 ** 31
  }
  return Float32Array.from({ length: Math.floor((end - start) / (each * channels)) }, (_, k) => {
    let sum = 0
    for (let channel = 0; channel < channels; channel++) sum += numberAt(start + (k * channels + channel) * each)
    return sum / channels
  })
}

/** Windows of a sound. One shorter than the input gives one window that ends in silence. */
export function windowsOf({ samples }: Waveform, inputs: readonly ResolvedInput[], where: string): readonly DataRecord[] {
  const input = soundInputOf(inputs, where)
  const length = lengthOf(input) ?? samples.length
  const count = Math.max(1, Math.floor(samples.length / length))
  return Array.from({ length: count }, (_, k) => {
    const data = new Float32Array(length)
    data.set(samples.subarray(k * length, (k + 1) * length))
    const shape = [...input.shape.slice(0, -1).map(() => 1), length]
    return { tensors: new Map([[input.name, { dtype: 'float32' as const, shape, data }]]), stacked: false, where }
  })
}

/** For whoever reads the numbers. */
export function soundNote({ samplesPerSecond }: Waveform, inputs: readonly ResolvedInput[]): string {
  const input = soundInputOf(inputs, '')
  const length = lengthOf(input)
  const cut = length === null ? 'whole' : `in windows of ${length} samples`
  return `Sound became '${input.name}' ${cut}, values -1..1, at the recorded ${samplesPerSecond} Hz; if the model needs another rate, convert it first`
}

const lengthOf = ({ shape, freeAxes }: ResolvedInput): number | null => {
  const free = freeAxes.find(({ axis }) => axis === shape.length - 1)
  return free === undefined || free.from === 'flag' ? shape.at(-1)! : null
}

/** The only one of floats whose axes before the last are 1. */
function soundInputOf(inputs: readonly ResolvedInput[], where: string): ResolvedInput {
  const open = inputs.filter(({ values }) => values === undefined)
  const [input] = open
  const fits = input !== undefined && isPlainFloat(input.dtype) && input.shape.length >= 1 && input.shape.length <= 3
  if (open.length === 1 && fits && input.shape.slice(0, -1).every((size) => size === 1)) return input
  const taken = open.map(({ name, dtype, shape }) => `'${name}' ${dtype} ${formatShape(shape)}`).join(', ')
  throw new InputError(
    `${where}: sound fits one input of floats whose last axis is time, the model takes ${taken}; give the others with --value, or save arrays (.npz)`,
  )
}
