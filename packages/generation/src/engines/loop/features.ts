// What an encoder is fed of sound or an image, as preprocessor_config.json and the encoder's own declaration say.
import { InputError } from '@whyslow/graph/input-error.ts'
import { type JsonObject, objectOrNull } from '@whyslow/graph/json.ts'
import { mulberry32 } from '@whyslow/graph/random.ts'
import type { ValueDeclaration } from '@whyslow/graph/types.ts'
import type { TensorValue } from '@whyslow/measure/engines/types.ts'
import type { EncoderFacts, Media } from '../../generator.ts'
import { wholeOf } from '../../recognize/json.ts'
import { framesOf, type LogMelSettings, logMel } from './log-mel.ts'

export interface MadeFeatures {
  readonly tensor: TensorValue
  /** How much of the tensor holds sound, and how long all of it is; null: it is an image. */
  readonly heardMs: number | null
  readonly wholeMs: number | null
}

export interface Features {
  readonly facts: EncoderFacts
  /** Throws InputError, one line, if the encoder does not read it. */
  make(media: Media): MadeFeatures
}

export interface FeaturesPlace {
  readonly preprocessor: JsonObject | null
  /** The folder to search. */
  readonly folder: string
  /** The encoder's file. */
  readonly file: string
}

/** Throws InputError, one line, if nobody knows what the encoder is fed. */
export function featuresOf(input: ValueDeclaration, place: FeaturesPlace): Features {
  const rank = input.shape?.length
  if (rank === 4) return imageFeatures(input, place)
  return rank === 2 ? waveFeatures(input, place) : melFeatures(input, place)
}

const AT = (folder: string): string => `${folder}/preprocessor_config.json`

function settingsOf({ preprocessor, folder, file }: FeaturesPlace): JsonObject {
  if (preprocessor !== null) return preprocessor
  throw new InputError(
    `${file} reads sound, and ${AT(folder)} does not exist, which says what is made of sound; put the model's own there`,
  )
}

/** Encoders of models in use read at most this long, and this many bands. */
const [MOST_SECONDS, MOST_BANDS, MOST_WINDOW] = [600, 512, 8192]

function melFeatures(input: ValueDeclaration, place: FeaturesPlace): Features {
  const said = settingsOf(place)
  const [samplesPerSecond, bands, window, hop, seconds] = [
    ...(['sampling_rate', 'feature_size', 'n_fft', 'hop_length', 'chunk_length'] as const).map((name) => wholeOf(said[name])),
  ]
  const kind = said.feature_extractor_type ?? 'no feature_extractor_type'
  if (kind !== 'WhisperFeatureExtractor')
    throw new InputError(
      `${AT(place.folder)} says ${JSON.stringify(kind)}: of 3 axes, whyslow makes what WhisperFeatureExtractor makes alone; measure ${place.file} as a model: whyslow why`,
    )
  if (samplesPerSecond == null || bands == null || window == null || hop == null || seconds == null)
    throw new InputError(
      `${AT(place.folder)} does not say all of sampling_rate, feature_size, n_fft, hop_length and chunk_length; put the model's own there`,
    )
  if (seconds > MOST_SECONDS || bands > MOST_BANDS || window > MOST_WINDOW || hop > window || samplesPerSecond > 400_000)
    throw new InputError(`${AT(place.folder)} says sizes that no model of sound has; put the model's own there`)
  const settings: LogMelSettings = { samplesPerSecond, bands, window, hop, length: seconds * samplesPerSecond }
  const shape = [1, bands, framesOf(settings)]
  checkShape(input, shape, place)
  const make = logMel(settings)
  const wholeMs = seconds * 1000
  return {
    facts: { reads: 'sound', samplesPerSecond, longestMs: wholeMs },
    make(media) {
      const samples = soundIn(media, samplesPerSecond)
      const heardMs = (1000 * samples.length) / samplesPerSecond
      if (heardMs > wholeMs + 1)
        throw new InputError(`a sound of ${heardMs / 1000} s is longer than the ${seconds} s that the model reads; cut it`)
      return { tensor: float32(shape, make(samples)), heardMs, wholeMs }
    },
  }
}

/** Samples as they are, or with the mean 0 and the variance 1: wav2vec2's extractor, which Moonshine has too. */
function waveFeatures(input: ValueDeclaration, place: FeaturesPlace): Features {
  const said = settingsOf(place)
  const samplesPerSecond = wholeOf(said.sampling_rate)
  if (samplesPerSecond === null)
    throw new InputError(`${AT(place.folder)} says no sampling_rate; put the model's own preprocessor_config.json there`)
  const isNormed = said.do_normalize === true
  const declared = input.shape?.[1]
  const fixed = typeof declared === 'number' ? declared : null
  return {
    facts: { reads: 'sound', samplesPerSecond, longestMs: fixed === null ? null : (1000 * fixed) / samplesPerSecond },
    make(media) {
      const samples = soundIn(media, samplesPerSecond)
      if (fixed !== null && samples.length > fixed)
        throw new InputError(
          `a sound of ${samples.length / samplesPerSecond} s is longer than the ${fixed / samplesPerSecond} s that the model reads; cut it`,
        )
      const given = isNormed ? normed(samples) : samples
      const length = fixed ?? given.length
      const data = new Float32Array(length)
      data.set(given.subarray(0, length))
      const msOf = (count: number) => (1000 * count) / samplesPerSecond
      return { tensor: float32([1, length], data), heardMs: msOf(Math.min(length, samples.length)), wholeMs: msOf(length) }
    },
  }
}

function normed(samples: Float32Array): Float32Array {
  const mean = samples.reduce((sum, value) => sum + value, 0) / samples.length
  const variance = samples.reduce((sum, value) => sum + (value - mean) ** 2, 0) / samples.length
  return samples.map((value) => (value - mean) / Math.sqrt(variance + 1e-7))
}

/** Sides of an image if nothing says them: those of most encoders. */
const USUAL_SIDE = 224
const MOST_SIDE = 4096

/** Made up: how long an encoder takes does not depend on what is in an image. */
function imageFeatures(input: ValueDeclaration, { preprocessor, file }: FeaturesPlace): Features {
  const size = objectOrNull(preprocessor?.size)
  const named = [size?.height ?? preprocessor?.size, size?.width ?? preprocessor?.size].map(wholeOf)
  const shape = [1, 3, ...named.map((side) => side ?? USUAL_SIDE)].map((usual, axis) => {
    const declared = input.shape?.[axis]
    return axis > 0 && typeof declared === 'number' ? declared : usual
  })
  if (shape.some((side) => side > MOST_SIDE))
    throw new InputError(`${file} reads images of ${shape.slice(2).join(' × ')}: too large`)
  return {
    facts: { reads: 'image', samplesPerSecond: null, longestMs: null },
    make(media) {
      if (media.kind !== 'image') throw new InputError('the model reads images, not sound; leave --prompts out')
      const random = mulberry32(media.seed)
      const count = shape.reduce((product, side) => product * side, 1)
      return {
        tensor: float32(
          shape,
          Float32Array.from({ length: count }, () => 2 * random() - 1),
        ),
        heardMs: null,
        wholeMs: null,
      }
    },
  }
}

const float32 = (shape: readonly number[], data: Float32Array): TensorValue => ({ dtype: 'float32', shape: [...shape], data })

function soundIn(media: Media, samplesPerSecond: number): Float32Array {
  if (media.kind !== 'sound') throw new InputError('the model reads sound, not images; give a .wav file')
  if (media.samplesPerSecond !== samplesPerSecond)
    throw new InputError(
      `the sound has ${media.samplesPerSecond} samples a second and the model reads ${samplesPerSecond}; convert it: ffmpeg -i IN.wav -ar ${samplesPerSecond} OUT.wav`,
    )
  if (media.samples.length === 0) throw new InputError('there is no sound in it; give one that has')
  return media.samples
}

function checkShape({ name, shape }: ValueDeclaration, made: readonly number[], { folder, file }: FeaturesPlace): void {
  const other = made.findIndex((size, axis) => axis > 0 && typeof shape?.[axis] === 'number' && shape[axis] !== size)
  if (other < 0) return
  throw new InputError(
    `${file} reads ${name} of [${shape!.join(', ')}], and ${AT(folder)} makes [${made.join(', ')}] of sound; put the model's own there`,
  )
}
