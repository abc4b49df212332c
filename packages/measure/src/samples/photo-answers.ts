// The answers of a model's first convolution to photos, as mean and variance of each output, for any range of their pixels: the convolution is
// run once, channel by channel, and what a range adds and multiplies comes after.
import type { Convolution } from './layers/convolution.ts'
import type { FirstLayers, Moments } from './layers/first-layers.ts'
import { greyOf, type PhotoName, photo, resizedCut } from './photos.ts'
import type { PictureNumbers } from './picture-numbers.ts'

const PHOTOS: readonly PhotoName[] = ['person', 'cup', 'cat', 'stairs']
/** Photos are looked at in this size. */
const SIDE = 160
/** Multiply-adds that a look may take: some 10 ms. */
const MOST_MACS = 4e6
const MOST_OUTPUTS = 48
const [FEWEST_WINDOWS, MOST_WINDOWS] = [96, 256]
/** Nats of one channel that count. */
const MOST_NATS = 10

export interface Answers {
  (one: PictureNumbers): Moments
  /** The outputs of the convolution that were looked at. */
  readonly outputs: readonly number[]
}

/** Mean and variance of the convolution's outputs over windows of the photos, for any range of their pixels. */
export function answersTo(convolution: Convolution, layers: Pick<FirstLayers, 'scale' | 'shift' | 'order'>): Answers {
  const { shape, weights, groups, dilations, bias } = convolution
  const [count, width, height, across] = shape as [number, number, number, number]
  const step = Math.max(1, Math.ceil(count / MOST_OUTPUTS))
  const outputs = Array.from({ length: Math.ceil(count / step) }, (_, k) => k * step)
  const taps = height * across
  const most = Math.floor(MOST_MACS / (outputs.length * width * taps * 2))
  const windows = Math.max(FEWEST_WINDOWS, Math.min(MOST_WINDOWS, most))
  const orders = [layers.order, layers.order.map((channel) => (channel < 3 ? 2 - channel : channel))]
  const isGrey = layers.order.length < 3
  const reach = [(height - 1) * dilations[0]! + 1, (across - 1) * dilations[1]! + 1]
  const sums = outputs.map((output) =>
    Array.from({ length: width }, (_, k) => {
      let sum = 0
      for (let tap = 0; tap < taps; tap++) sum += weights[(output * width + k) * taps + tap]!
      return sum
    }),
  )
  // responses[order][window][output][channel of the group]
  const responses = orders.map(() => new Float64Array(windows * outputs.length * width))
  const images = PHOTOS.map((name) => squareOf(name, Math.max(SIDE, ...reach), isGrey))
  const pixels = new Float64Array(layers.order.length * taps)
  for (let window = 0; window < windows; window++) {
    const { side, data, channels } = images[window % images.length]!
    // Evenly over the photo, by a step that no side divides.
    const at = Math.floor(window / images.length) * 0.618033988749895
    const top = Math.floor(((at * 7.31) % 1) * Math.max(1, side - reach[0]! + 1))
    const left = Math.floor((at % 1) * Math.max(1, side - reach[1]! + 1))
    for (let which = 0; which < orders.length; which++) {
      if (which === 1 && isGrey) continue
      for (let channel = 0; channel < layers.order.length; channel++) {
        const from = orders[which]![channel]!
        for (let tap = 0; tap < taps; tap++) {
          const y = Math.min(side - 1, top + Math.floor(tap / across) * dilations[0]!)
          const x = Math.min(side - 1, left + (tap % across) * dilations[1]!)
          pixels[channel * taps + tap] = from > 2 ? 255 : data[(y * side + x) * channels + (isGrey ? 0 : from)]!
        }
      }
      const into = responses[which]!
      for (let k = 0; k < outputs.length; k++) {
        const output = outputs[k]!
        const group = Math.floor(output / (count / groups))
        for (let c = 0; c < width; c++) {
          let sum = 0
          const first = (output * width + c) * taps
          const seen = (group * width + c) * taps
          for (let tap = 0; tap < taps; tap++) sum += weights[first + tap]! * pixels[seen + tap]!
          into[(window * outputs.length + k) * width + c] = sum
        }
      }
    }
  }
  const answers = (one: PictureNumbers): Moments => {
    const from = responses[one.bgr && !isGrey ? 1 : 0]!
    const moments = outputs.map((output, k) => {
      const group = Math.floor(output / (count / groups))
      const parts = Array.from({ length: width }, (_, c) => {
        const channel = group * width + c
        // Numbers of a range are by the model's channel, and what comes before the convolution has put channels in order.
        const { factor, term } = affineOf(one, layers.order[channel]!)
        return { factor: factor * layers.scale[channel]!, term: term * layers.scale[channel]! + layers.shift[channel]! }
      })
      const constant = parts.reduce((sum, { term }, c) => sum + term * sums[k]![c]!, bias?.[output] ?? 0)
      let [total, squares] = [0, 0]
      for (let window = 0; window < windows; window++) {
        let answer = constant
        for (let c = 0; c < width; c++) answer += parts[c]!.factor * from[(window * outputs.length + k) * width + c]!
        total += answer
        squares += answer * answer
      }
      const mean = total / windows
      return { mean, variance: Math.max(0, squares / windows - mean * mean) }
    })
    return { mean: moments.map(({ mean }) => mean), variance: moments.map(({ variance }) => variance) }
  }
  return Object.assign(answers, { outputs })
}

function squareOf(name: PhotoName, side: number, isGrey: boolean) {
  const whole = photo(name)
  const length = Math.min(whole.width, whole.height)
  const cut = { x: (whole.width - length) >> 1, y: (whole.height - length) >> 1, width: length, height: length, mirrored: false }
  const rgb = resizedCut(whole, cut, { width: side, height: side })
  return isGrey ? { side, data: greyOf(rgb), channels: 1 } : { side, data: rgb, channels: 3 }
}

/** Bytes 0..255 of photos, as their values' mean and variance. */
export function rangeMoments(one: PictureNumbers, channels: number): Moments {
  const all = PHOTOS.map((name) => photo(name).data)
  const byChannel = Array.from({ length: channels }, (_, channel) => {
    let [sum, squares, count] = [0, 0, 0]
    for (const data of all) {
      for (let at = channel % 3; at < data.length; at += 3 * 7) {
        sum += data[at]!
        squares += data[at]! ** 2
        count++
      }
    }
    return { mean: sum / count, variance: squares / count - (sum / count) ** 2 }
  })
  const values = byChannel.map(({ mean, variance }, channel) => {
    const { factor, term } = affineOf(one, channel)
    return { mean: mean * factor + term, variance: variance * factor ** 2 }
  })
  return { mean: values.map(({ mean }) => mean), variance: values.map(({ variance }) => variance) }
}

/** What a byte of a channel becomes: byte x factor + term. */
function affineOf({ scale, mean, std }: PictureNumbers, channel: number): { readonly factor: number; readonly term: number } {
  const of = (numbers: readonly number[], other: number) => (numbers.length === 1 ? numbers[0]! : (numbers[channel] ?? other))
  return { factor: scale / of(std, 1), term: -of(mean, 0) / of(std, 1) }
}

/** Kullback-Leibler divergence of normal distributions in nats, the mean of all channels; none counts more than `MOST_NATS`. */
export function divergence(seen: Moments, expected: Moments): number {
  const losses = seen.mean.map((mean, channel) => {
    const tiny = 1e-8
    const variance = Math.max(tiny, expected.variance[channel]!)
    const ratio = Math.max(tiny, seen.variance[channel]! / variance)
    return Math.min(MOST_NATS, (ratio + (mean - expected.mean[channel]!) ** 2 / variance - 1 - Math.log(ratio)) / 2)
  })
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length
}
