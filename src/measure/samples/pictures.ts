// Pictures as samples: one jpg, png or webp each, for the one input that takes a picture. Channels are where an axis of 1, 3 or 4 says so,
// behind the batch or last. A picture is stretched to the input's height and width, turned as its camera says, in RGB; bytes stay
// bytes, floats are 0..1. What a model wants otherwise (a mean and a deviation, BGR) has to be done before: save arrays.
import { spawnSync } from 'node:child_process'
import { basename, join } from 'node:path'
import { InputError } from '../../graph/input-error.ts'
import { isPlainFloat } from './dtype-arrays.ts'
import { formatShape } from './flags.ts'
import type { DataRecord } from './records.ts'
import type { ResolvedInput } from './resolved.ts'

export const isPicture = (name: string): boolean => /\.(jpe?g|png|webp)$/i.test(name)

interface Frame {
  readonly height: number
  readonly width: number
  readonly channels: number
  readonly channelsFirst: boolean
}

/** Bytes of each picture in turn, row by row, channel by channel of a place. */
export type DecodePictures = (files: readonly string[], size: Omit<Frame, 'channelsFirst'>) => readonly Uint8Array[]

/** One record a picture. Throws an InputError where no input takes pictures, or they cannot be decoded. */
export function readPictures(
  folder: string,
  names: readonly string[],
  inputs: readonly ResolvedInput[],
  decode: DecodePictures = decodeWithSharp,
): readonly DataRecord[] {
  const { input, frame } = pictureInputOf(inputs, folder)
  const pictures = decode(
    names.map((name) => join(folder, name)),
    frame,
  )
  const shape = frame.channelsFirst
    ? [1, frame.channels, frame.height, frame.width]
    : [1, frame.height, frame.width, frame.channels]
  return pictures.map((bytes, k) => {
    const ordered = frame.channelsFirst ? channelByChannel(bytes, frame) : bytes
    const tensor =
      input.dtype === 'uint8'
        ? { dtype: 'uint8' as const, shape, data: ordered }
        : { dtype: 'float32' as const, shape, data: Float32Array.from(ordered, (byte) => byte / 255) }
    return { tensors: new Map([[input.name, tensor]]), stacked: false, where: names[k]! }
  })
}

/** For whoever reads the numbers. */
export function picturesNote(inputs: readonly ResolvedInput[]): string {
  const { input, frame } = pictureInputOf(inputs, '')
  const order = ['grey', 'RGB', 'RGBA'][[1, 3, 4].indexOf(frame.channels)]!
  const scale = input.dtype === 'uint8' ? '0..255' : '0..1'
  return `Pictures became '${input.name}' as ${order}, stretched to ${frame.width}x${frame.height}, numbers ${scale}; where the model wants others, save arrays (.npy) instead`
}

function pictureInputOf(inputs: readonly ResolvedInput[], folder: string): { input: ResolvedInput; frame: Frame } {
  const open = inputs.filter(({ values }) => values === undefined)
  const [input] = open
  const frame = open.length === 1 ? frameOf(input!) : null
  if (input !== undefined && frame !== null) return { input, frame }
  const taken = open.map(({ name, dtype, shape }) => `'${name}' ${dtype} ${formatShape(shape)}`).join(', ')
  throw new InputError(
    `${folder}: pictures fit one input of float32 or uint8 with 1, 3 or 4 channels, the model takes ${taken}; save arrays (.npy) instead`,
  )
}

function frameOf({ shape, dtype }: ResolvedInput): Frame | null {
  const [, a, b, c] = shape
  if (shape.length !== 4 || (dtype !== 'uint8' && !isPlainFloat(dtype))) return null
  const first = { channels: a!, height: b!, width: c!, channelsFirst: true }
  const last = { height: a!, width: b!, channels: c!, channelsFirst: false }
  // A height of 1 is rarer than a grey picture, and that rarer than colours.
  return (
    [first, last].find(({ channels }) => channels === 3 || channels === 4) ??
    [first, last].find(({ channels }) => channels === 1) ??
    null
  )
}

function channelByChannel(bytes: Uint8Array, { height, width, channels }: Frame): Uint8Array {
  const places = height * width
  const ordered = new Uint8Array(bytes.length)
  for (let place = 0; place < places; place++) {
    for (let channel = 0; channel < channels; channel++) ordered[channel * places + place] = bytes[place * channels + channel]!
  }
  return ordered
}

/** sharp answers later, so that it works in a process of its own; it is the user's, found from the current folder. */
const DECODER = `
const { files, height, width, channels } = JSON.parse(require('fs').readFileSync(0, 'utf8'))
let sharp
try { sharp = require('module').createRequire(process.cwd() + '/x.js')('sharp') } catch { process.exit(3) }
const space = (picture) => channels === 1 ? picture.greyscale().removeAlpha() : channels === 4 ? picture.toColourspace('srgb').ensureAlpha() : picture.toColourspace('srgb').removeAlpha()
;(async () => {
  for (const file of files) {
    const bytes = await space(sharp(file).rotate().resize(width, height, { fit: 'fill' })).raw().toBuffer()
      .catch((error) => { process.stderr.write(JSON.stringify([file, error.message])); process.exit(4) })
    require('fs').writeSync(1, bytes)
  }
})()`
const MOST_BYTES = 2 ** 30

function decodeWithSharp(files: readonly string[], size: Omit<Frame, 'channelsFirst'>): readonly Uint8Array[] {
  const { height, width, channels } = size
  const input = JSON.stringify({ files, height, width, channels })
  const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', DECODER], { input, maxBuffer: MOST_BYTES })
  if (status === 3) throw new InputError('pictures are read by the package sharp, which is not here: npm install sharp')
  const each = height * width * channels
  if (status !== 0 || stdout.length !== files.length * each) {
    const [file, why] = /^\[/.test(String(stderr))
      ? (JSON.parse(String(stderr)) as [string, string])
      : [files[0]!, 'decoding failed']
    throw new InputError(`${basename(file)}: no picture that sharp can read (${why.split('\n')[0]}); check the file`)
  }
  return files.map((_, k) => new Uint8Array(stdout.subarray(k * each, (k + 1) * each)))
}
