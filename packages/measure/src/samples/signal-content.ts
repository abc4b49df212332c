// What a float input, or its quantized form, carries if it is not an image: sound, spectra of sound, rows of a table, a series over time. Judged
// from shapes and names that are customary in the field, and from what the model itself stores.
import type { ConstantView, GraphView } from '@whyslow/graph/types.ts'
import { elementCount } from './dtype-arrays.ts'
import type { InputFacts } from './graph-facts.ts'
import type { Likeness, ResolvedInput } from './resolved.ts'
import type { SoundName } from './sound/sounds.ts'
import type { Spectrum } from './sound/spectra.ts'

/** Values are moved to the place that the model expects: to these means and deviations along an axis, or so that they fill a range. */
export type Target =
  | { readonly kind: 'moments'; readonly axis: number | null; readonly mean: Float64Array; readonly deviation: Float64Array }
  | { readonly kind: 'range'; readonly low: number; readonly high: number }

/** How whole numbers represent real ones: real = (whole − zero) · scale. */
export interface Quantization {
  readonly scale: number
  readonly zero: number
}

type Signal =
  | { readonly kind: 'sound'; readonly sound: SoundName; readonly rate: number; readonly along: number }
  /** `frames`, `bins`: the axes; null if the one frame has none. `flat`: frames times bins are in the one axis `bins`. */
  | {
      readonly kind: 'spectrum'
      readonly sound: SoundName
      readonly spectrum: Spectrum
      readonly frames: number | null
      readonly bins: number
      readonly flat?: number
    }
  | { readonly kind: 'series'; readonly along: number }
  | { readonly kind: 'normal' }

export type SignalContent = Signal & {
  readonly likeness: Likeness
  readonly target?: Target
  readonly quantized?: Quantization
}

/** A float input this long in one axis, with at most two values otherwise, is a signal. */
const SHORTEST_SIGNAL = 4000
/** Says who speaks, or how: no sound, though models of sound take it. */
const VECTOR = /emb|style|speaker|spk|(?<![a-z])[a-z]?-?vec(tor)?(?![a-z])/i
/** Usual lengths of a frame of sound. */
const FRAMES = new Set([160, 240, 256, 320, 400, 480, 512, 576, 640, 960, 1024])
const RATES = [16000, 22050, 44100, 48000, 24000, 8000] as const
/** A whole number of seconds, within this share: models of music drop a few samples at the end. */
const NEAR_SECONDS = 0.012
const USUAL_RATE = 16000

/** Short words count at their beginning alone: 'camel', 'invoice' and 'systems' say nothing of sound. */
const MUSIC =
  /music|instrument|demucs|spleeter|melod|piano|guitar|(?<![a-z])(?:pitch|notes?(?![a-z])|chord|stems?(?![a-z])|drum|vocal|beat|genre|song)/i
const SPEECH =
  /speech|(?<!in)voice|wav2vec|whisper|hubert|speaker|hotword|phoneme|dtln|rnnoise|(?<![a-z])(?:vad(?![a-z])|asr(?![a-z])|kws|keyword|wake)/i
const SPECTRAL =
  /(?<!hyper)spectr|fbank|filterbank|mfcc|yamnet|vggish|(?<![a-z])(?:(?:log)?mel(?:s|(?![a-z]))|audio|sound|acoustic)/i
/** Where a word begins inside another: 'logMel'. */
const HUMP = /(?<=[a-z0-9])(?=[A-Z])/g
/** Sizes of MFCC and of mel bands; those that only they have. */
const BANDS = new Set([10, 12, 13, 20, 26, 39, 40, 64, 80, 96, 128])
const TELLING_BANDS = new Set([13, 39, 80])
const MFCC = new Set([10, 12, 13, 20, 26, 39])

/** `facts` are the input's; undefined if nothing says what it carries. `isImage`: it has the layout of one. */
export function signalOf(input: ResolvedInput, facts: InputFacts, graph: GraphView, isImage: boolean): SignalContent | undefined {
  const quantized = quantizationOf(input, graph)
  const whole = quantized === undefined ? {} : { quantized }
  const words = [input.name, input.known?.title ?? '', ...graph.outputs.map(({ name }) => name)].join(' ').replace(HUMP, ' ')
  const sound = soundOf(words, Math.max(...input.shape))
  const named = MUSIC.test(words) || SPEECH.test(words) || SPECTRAL.test(words)
  const spectrum = spectrumOf(input, named)
  if (spectrum !== undefined && (!isImage || isNarrow(input.shape) || named)) {
    const stored = targetOf(input, quantized ?? laterQuantized(input, graph))
    const target = stored.range === null && isNormalized(spectrum, input.shape) ? NORMALIZED : stored
    const what = { 'log-mel': 'log-mel bands', mfcc: 'MFCC', magnitude: 'magnitudes of a spectrum' }[spectrum.spectrum]
    return {
      ...spectrum,
      sound: sound.sound,
      ...target.content,
      ...whole,
      likeness: like(sound.sound, target, `Its shape is that of ${what}`),
    }
  }
  if (isImage) return undefined
  const along = soundAxis(input, facts, graph, named)
  if (along !== undefined) {
    const target = targetOf(input, quantized ?? laterQuantized(input, graph))
    const why = `${along.why}, ${sound.rate} a second${sound.why}.`
    const range = target.range ?? ([-1, 1] as const)
    return {
      kind: 'sound',
      sound: sound.sound,
      rate: sound.rate,
      along: along.axis,
      ...target.content,
      ...whole,
      likeness: { of: sound.sound, range, why },
    }
  }
  return undefined
}

/** Floats of which nothing says that they are an image or sound. */
export function valuesOf(input: ResolvedInput, facts: InputFacts, graph: GraphView): SignalContent {
  const quantized = quantizationOf(input, graph)
  const whole = quantized === undefined ? {} : { quantized }
  const target = targetOf(input, quantized ?? laterQuantized(input, graph))
  const { shape } = input
  const sequence = facts.axes.findIndex(({ meaning }, axis) => meaning === 'sequence' && shape[axis]! > 1)
  const along = sequence > 0 ? sequence : shape.length === 3 && shape[1]! > 1 ? 1 : -1
  if (along > 0) {
    return {
      kind: 'series',
      along,
      ...target.content,
      ...whole,
      likeness: like('series', target, 'It has an axis of time or position'),
    }
  }
  const of = target.content.target === undefined ? 'noise' : 'rows'
  return {
    kind: 'normal',
    ...target.content,
    ...whole,
    likeness: like(of, target, 'Nothing in the model shows what it takes: normally distributed numbers'),
  }
}

interface Targeted {
  readonly content: { readonly target?: Target }
  readonly range: readonly [number, number] | null
  readonly why: string | null
}

const like = (of: Likeness['of'], { range, why }: Targeted, otherwise: string): Likeness => ({
  of,
  range,
  why: why === null ? `${otherwise}.` : `${otherwise}; the scale is ${why}.`,
})

/** Bands first, as encoders of speech take them: their features are normalized before the model, to about this mean and deviation. */
const NORMALIZED: Targeted = {
  content: { target: { kind: 'moments', axis: null, mean: Float64Array.of(0), deviation: Float64Array.of(0.7) } },
  range: [-2.1, 2.1],
  why: 'that of normalized features, which such models mostly take',
}
const isNormalized = ({ spectrum, bins, frames }: SpectrumContent, { length }: readonly number[]): boolean =>
  length === 3 && spectrum === 'log-mel' && frames !== null && bins < frames

function targetOf({ shape, known }: ResolvedInput, quantized: Quantization | undefined): Targeted {
  const scale = known?.scale?.()
  if (scale !== undefined) {
    const { mean, deviation } = scale
    const axis = mean.length === 1 && deviation.length === 1 ? null : shape.lastIndexOf(Math.max(mean.length, deviation.length))
    if (axis !== -1) {
      let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
      for (let k = 0; k < Math.max(mean.length, deviation.length); k++) {
        const [middle, spread] = [mean[k % mean.length]!, deviation[k % deviation.length]!]
        low = Math.min(low, middle - 3 * spread)
        high = Math.max(high, middle + 3 * spread)
      }
      const range = [low, high] as const
      return { content: { target: { kind: 'moments', axis, mean, deviation } }, range, why: `what its ${scale.from} stores` }
    }
  }
  if (quantized === undefined) return { content: {}, range: null, why: null }
  const [low, high] = [(-128 - quantized.zero) * quantized.scale, (127 - quantized.zero) * quantized.scale]
  return { content: { target: { kind: 'range', low, high } }, range: [low, high], why: 'what its quantization can hold' }
}

/** int8 whose real numbers its first node tells. uint8 is counted from −128 as well, for one range for both. */
function quantizationOf({ name, dtype }: ResolvedInput, graph: GraphView): Quantization | undefined {
  return dtype === 'int8' || dtype === 'uint8'
    ? quantizationBy('DequantizeLinear', name, graph, () => dtype === 'uint8')
    : undefined
}

/** How the first node of a quantized model quantizes a float input. */
const laterQuantized = ({ name }: ResolvedInput, graph: GraphView): Quantization | undefined =>
  quantizationBy('QuantizeLinear', name, graph, (zero) => (zero?.dtype ?? 'uint8') === 'uint8')

function quantizationBy(
  opType: string,
  name: string,
  graph: GraphView,
  isUnsigned: (zero: ConstantView | undefined) => boolean,
): Quantization | undefined {
  const node = graph.nodes.find(({ opType: one, inputs }) => one === opType && inputs[0] === name)
  const scale = graph.constants[node?.inputs[1] ?? '']?.values
  const zero = graph.constants[node?.inputs[2] ?? '']
  const values = zero?.values ?? [0]
  if (scale?.length !== 1 || values.length !== 1 || !(scale[0]! > 0)) return undefined
  return { scale: scale[0]!, zero: values[0]! - (isUnsigned(zero) ? 128 : 0) }
}

function soundOf(words: string, length: number): { readonly sound: SoundName; readonly rate: number; readonly why: string } {
  const said = /(?<![0-9])(8|16|22|24|32|44|48)(?:[._]?(?:05|1))?[ _-]?k(?:hz)?(?![a-z0-9])/i.exec(words)
  const seconds = RATES.find((rate) => {
    const count = Math.round(length / rate)
    return count > 0 && Math.abs(length / rate - count) < NEAR_SECONDS * count
  })
  const rate = said === null ? (seconds ?? USUAL_RATE) : ({ 22: 22050, 44: 44100 }[said[1]!] ?? 1000 * Number(said[1]))
  const why = said !== null ? ', as a name says' : seconds !== undefined ? ': a whole number of seconds' : ', which is usual'
  return { sound: SPEECH.test(words) || (!MUSIC.test(words) && rate <= USUAL_RATE) ? 'speech' : 'music', rate, why }
}

/** The axis of the samples. */
function soundAxis(
  { shape, freeAxes, name }: ResolvedInput,
  facts: InputFacts,
  graph: GraphView,
  named: boolean,
): { readonly axis: number; readonly why: string } | undefined {
  const long = Math.max(...shape)
  const axis = shape.indexOf(long)
  const isSamples = (meaning: string | undefined) => meaning === 'samples'
  if (facts.axes.some(({ meaning }) => isSamples(meaning)) || freeAxes.some(({ meaning }) => isSamples(meaning))) {
    return { axis, why: 'Its first operators read one long channel, as of sound' }
  }
  if (shape.length > 3) return undefined
  if (long >= SHORTEST_SIGNAL && elementCount(shape.slice(1)) <= 2 * long)
    return { axis, why: `It has ${long} values in a row, as sound has` }
  if (!FRAMES.has(long) || elementCount(shape.slice(1)) !== long) return undefined
  if (VECTOR.test(name)) return undefined
  // A frame in, a frame out, and a memory from one to the next: sound that is enhanced.
  const isEnhanced = shape.length === 3 && graph.outputs[0]?.shape?.join() === shape.join() && graph.inputs.length > 1
  return named || isEnhanced || /frame|chunk|audio|wav|pcm/i.test(name)
    ? { axis, why: `${long} values are a usual frame of sound` }
    : undefined
}

/** Sides that differ this much are of no image. */
const isNarrow = (shape: readonly number[]): boolean => {
  const sides = shape.slice(1).filter((size) => size > 1)
  return sides.length === 2 && Math.min(...sides) <= 40 && Math.max(...sides) >= 2 * Math.min(...sides)
}

type SpectrumContent = Omit<Extract<Signal, { kind: 'spectrum' }>, 'sound'>

function spectrumOf({ shape }: ResolvedInput, named: boolean): SpectrumContent | undefined {
  const rank = shape.length
  const last = shape.at(-1) ?? 1
  const content = (spectrum: Spectrum, frames: number | null, bins: number): SpectrumContent => ({
    kind: 'spectrum',
    spectrum,
    frames,
    bins,
  })
  if (isHalfSpectrum(last) && rank >= 2 && rank <= 4)
    return content('magnitude', rank > 2 && shape[rank - 2]! > 1 ? rank - 2 : null, rank - 1)
  if (rank >= 3 && named && isHalfSpectrum(shape[rank - 2]!)) return content('magnitude', rank - 1, rank - 2)
  // 49 frames of 40 bands in one row.
  if (rank === 2 && last === 1960) return { ...content('log-mel', null, 1), flat: 40 }
  const axes = shape.flatMap((size, axis) => (axis > 0 && size > 1 ? [axis] : []))
  if (axes.length !== 2 || rank > 4 || (rank === 4 && shape[1] !== 1 && shape[3] !== 1)) return undefined
  const [first, second] = axes as [number, number]
  const of = (bins: number, frames: number): SpectrumContent | undefined => {
    const size = shape[bins]!
    // A line of text is 32 high, never 32 wide and higher.
    const isTall = size === 32 && bins > frames && shape[frames]! > size
    if ((!BANDS.has(size) && !isTall) || shape[frames]! === size) return undefined
    const isTold = named || TELLING_BANDS.has(size) || (rank === 4 && isNarrow(shape))
    return isTold ? content(MFCC.has(size) ? 'mfcc' : 'log-mel', frames, bins) : undefined
  }
  return of(second, first) ?? of(first, second)
}

/** Half of a power of two, and one: 129, 257, 513 … */
const isHalfSpectrum = (size: number): boolean => size >= 129 && size <= 4097 && Number.isInteger(Math.log2(size - 1))
