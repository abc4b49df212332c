// What an encoder reads, by its inputs: ids of a text; sound as features or samples; an image.
import type { ValueDeclaration } from '@whyslow/graph/types.ts'
import type { EncodedInput } from '../generator.ts'
import { INPUT_ROLES } from './layout.ts'

const SOUND = /^(input_features|audio_features|input_values|mel|audio)$/
const IMAGE = /^(pixel_values|image|images)$/

export interface EncoderReads {
  readonly reads: EncodedInput['reads']
  readonly input: ValueDeclaration
}

/** A text in place of it says what is strange, as the end of a sentence that begins with the file. */
export function encoderReads(inputs: readonly ValueDeclaration[]): EncoderReads | string {
  const [input, ...others] = inputs.filter(({ name }) => !INPUT_ROLES.mask.test(name))
  const strange = others[0] ?? input
  const known = input !== undefined && others.length === 0 ? readsOf(input) : null
  if (known !== null) return { reads: known, input: input! }
  if (strange !== undefined && (SOUND.test(strange.name) || IMAGE.test(strange.name)) && !isFloat(strange))
    return `reads ${strange.name} as ${strange.dtype ?? 'an unknown type'}, and features are made in float32 and float16; export the encoder with one of them`
  return `encodes ${strange?.name ?? 'nothing'}, which is not a text, sound or image that whyslow knows; measure it as a model: whyslow why`
}

const isFloat = ({ dtype }: Pick<ValueDeclaration, 'dtype'>): boolean => dtype === 'float32' || dtype === 'float16'

function readsOf({ name, shape, dtype }: ValueDeclaration): EncodedInput['reads'] | null {
  if (INPUT_ROLES.ids.test(name)) return 'text'
  // Masks of images and sound have names of their own, and no model needs one for a single whole input.
  if (!isFloat({ dtype }) || shape === null) return null
  if (SOUND.test(name) && (shape.length === 2 || shape.length === 3)) return 'sound'
  return IMAGE.test(name) && shape.length === 4 ? 'image' : null
}
