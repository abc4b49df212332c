// Images as samples: one jpg, png or webp each, for the one input that takes an image. Channels are where an axis of 1, 3 or 4 says so,
// behind the batch, if there is one, or last. An image is stretched to the input's height and width, turned as its camera says; bytes stay bytes, and the
// floats that they become are given (parsePictures), or they are 0..1 in RGB.
import { spawnSync } from 'node:child_process'
import { basename, join } from 'node:path'
import { InputError } from '@whyslow/graph/input-error.ts'
import { findPackage, installCommand, placesOf } from '../engines/find-package.ts'
import { isPlainFloat } from './dtype-arrays.ts'
import { formatShape } from './flags.ts'
import { FROM_METADATA, type PictureNumbers, UNIT_RGB } from './picture-numbers.ts'
import type { DataRecord } from './records.ts'
import type { ResolvedInput } from './resolved.ts'

export const isPicture = (name: string): boolean => /\.(jpe?g|png|webp)$/i.test(name)

interface Frame {
  readonly height: number
  readonly width: number
  readonly channels: number
  readonly channelsFirst: boolean
}

/** Bytes of each image in turn, row by row, channel by channel of a place. */
export type DecodePictures = (files: readonly string[], size: Omit<Frame, 'channelsFirst'>) => readonly Uint8Array[]

/** One record per image. Throws an InputError if no input takes images, or they cannot be decoded. */
export function readPictures(
  folder: string,
  names: readonly string[],
  inputs: readonly ResolvedInput[],
  {
    numbers = null,
    decode = decodeWithSharp,
  }: { readonly numbers?: PictureNumbers | null; readonly decode?: DecodePictures } = {},
): readonly DataRecord[] {
  const { input, frame } = pictureInputOf(inputs, folder)
  const said = fitting(numbers, frame, input) ?? UNIT_RGB
  const pictures = decode(
    names.map((name) => join(folder, name)),
    frame,
  )
  const sides = [frame.height, frame.width]
  const shape = [
    ...(input.shape.length === 4 ? [1] : []),
    ...(frame.channelsFirst ? [frame.channels, ...sides] : [...sides, frame.channels]),
  ]
  return pictures.map((bytes, k) => {
    const colours = said.bgr ? swapped(bytes, frame) : bytes
    const ordered = frame.channelsFirst ? channelByChannel(colours, frame) : colours
    const tensor =
      input.dtype === 'uint8'
        ? { dtype: 'uint8' as const, shape, data: ordered }
        : { dtype: 'float32' as const, shape, data: floatsOf(ordered, frame, said) }
    return { tensors: new Map([[input.name, tensor]]), stacked: false, where: names[k]! }
  })
}

/** For whoever reads the numbers. */
export function picturesNote(inputs: readonly ResolvedInput[], said: PictureNumbers | null = null): string {
  const { input, frame } = pictureInputOf(inputs, '')
  const numbers = fitting(said, frame, input)
  const orders = numbers?.bgr ? ['grey', 'BGR', 'BGRA'] : ['grey', 'RGB', 'RGBA']
  const order = orders[[1, 3, 4].indexOf(frame.channels)]!
  const became = `Images became '${input.name}' as ${order}, stretched to ${frame.width}x${frame.height}, numbers`
  if (input.dtype === 'uint8') return `${became} 0..255`
  if (numbers === null) return `${became} 0..1; if the model needs others, use --image-preprocessing, or save arrays (.npy)`
  const { scale, mean, std, from } = numbers
  return `${became} (byte x ${Number(scale.toPrecision(4))} - ${mean.join('/')}) / ${std.join('/')}, by ${from}`
}

/**
 * The numbers, if there are as many as channels; they may leave out an alpha channel, which is scaled and no more. null: the file's metadata is of
 * other images. Throws an InputError for what was said otherwise. Bytes that stay bytes need none.
 */
function fitting(numbers: PictureNumbers | null, { channels }: Frame, { name, dtype }: ResolvedInput): PictureNumbers | null {
  if (numbers === null || dtype === 'uint8') return numbers
  const { mean, std, from } = numbers
  const colours = Math.min(3, channels)
  const odd = [mean, std].find(({ length }) => length !== 1 && length !== colours && length !== channels)
  if (odd === undefined) return numbers
  if (from === FROM_METADATA) return null
  throw new InputError(`${from}: ${odd.join('/')} is for ${odd.length} channels, and '${name}' takes ${channels}`)
}

function floatsOf(ordered: Uint8Array, frame: Frame, { scale, mean, std }: PictureNumbers): Float32Array {
  const { channels, channelsFirst } = frame
  const places = frame.height * frame.width
  const of = (numbers: readonly number[], channel: number, other: number) =>
    numbers.length === 1 ? numbers[0]! : (numbers[channel] ?? other)
  const means = Array.from({ length: channels }, (_, channel) => of(mean, channel, 0))
  const stds = Array.from({ length: channels }, (_, channel) => of(std, channel, 1))
  return Float32Array.from(ordered, (byte, at) => {
    const channel = channelsFirst ? Math.floor(at / places) : at % channels
    return (byte * scale - means[channel]!) / stds[channel]!
  })
}

/** Red and blue in each other's place. */
function swapped(bytes: Uint8Array, { channels }: Frame): Uint8Array {
  if (channels < 3) return bytes
  const other = Uint8Array.from(bytes)
  for (let at = 0; at < bytes.length; at += channels) {
    other[at] = bytes[at + 2]!
    other[at + 2] = bytes[at]!
  }
  return other
}

function pictureInputOf(inputs: readonly ResolvedInput[], folder: string): { input: ResolvedInput; frame: Frame } {
  const open = inputs.filter(({ values }) => values === undefined)
  const [input] = open
  const frame = open.length === 1 ? frameOf(input!) : null
  if (input !== undefined && frame !== null) return { input, frame }
  const taken = open.map(({ name, dtype, shape }) => `'${name}' ${dtype} ${formatShape(shape)}`).join(', ')
  throw new InputError(
    `${folder}: images fit one input of float32 or uint8 with 1, 3 or 4 channels, the model takes ${taken}; save arrays (.npy) instead`,
  )
}

function frameOf({ shape, dtype }: ResolvedInput): Frame | null {
  const [a, b, c] = shape.slice(-3)
  if ((shape.length !== 4 && shape.length !== 3) || (dtype !== 'uint8' && !isPlainFloat(dtype))) return null
  const first = { channels: a!, height: b!, width: c!, channelsFirst: true }
  const last = { height: a!, width: b!, channels: c!, channelsFirst: false }
  // A height of 1 is rarer than a grey image, and that rarer than colours.
  return (
    [first, last].find(({ channels }) => channels === 3 || channels === 4) ??
    (shape.length === 4 ? [first, last].find(({ channels }) => channels === 1) : undefined) ??
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

/** sharp answers later, so that it works in a process of its own. */
const DECODER = `
const parent = process.ppid
setInterval(() => process.ppid === parent || process.exit(), 1000).unref()
const { sharp: entry, files, height, width, channels } = JSON.parse(require('fs').readFileSync(0, 'utf8'))
let sharp
try { sharp = require(entry) } catch { process.exit(3) }
const space = (image) => channels === 1 ? image.greyscale().removeAlpha() : channels === 4 ? image.toColourspace('srgb').ensureAlpha() : image.toColourspace('srgb').removeAlpha()
;(async () => {
  for (const file of files) {
    const bytes = await space(sharp(file).rotate().resize(width, height, { fit: 'fill' })).raw().toBuffer()
      .catch((error) => { process.stderr.write(JSON.stringify([file, error.message])); process.exit(4) })
    require('fs').writeSync(1, bytes)
  }
})()`
const MOST_BYTES = 2 ** 30
/** Decoding a large image takes a second or two; a file that keeps the decoder longer hangs it. */
const LIMIT_MS = 60_000
const LIMIT_EACH_MS = 5000

function decodeWithSharp(files: readonly string[], size: Omit<Frame, 'channelsFirst'>): readonly Uint8Array[] {
  const sharp = findPackage('sharp', null)?.entry
  if (sharp === undefined)
    throw new InputError(
      `images need the package sharp, which was not found ${placesOf('sharp', null)}; ${installCommand('sharp')}`,
    )
  return decodeWith(DECODER, files, { ...size, sharp, limitMs: LIMIT_MS + LIMIT_EACH_MS * files.length })
}

/** `code`: what a process of Node runs. Throws an InputError if it fails, or takes longer than the limit. */
export function decodeWith(
  code: string,
  files: readonly string[],
  {
    sharp,
    height,
    width,
    channels,
    limitMs,
  }: Omit<Frame, 'channelsFirst'> & { readonly sharp: string; readonly limitMs: number },
): readonly Uint8Array[] {
  const input = JSON.stringify({ sharp, files, height, width, channels })
  const options = { input, maxBuffer: MOST_BYTES, timeout: limitMs, killSignal: 'SIGKILL' } as const
  const { status, stdout, stderr, error } = spawnSync(process.execPath, ['-e', code], options)
  const failure = (error as NodeJS.ErrnoException | undefined)?.code
  if (failure === 'ETIMEDOUT') {
    const at = basename(files[Math.floor((stdout?.length ?? 0) / (height * width * channels))] ?? files.at(-1)!)
    throw new InputError(`${at}: sharp did not decode it within ${limitMs / 1000} s; remove the image`)
  }
  if (failure === 'ENOBUFS') {
    const most = Math.floor(MOST_BYTES / (height * width * channels))
    throw new InputError(`${files.length} images of ${width}x${height} need more than 1 GB: give a folder of at most ${most}`)
  }
  if (status === 3) throw new InputError(`images need the package sharp, and ${sharp} does not load; ${installCommand('sharp')}`)
  const each = height * width * channels
  if (status !== 0 || stdout.length !== files.length * each) {
    const [file, why] = /^\[/.test(String(stderr))
      ? (JSON.parse(String(stderr)) as [string, string])
      : [files[0]!, 'decoding failed']
    throw new InputError(`${basename(file)}: not an image that sharp can read (${why.split('\n')[0]}); check the file`)
  }
  return files.map((_, k) => new Uint8Array(stdout.subarray(k * each, (k + 1) * each)))
}
