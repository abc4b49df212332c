// The encoder of an encoder–decoder: what it is fed, and what of its outputs the decoder reads at each call.
import { InputError } from '@whyslow/graph/input-error.ts'
import type { ValueDeclaration } from '@whyslow/graph/types.ts'
import type { TensorValue } from '@whyslow/measure/engines/types.ts'
import { sameCache } from '../../recognize/cache-names.ts'
import { type DecoderLayout, givenByEncoder, INPUT_ROLES } from '../../recognize/layout.ts'
import { growingMask, tensorOf } from './feeds.ts'

export interface Encoder {
  /** What the decoder is fed in addition, unchanged at each call. */
  encode(ids: readonly number[]): Promise<Readonly<Record<string, TensorValue>>>
}

export interface EncoderSession {
  readonly inputs: readonly ValueDeclaration[]
  readonly outputs: readonly string[]
  run(feeds: Readonly<Record<string, TensorValue>>): Promise<Readonly<Record<string, TensorValue>>>
}

/** Throws InputError, one line that begins with `file`, if the encoder reads no text, or does not give what the decoder is fed. */
export function encoderOf(session: EncoderSession, layout: DecoderLayout, file: string): Encoder {
  const strange = session.inputs.find(({ name }) => !INPUT_ROLES.ids.test(name) && !INPUT_ROLES.mask.test(name))
  if (strange !== undefined)
    throw new InputError(`${file} encodes ${strange.name}, not the ids of a text; measure it as a model: whyslow why`)
  const lacking = givenByEncoder(layout.cache).find((past) => !session.outputs.some((name) => sameCache(name, past)))
  if (lacking !== undefined)
    throw new InputError(
      `${file} does not give ${lacking}, which the decoder is fed; give decoder_model_merged.onnx or decoder_model.onnx in its place`,
    )
  return {
    async encode(ids) {
      const feeds = session.inputs.map((input) => {
        const isMask = INPUT_ROLES.mask.test(input.name)
        return [input.name, isMask ? growingMask(input)(ids.length) : tensorOf(input, ids)] as const
      })
      return decoderFeeds(layout, await session.run(Object.fromEntries(feeds)), ids.length)
    },
  }
}

/** States by their input, a mask of ones, and keys and values that the encoder itself computes. */
function decoderFeeds(
  { inputs, cache }: DecoderLayout,
  outputs: Readonly<Record<string, TensorValue>>,
  length: number,
): Readonly<Record<string, TensorValue>> {
  const named = Object.entries(outputs)
  const states = named.find(([name]) => /hidden_state|encoder_outputs/.test(name))?.[1] ?? named[0]?.[1]
  const keys = cache.flatMap(({ past, present }) => {
    const given = present === null ? named.find(([name]) => sameCache(name, past)) : undefined
    return given === undefined ? [] : [[past, given[1]] as const]
  })
  return {
    ...(inputs.encoderStates === undefined || states === undefined ? {} : { [inputs.encoderStates.name]: states }),
    ...(inputs.encoderMask === undefined ? {} : { [inputs.encoderMask.name]: growingMask(inputs.encoderMask)(length) }),
    ...Object.fromEntries(keys),
  }
}
