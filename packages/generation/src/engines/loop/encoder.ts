// The encoder of an encoder–decoder: what it is fed, and what of its outputs the decoder reads at each call.
import { InputError } from '@whyslow/graph/input-error.ts'
import type { ValueDeclaration } from '@whyslow/graph/types.ts'
import type { TensorValue } from '@whyslow/measure/engines/types.ts'
import type { EncodedInput, EncoderFacts, Media } from '../../generator.ts'
import { sameCache } from '../../recognize/cache-names.ts'
import { encoderReads } from '../../recognize/encoder-reads.ts'
import { type DecoderLayout, INPUT_ROLES } from '../../recognize/layout.ts'
import { type Features, type FeaturesPlace, featuresOf } from './features.ts'
import { growingMask, inFloatsOf, tensorOf } from './feeds.ts'

export interface Encoded {
  /** What the encoder gave, by its outputs' names. */
  readonly outputs: Readonly<Record<string, TensorValue>>
  readonly input: EncodedInput
  /** What it reads made of sound or an image, and the engine's call. */
  readonly featuresMs: number
  readonly runMs: number
}

export interface Encoder {
  readonly facts: EncoderFacts
  /** Ids of a text, or what else it reads. Throws InputError if it reads another kind. */
  encode(source: readonly number[] | Media): Promise<Encoded>
}

export interface EncoderSession {
  readonly inputs: readonly ValueDeclaration[]
  readonly outputs: readonly string[]
  run(feeds: Readonly<Record<string, TensorValue>>): Promise<Readonly<Record<string, TensorValue>>>
}

/** What it is next to. */
export interface EncoderPlace extends FeaturesPlace {
  /** The longest text, in tokens; null: not said. */
  readonly longest: number | null
  /** Keys and values that no call of the decoder computes. */
  readonly lacking: readonly string[]
}

/** Throws InputError, one line that names the file, if nobody knows what the encoder reads, or it does not give what the decoder is fed. */
export function encoderOf(session: EncoderSession, place: EncoderPlace): Encoder {
  const { file } = place
  const found = encoderReads(session.inputs)
  if (typeof found === 'string') throw new InputError(`${file} ${found}`)
  const lacking = place.lacking.find((past) => !session.outputs.some((name) => sameCache(name, past)))
  if (lacking !== undefined)
    throw new InputError(
      `${file} does not give ${lacking}, which the decoder is fed; give decoder_model_merged.onnx or decoder_model.onnx in its place`,
    )
  const features = found.reads === 'text' ? null : featuresOf(found.input, place)
  const facts = features?.facts ?? { reads: 'text', samplesPerSecond: null, longestMs: null }
  return {
    facts,
    async encode(source) {
      const started = performance.now()
      const { feeds, ...made } = isMedia(source)
        ? mediaFeeds(session.inputs, { input: found.input, features, source })
        : textFeeds(session.inputs, { reads: facts.reads, longest: place.longest, source })
      const ready = performance.now()
      const outputs = await session.run(feeds)
      const ran = performance.now()
      const positions = positionsOf(outputs)
      return {
        outputs,
        input: inputOf({ ...made, reads: facts.reads, positions }),
        featuresMs: ready - started,
        runMs: ran - ready,
      }
    },
  }
}

const isMedia = (source: readonly number[] | Media): source is Media => !Array.isArray(source)

interface Made {
  readonly feeds: Readonly<Record<string, TensorValue>>
  /** How long the sound is, and all that is fed; null: it is no sound. */
  readonly heardMs: number | null
  readonly wholeMs: number | null
}

interface TextSource {
  readonly reads: EncoderFacts['reads']
  readonly longest: number | null
  readonly source: readonly number[]
}

function textFeeds(inputs: readonly ValueDeclaration[], { reads, longest, source }: TextSource): Made {
  if (reads !== 'text') throw new InputError(`the model reads ${reads === 'sound' ? 'sound' : 'an image'}, not a text`)
  if (longest !== null && source.length > longest)
    throw new InputError(`${source.length} tokens are more than the ${longest} that the encoder reads; shorten the text`)
  const feeds = inputs.map((input) => {
    const isMask = INPUT_ROLES.mask.test(input.name)
    return [input.name, isMask ? growingMask(input)(source.length) : tensorOf(input, source)] as const
  })
  return { feeds: Object.fromEntries(feeds), heardMs: null, wholeMs: null }
}

interface MediaSource {
  readonly input: ValueDeclaration
  readonly features: Features | null
  readonly source: Media
}

function mediaFeeds(inputs: readonly ValueDeclaration[], { input, features, source }: MediaSource): Made {
  if (features === null) throw new InputError('the model reads text; give one instead of sound or an image')
  const { tensor, heardMs, wholeMs } = features.make(source)
  const masks = inputs.filter(({ name }) => INPUT_ROLES.mask.test(name))
  const feeds = [
    [input.name, inFloatsOf(input, tensor)] as const,
    ...masks.map((mask) => [mask.name, growingMask(mask)(tensor.shape.at(-1)!)] as const),
  ]
  return { feeds: Object.fromEntries(feeds), heardMs, wholeMs }
}

/** Its states are [batch, positions, width], keys [batch, heads, positions, size]. */
function positionsOf(outputs: Readonly<Record<string, TensorValue>>): number {
  const first = statesOf(outputs) ?? Object.values(outputs)[0]
  return first === undefined ? 0 : first.shape.length === 4 ? first.shape[2]! : (first.shape[1] ?? 1)
}

function inputOf({
  reads,
  positions,
  heardMs,
  wholeMs,
}: Pick<Made, 'heardMs' | 'wholeMs'> & Pick<EncodedInput, 'reads' | 'positions'>): EncodedInput {
  if (heardMs === null || wholeMs === null) return { reads, positions, emptyPositions: 0, positionMs: null }
  const positionMs = wholeMs / Math.max(1, positions)
  return { reads, positions, emptyPositions: Math.max(0, positions - Math.ceil(heardMs / positionMs)), positionMs }
}

const statesOf = (outputs: Readonly<Record<string, TensorValue>>): TensorValue | undefined =>
  Object.entries(outputs).find(([name]) => /hidden_state|encoder_outputs/.test(name))?.[1]

/** What a decoder is fed of it, unchanged at each call: states by their input, a mask of ones, and keys and values that the encoder itself computes. */
export function decoderFeeds(
  { inputs, cache }: Pick<DecoderLayout, 'inputs' | 'cache'>,
  { outputs, input }: Pick<Encoded, 'outputs' | 'input'>,
): Readonly<Record<string, TensorValue>> {
  const states = statesOf(outputs) ?? Object.values(outputs)[0]
  const keys = cache.flatMap((entry) => {
    const given = entry.present === null ? Object.entries(outputs).find(([name]) => sameCache(name, entry.past)) : undefined
    return given === undefined ? [] : [[entry.past, inFloatsOf(entry, given[1])] as const]
  })
  return {
    ...(inputs.encoderStates === undefined || states === undefined
      ? {}
      : { [inputs.encoderStates.name]: inFloatsOf(inputs.encoderStates, states) }),
    ...(inputs.encoderMask === undefined ? {} : { [inputs.encoderMask.name]: growingMask(inputs.encoderMask)(input.positions) }),
    ...Object.fromEntries(keys),
  }
}
