// Photos as a model takes them: another photo, cut or mirrored for each image of a batch, its channels where the model has them, its bytes
// turned into the values that the model was trained on.
import type { TensorValue } from '../engines/types.ts'
import { arrayFor, elementCount, isPlainFloat, store } from './dtype-arrays.ts'
import { type Cut, greyOf, type Photo, type PhotoName, photo, resizedCut } from './photos.ts'
import type { PictureNumbers } from './picture-numbers.ts'

/** Which axis of an image is what. The others count images. */
export interface ImageAxes {
  readonly channels: number
  readonly height: number
  readonly width: number
  /** The frames of a video; null: the axes hold images. */
  readonly frames: number | null
}

const SCENES: readonly PhotoName[] = ['person', 'cup', 'page', 'stairs', 'cat', 'words']
/** An image this wide for its height is a line of text. */
const WIDEST = 2.5
/** Lines of print in page.jpg. */
const LINES = { left: 27, right: 308, first: 79, pitch: 18, count: 10, height: 18 }
/** A frame of a video shows this share of its width more than the one before. */
const PAN = 0.01
/** A video shows this share of a photo at a time, so that it can move. */
const VIDEO_ZOOM = 0.8

export const isTextLine = (height: number, width: number): boolean => width >= WIDEST * height && height <= 96

/** `first`: how many images were drawn before: the first six are whole photos, the ones after are parts of them. */
export function photoTensor(
  { dtype, shape }: Pick<TensorValue, 'dtype' | 'shape'>,
  { axes, numbers }: { readonly axes: ImageAxes; readonly numbers: PictureNumbers },
  first: number,
  random: () => number,
): TensorValue {
  const data = arrayFor(dtype, elementCount(shape))
  const stride = shape.map((_, axis) => elementCount(shape.slice(axis + 1)))
  const [height, width, channels] = [shape[axes.height]!, shape[axes.width]!, shape[axes.channels]!]
  const frames = axes.frames === null ? 1 : shape[axes.frames]!
  const inner = [axes.channels, axes.height, axes.width, ...(axes.frames === null ? [] : [axes.frames])]
  const starts = shape.reduce<readonly number[]>(
    (all, size, axis) =>
      inner.includes(axis) ? all : all.flatMap((start) => Array.from({ length: size }, (_, k) => start + k * stride[axis]!)),
    [0],
  )
  const values = valuesOf(numbers, channels, isPlainFloat(dtype))
  starts.forEach((start, image) => {
    const { of, cut } = sceneOf(first + image, { height, width, frames }, random)
    for (let frame = 0; frame < frames; frame++) {
      const pixels = resizedCut(of, panned(cut, of, frame), { width, height })
      const grey = channels < 3 ? greyOf(pixels) : null
      const at = start + (axes.frames === null ? 0 : frame * stride[axes.frames]!)
      for (let channel = 0; channel < channels; channel++) {
        const from = numbers.bgr && channel < 3 ? 2 - channel : channel
        for (let y = 0; y < height; y++) {
          let into = at + channel * stride[axes.channels]! + y * stride[axes.height]!
          for (let x = 0; x < width; x++) {
            const place = y * width + x
            const byte = grey ? grey[place]! : from > 2 ? 255 : pixels[3 * place + from]!
            const value = values[channel]![byte]!
            if (dtype === 'float32') data[into] = value
            else store(dtype, data, into, value)
            into += stride[axes.width]!
          }
        }
      }
    }
  })
  return { dtype, shape, data }
}

/** What each byte becomes, by channel. An alpha channel is scaled and no more, as in readPictures. */
function valuesOf({ scale, mean, std }: PictureNumbers, channels: number, isFloat: boolean): readonly Float64Array[] {
  return Array.from({ length: channels }, (_, channel) => {
    const of = (numbers: readonly number[], other: number) => (numbers.length === 1 ? numbers[0]! : (numbers[channel] ?? other))
    return Float64Array.from({ length: 256 }, (__, byte) => {
      const value = (byte * scale - of(mean, 0)) / of(std, 1)
      return isFloat ? value : Math.round(value)
    })
  })
}

function sceneOf(
  image: number,
  size: { readonly height: number; readonly width: number; readonly frames: number },
  random: () => number,
): { readonly of: Photo; readonly cut: Cut } {
  if (isTextLine(size.height, size.width)) return { of: photo('page'), cut: lineCut(image, size, random) }
  const of = photo(SCENES[image % SCENES.length]!)
  // As large as fits in the shape that the model takes, then a part of that.
  const whole = size.frames === 1 ? 1 : VIDEO_ZOOM
  const zoom = image < SCENES.length ? whole : 0.6 + 0.35 * random()
  const scale = zoom * Math.min(of.width / size.width, of.height / size.height)
  const width = Math.max(1, Math.round(size.width * scale))
  const height = Math.max(1, Math.round(size.height * scale))
  const place = (room: number) => Math.floor((room + 1) * (image < SCENES.length ? 0.5 : random()) * 0.9999)
  const cut = { x: place(of.width - width), y: place(of.height - height), width, height, mirrored: false }
  return { of, cut: { ...cut, mirrored: image >= SCENES.length && random() < 0.5 } }
}

function lineCut(image: number, size: { readonly height: number; readonly width: number }, random: () => number): Cut {
  const { left, right, first, pitch, count, height } = LINES
  const width = Math.min(right - left, Math.round((height * size.width) / size.height))
  const x = left + Math.floor(random() * (right - left - width + 1))
  return { x, y: Math.round(first + pitch * (image % count) - height / 2), width, height, mirrored: false }
}

/** The cut of a later frame: moved to the right as far as the photo reaches, then back. */
function panned(cut: Cut, { width }: Photo, frame: number): Cut {
  const room = width - cut.width
  if (frame === 0 || room === 0) return cut
  const x = (cut.x + Math.round(frame * PAN * width)) % (2 * room)
  return { ...cut, x: x > room ? 2 * room - x : x }
}
