// The pixel values that a model was trained on, found by running its first convolution on photos: the range at which the answers have
// the mean and variance that the batch normalization behind it stores. If that is folded into the convolution, its bias tells the range: it
// was learned to be about as large as the answers' spread.
import type { Model } from '@whyslow/graph/model.ts'
import { type FirstLayers, firstLayers, type Moments } from './layers/first-layers.ts'
import { coloursMade } from './layers/flat-colours.ts'
import { makesBytes } from './layers/last-layers.ts'
import { limitsOfOwnImage } from './layers/own-limits.ts'
import { type Answers, answersTo, divergence, rangeMoments } from './photo-answers.ts'
import { type PictureNumbers, UNIT_RGB } from './picture-numbers.ts'

/** What the bytes of an image become, and how that is known. */
export interface Pixels extends PictureNumbers {
  /** One sentence. */
  readonly why: string
}

const BYTE = 1 / 255
const range = (scale: number, mean: readonly number[] = [0], std: readonly number[] = [1]): PictureNumbers => ({
  ...{ scale, mean, std, bgr: false, from: 'the model' },
})
export const BYTES = range(1)
const UNIT = range(BYTE)
const SIGNED = range(BYTE, [0.5], [0.5])
const CENTRED = range(BYTE, [0.5])
const IMAGENET = range(BYTE, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
const BYTES_CENTRED = range(1, [123.7, 116.8, 103.9])
const MNIST = range(BYTE, [0.1307], [0.3081])
/** White on black becomes black on white. */
const inverted = ({ scale, mean, std }: PictureNumbers) => range(-scale, [mean[0]! - 255 * scale], std)

/** (x - 127) / 128 is not among them: it is -1 to 1 within 1 %. */
const COLOURS = [UNIT, SIGNED, IMAGENET, BYTES, BYTES_CENTRED, CENTRED]
const GREYS = [UNIT, SIGNED, MNIST, BYTES, CENTRED, ...[UNIT, MNIST, BYTES].map(inverted)]

/** Nats per channel by which the stored statistics are missed, above which no photo is what the model was trained on. */
const WORST_FIT = 2
/** Green and blue of ImageNet's means are 0.05 apart, red and green 0.03. */
const SAME_MEAN = 0.012
/** BGR must fit better than RGB by this factor: channels of photos are alike. */
const CLEARLY = 0.85
/**
 * If the spread of answers is as large as the bias, twice the range makes their root mean square 1.58 times as large; if it is half as
 * large, 1.26 times.
 */
const IN_BALANCE = 1.41

/** Bytes of images of one colour: greys, and the ends of each channel. */
const FLAT = [
  ...[0, 30, 128, 255].map((grey) => [grey, grey, grey]),
  ...[
    [255, 0, 0],
    [0, 255, 0],
    [0, 0, 255],
    [64, 160, 200],
  ],
]
/** Share of the range by which colours that come back are missed, above which the model makes other images of images. */
const WORST_MISS = 0.1
/** Ranges that miss by no more than this factor of the least are alike. */
const SAME_MISS = 1.5

export const ASSUMED_PIXELS: Pixels = { ...UNIT_RGB, why: 'The range is assumed: nothing in the model shows it.' }

const MAKES_BYTES: Pixels = {
  ...BYTES,
  why: 'The model makes images of 0 to 255, and takes the range that it makes.',
}

const UNLIKE_PHOTOS: Pixels = {
  ...UNIT_RGB,
  why: 'The range is assumed: in no usual one do photos give the statistics that the first batch normalization stores.',
}

/** What a float input that takes images of `channels` channels was trained on; null if the model tells nothing. */
export function findPixels(model: Model, input: string, channels: number): Pixels | null {
  const layers = firstLayers(model, input, channels)
  return (
    byMoments(layers, channels) ??
    byScaling(layers) ??
    byQuantization(layers) ??
    (makesBytes(model) ? MAKES_BYTES : null) ??
    byLimits(model, input) ??
    (layers.convolution === null ? null : byColours(model, input, channels)) ??
    byBias(layers, channels)
  )
}

const rangesFor = (channels: number): readonly PictureNumbers[] => (channels === 1 ? GREYS : COLOURS)

function byMoments(layers: FirstLayers, channels: number): Pixels | null {
  const { convolution, moments, inputMoments } = layers
  if (inputMoments !== null) {
    const best = nearest(rangesFor(channels), (one) => divergence(rangeMoments(one, channels), inputMoments))
    return best.loss > WORST_FIT
      ? UNLIKE_PHOTOS
      : { ...best.one, why: 'The batch normalization of the input stores the statistics of such values.' }
  }
  if (convolution === null || moments === null) return null
  const answers = answersTo(convolution, layers)
  const expected = picked(moments, answers.outputs)
  const lossOf = (one: PictureNumbers) => divergence(answers(one), expected)
  const rgb = nearest(rangesFor(channels), lossOf)
  const bgr = channels < 3 ? rgb : nearest(rangesFor(channels).map(toBgr), lossOf)
  const isBgr = bgr.loss < CLEARLY * rgb.loss
  const best = isBgr ? bgr : rgb
  if (best.loss > WORST_FIT) return UNLIKE_PHOTOS
  return {
    ...best.one,
    why: `Photos in this range${isBgr ? ', in BGR,' : ''} give the statistics that the first batch normalization stores.`,
  }
}

const toBgr = (one: PictureNumbers): PictureNumbers => ({ ...one, bgr: true })

const picked = ({ mean, variance }: Moments, outputs: Answers['outputs']): Moments => ({
  mean: outputs.map((output) => mean[output]!),
  variance: outputs.map((output) => variance[output]!),
})

/** Nodes that scale or shift the input before anything else. */
function byScaling({ scale, shift }: FirstLayers): Pixels | null {
  if (scale.every((one) => one === 1) && shift.every((one) => one === 0)) return null
  const ofBytes = scale.every((one) => Math.abs(one) < 1 / 20) || shift.some((one) => Math.abs(one) > 20)
  const words = ofBytes ? '0 to 255' : '0 to 1'
  const numbers = ofBytes ? BYTES : UNIT
  return { ...numbers, bgr: takesBlueFirst(scale, shift, ofBytes), why: `The model normalizes values of ${words} itself.` }
}

/** Whether what is taken off is the mean of ImageNet with its blue channel in front. */
function takesBlueFirst(scale: readonly number[], shift: readonly number[], ofBytes: boolean): boolean {
  const mean = shift.map((one, channel) => -one / scale[channel]! / (ofBytes ? 255 : 1))
  const blueFirst = IMAGENET.mean.toReversed()
  return mean.length === 3 && mean.every((one, channel) => Math.abs(one - blueFirst[channel]!) < SAME_MEAN)
}

/** The lowest and the highest value that the first quantization keeps. */
function byQuantization({ quantizedTo }: FirstLayers): Pixels | null {
  if (quantizedTo === null) return null
  const [low, high] = quantizedTo
  const misses = (one: PictureNumbers) => {
    const [from, to] = valueRange(one, 3)
    return (Math.abs(from - low) + Math.abs(to - high)) / (high - low)
  }
  const best = nearest([UNIT, SIGNED, IMAGENET, BYTES], misses)
  const numbers = best.loss < 0.25 ? best.one : range((high - low) / 255, [-low])
  return { ...numbers, why: 'The model quantizes its input in this range.' }
}

/** What the model computes of the image itself, and limits to what an image can hold. */
function byLimits(model: Model, input: string): Pixels | null {
  const limits = limitsOfOwnImage(model, input)
  const found = [UNIT, SIGNED, BYTES].find((one) => {
    const [low, high] = valueRange(one, 3)
    return limits !== null && limits[1] === high && Math.abs(limits[0] - low) < (high - low) / 100
  })
  return found === undefined ? null : { ...found, why: 'The model limits to this range what it computes of the image itself.' }
}

/** The range in which images of one colour come back in that colour. */
function byColours(model: Model, input: string, channels: number): Pixels | null {
  const flat = channels === 1 ? FLAT.map(([value]) => [value!]) : FLAT
  if (channels !== 1 && channels !== 3) return null
  const ranges = [UNIT, SIGNED, CENTRED, BYTES]
  const given = ranges.map(({ scale, mean, std }) =>
    flat.map((colour) => colour.map((byte) => (byte * scale - mean[0]!) / std[0]!)),
  )
  const made = coloursMade(model, input, given.flat())
  if (made === null) return null
  const misses = ranges.map((one, k) => {
    const [low, high] = valueRange(one, channels)
    const errors = given[k]!.flatMap((colour, c) =>
      colour.map((value, channel) => ((made[k * flat.length + c]![channel]! - value) / (high - low)) ** 2),
    )
    return Math.sqrt(meanOf(errors))
  })
  const least = Math.min(...misses)
  const alike = ranges.filter((_, k) => misses[k]! <= SAME_MISS * least)
  const isScaleAlone = alike.length === 2 && alike.includes(UNIT) && alike.includes(BYTES)
  if (!(least < WORST_MISS) || (alike.length > 1 && !isScaleAlone)) return null
  return isScaleAlone
    ? {
        ...UNIT,
        why: 'The model gives images back in their own colours, of 0 to 255 as well as of 0 to 1: the usual range is taken.',
      }
    : { ...alike[0]!, why: 'In this range the model gives images back in their own colours.' }
}

/** The widest range at which answers are not yet far larger than the bias explains. */
function byBias(layers: FirstLayers, channels: number): Pixels | null {
  const { convolution, isActivated } = layers
  const bias = convolution?.bias ?? null
  if (convolution === null || bias === null || !isActivated) return null
  const answers = answersTo(convolution, layers)
  const size = (one: PictureNumbers) => {
    const { mean, variance } = answers(one)
    return Math.sqrt(mean.reduce((sum, each, k) => sum + each ** 2 + variance[k]!, 0) / mean.length)
  }
  const widening = channels === 1 ? [UNIT, SIGNED, BYTES] : [UNIT, SIGNED, IMAGENET, BYTES]
  let [best, smallest] = [widening[0]!, size(widening[0]!)]
  for (const one of widening.slice(1)) {
    const its = size(one)
    if (its > IN_BALANCE * smallest) continue
    best = one
    smallest = Math.min(smallest, its)
  }
  // Bytes are fifty times as wide as the next range: where the image hardly changes what the bias answers, they are nearer to it.
  const spread = (one: PictureNumbers) => meanOf(answers(one).variance)
  const biases = meanOf(answers.outputs.map((output) => bias[output]! ** 2))
  if (spread(best) * spread(BYTES) < biases ** 2) best = BYTES
  return { ...best, why: 'Photos in this range give answers in balance with the biases of the first convolution.' }
}

const meanOf = (numbers: readonly number[]): number => numbers.reduce((sum, one) => sum + one, 0) / numbers.length

/** What a byte of 0 and one of 255 become, over all channels. */
export function valueRange({ scale, mean, std }: PictureNumbers, channels: number): readonly [number, number] {
  const ends = Array.from({ length: Math.min(3, channels) }, (_, channel) => {
    const of = (numbers: readonly number[]) => numbers[numbers.length === 1 ? 0 : channel] ?? 0
    return [0, 255].map((byte) => (byte * scale - of(mean)) / (of(std) || 1))
  }).flat()
  return [Math.min(...ends), Math.max(...ends)]
}

function nearest(ranges: readonly PictureNumbers[], lossOf: (one: PictureNumbers) => number) {
  const losses = ranges.map((one) => ({ one, loss: lossOf(one) }))
  return losses.reduce((best, next) => (next.loss < best.loss ? next : best))
}
