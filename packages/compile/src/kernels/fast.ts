// The same in one pass over typed arrays, into an array that can be used again: `out`. Numbers are computed as the plain loops compute them, in double
// precision, so that results have the same bits: of bytes by a table of all 256, since there are no other values.
import type { Framing, Normalization, PictureSize } from './plain.ts'

type Picture = Uint8Array | Uint8ClampedArray | Float32Array

const isBytes = (picture: Picture): picture is Uint8Array | Uint8ClampedArray => !(picture instanceof Float32Array)

/** Bytes that were normalized, by channel: 256 for each. */
function tableOf({ mean, std, scale = 1 }: Normalization): Float32Array {
  const table = new Float32Array(mean.length * 256)
  for (let c = 0; c < mean.length; c++)
    for (let value = 0; value < 256; value++) table[c * 256 + value] = (value * scale - mean[c]!) / std[c]!
  return table
}

/** Throws RangeError if `out` has another length: half a result is none. */
function fitting<T extends { readonly length: number }>(out: T, length: number): T {
  if (out.length !== length) throw new RangeError(`out has ${out.length} elements, the result ${length}`)
  return out
}

/** The bytes of an array: zeros are filled into them faster than into floats. */
const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array) => new Uint8Array(buffer, byteOffset, byteLength)

function divided(length: number, parts: number, what: string): number {
  const each = length / parts
  if (!Number.isInteger(each)) throw new RangeError(`${length} elements are not a whole number of ${what} of ${parts}`)
  return each
}

function checkSize({ length }: Picture, { height, width, channels }: PictureSize): number {
  if (length !== height * width * channels)
    throw new RangeError(`${length} elements are not an image of ${height} x ${width} x ${channels}`)
  return height * width
}

/** (x * scale - mean) / std by channel, channels last. */
export function normalize(picture: Picture, normalization: Normalization, out = new Float32Array(picture.length)): Float32Array {
  const { mean, std, scale = 1 } = normalization
  const channels = mean.length
  const pixels = divided(picture.length, channels, 'pixels')
  fitting(out, picture.length)
  if (isBytes(picture)) {
    const table = tableOf(normalization)
    for (let pixel = 0, k = 0; pixel < pixels; pixel++)
      for (let at = 0; at < table.length; at += 256, k++) out[k] = table[at + picture[k]!]!
    return out
  }
  for (let pixel = 0, k = 0; pixel < pixels; pixel++)
    for (let c = 0; c < channels; c++, k++) out[k] = (picture[k]! * scale - mean[c]!) / std[c]!
  return out
}

/** Channels last to channels first; the array's own type. */
export function hwcToChw<T extends Picture>(picture: T, size: PictureSize, out = sameKind(picture)): T {
  const pixels = checkSize(picture, size)
  const { channels } = size
  fitting(out, picture.length)
  for (let c = 0; c < channels; c++)
    for (let pixel = 0, from = c, to = c * pixels; pixel < pixels; pixel++, from += channels, to++) out[to] = picture[from]!
  return out
}

/** Channels first to channels last. */
export function chwToHwc<T extends Picture>(picture: T, size: PictureSize, out = sameKind(picture)): T {
  const pixels = checkSize(picture, size)
  const { channels } = size
  fitting(out, picture.length)
  for (let c = 0; c < channels; c++)
    for (let pixel = 0, to = c, from = c * pixels; pixel < pixels; pixel++, to += channels, from++) out[to] = picture[from]!
  return out
}

const sameKind = <T extends Picture>(picture: T): T => new (picture.constructor as new (length: number) => T)(picture.length)

/** Bytes of an image, channels last, as the tensor that most networks take: normalized floats, channels first. Both in one pass. */
export function toTensor(
  picture: Uint8Array | Uint8ClampedArray,
  size: PictureSize,
  normalization: Normalization,
  out = new Float32Array(picture.length),
): Float32Array {
  const pixels = checkSize(picture, size)
  const { channels } = size
  if (normalization.mean.length !== channels) throw new RangeError(`${normalization.mean.length} means for ${channels} channels`)
  fitting(out, picture.length)
  const table = tableOf(normalization)
  for (let c = 0; c < channels; c++) {
    const own = table.subarray(c * 256, c * 256 + 256)
    for (let pixel = 0, from = c, to = c * pixels; pixel < pixels; pixel++, from += channels, to++) out[to] = own[picture[from]!]!
  }
  return out
}

const OF_255 = tableOf({ mean: [0], std: [255] })

/** 0..255 to 0..1. */
export function toFloat(bytes: Uint8Array | Uint8ClampedArray, out = new Float32Array(bytes.length)): Float32Array {
  fitting(out, bytes.length)
  for (let k = 0; k < bytes.length; k++) out[k] = OF_255[bytes[k]!]!
  return out
}

/** 0..1 to 0..255: rounded to the nearest, halves up, what is outside cut off, NaN 0. */
export function toBytes(floats: Float32Array, out = new Uint8Array(floats.length)): Uint8Array {
  fitting(out, floats.length)
  for (let k = 0; k < floats.length; k++) {
    const value = floats[k]! * 255 + 0.5
    // What is not a number compares with nothing; a fraction is cut off when it is stored.
    out[k] = value > 0 ? Math.min(value, 255) : 0
  }
  return out
}

/** Bilinear, pixels by their centres, channels last; weights once per row and column. */
export function resize(
  picture: Picture,
  from: PictureSize,
  to: { readonly height: number; readonly width: number },
  out = new Float32Array(to.height * to.width * from.channels),
): Float32Array {
  checkSize(picture, from)
  const { channels, width } = from
  fitting(out, to.height * to.width * channels)
  const rows = placesOf(from.height, to.height)
  const columns = placesOf(width, to.width)
  for (let y = 0, k = 0; y < to.height; y++) {
    const top = rows.first[y]! * width
    const bottom = rows.second[y]! * width
    const down = rows.weight[y]!
    for (let x = 0; x < to.width; x++) {
      const left = columns.first[x]!
      const right = columns.second[x]!
      const along = columns.weight[x]!
      let [a, b, c, d] = [
        (top + left) * channels,
        (top + right) * channels,
        (bottom + left) * channels,
        (bottom + right) * channels,
      ]
      for (let channel = 0; channel < channels; channel++, a++, b++, c++, d++, k++) {
        const above = picture[a]! + (picture[b]! - picture[a]!) * along
        const below = picture[c]! + (picture[d]! - picture[c]!) * along
        out[k] = above + (below - above) * down
      }
    }
  }
  return out
}

function placesOf(from: number, to: number) {
  const [first, second, weight] = [new Int32Array(to), new Int32Array(to), new Float64Array(to)]
  for (let k = 0; k < to; k++) {
    const at = Math.max(0, ((k + 0.5) * from) / to - 0.5)
    first[k] = Math.min(Math.floor(at), from - 1)
    second[k] = Math.min(first[k]! + 1, from - 1)
    weight[k] = at - first[k]!
  }
  return { first, second, weight }
}

/** A row of zeros for each label, with a one at its place; a label outside has no one. */
export function oneHot(
  labels: ArrayLike<number>,
  classes: number,
  out = new Float32Array(labels.length * classes),
): Float32Array {
  bytesOf(fitting(out, labels.length * classes)).fill(0)
  for (let k = 0; k < labels.length; k++) {
    const label = labels[k]!
    if (label >>> 0 === label && label < classes) out[k * classes + label] = 1
  }
  return out
}

/** (x - mean) / std by column, as scikit-learn's StandardScaler. */
export function standardScale(
  rows: Float32Array | Float64Array,
  mean: ArrayLike<number>,
  std: ArrayLike<number>,
  out = new Float32Array(rows.length),
): Float32Array {
  const [columns, count] = [mean.length, divided(rows.length, mean.length, 'rows')]
  fitting(out, rows.length)
  const [means, spreads] = [Float64Array.from(mean), Float64Array.from(std)]
  for (let row = 0, k = 0; row < count; row++)
    for (let c = 0; c < columns; c++, k++) out[k] = (rows[k]! - means[c]!) / spreads[c]!
  return out
}

/** Frames of a signal, `hop` apart, each times a periodic Hann window, which is computed once. */
export function windows(signal: Float32Array | Float64Array, { size, hop }: Framing, out?: Float32Array): Float32Array {
  const frames = signal.length < size ? 0 : Math.floor((signal.length - size) / hop) + 1
  const made = out === undefined ? new Float32Array(frames * size) : fitting(out, frames * size)
  const window = Float64Array.from({ length: size }, (_, k) => 0.5 - 0.5 * Math.cos((2 * Math.PI * k) / size))
  for (let frame = 0, k = 0; frame < frames; frame++)
    for (let at = frame * hop, within = 0; within < size; within++, at++, k++) made[k] = signal[at]! * window[within]!
  return made
}

/** Rows of different lengths as one array, the shorter ones filled up; as long as the longest. */
export function padStack(rows: readonly (Float32Array | readonly number[])[], fill = 0, out?: Float32Array): Float32Array {
  let width = 0
  for (const { length } of rows) width = Math.max(width, length)
  const made = out === undefined ? new Float32Array(rows.length * width) : fitting(out, rows.length * width)
  const bytes = Object.is(fill, 0) ? bytesOf(made) : null
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k]!
    const [end, next] = [k * width + row.length, (k + 1) * width]
    made.set(row, k * width)
    if (end === next) continue
    if (bytes === null) made.fill(fill, end, next)
    else bytes.fill(0, 4 * end, 4 * next)
  }
  return made
}
