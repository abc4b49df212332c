// What a model's own code makes of an image's bytes: (byte x scale - mean) / deviation, by channel, in RGB or BGR. Said by --image-preprocessing, by
// the model's own file (metadata/), or by the preprocessor_config.json next to models of the Hugging Face Hub, or in the folder above:
// https://huggingface.co/docs/transformers/main_classes/image_processor
import { readFileSync, type Stats, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { InputError } from '@whyslow/graph/input-error.ts'

export interface PictureNumbers {
  readonly scale: number
  /** One for all channels, or one each, in the order in which the model takes them. */
  readonly mean: readonly number[]
  readonly std: readonly number[]
  readonly bgr: boolean
  /** Where that was said. */
  readonly from: string
}

export const UNIT_RGB: PictureNumbers = { scale: 1 / 255, mean: [0], std: [1], bgr: false, from: '' }

/** As `from`: numbers that were said when the model was exported, of whatever images it was exported with. */
export const FROM_METADATA = "The file's metadata"

const FILE = 'preprocessor_config.json'
const BYTE = 1 / 255
/** A mean or a deviation above this is of bytes, as --image-normalize has it. */
const UNIT_LIMIT = 1.5
const IMAGENET = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } as const
const USAGE = 'give some of scale=N, mean=N/N/N, std=N/N/N, bgr, imagenet, with commas between them'

/**
 * Numbers from the flag, else from the file next to the model, which is read only if there are images, else what the model's own file says (`own`); else
 * null. The first two throw an InputError if they cannot be read.
 */
export function pictureNumbers(
  modelFile: string,
  flag: string | null,
  own: () => PictureNumbers | null = () => null,
): () => PictureNumbers | null {
  const said = flag === null ? null : parsePictures(flag)
  return () => said ?? fromFile(modelFile) ?? own()
}

/** 'bgr,scale=1,mean=104/117/123'. Exported for its test. */
export function parsePictures(text: string): PictureNumbers {
  const refuse = (why: string) => new InputError(`--image-preprocessing ${text}: ${why}; ${USAGE}`)
  let [scale, bgr] = [undefined as number | undefined, false]
  let { mean, std }: Pick<PictureNumbers, 'mean' | 'std'> = UNIT_RGB
  for (const part of text.split(',')) {
    const [name, value] = part.split('=', 2)
    const numbers = value === undefined || value === '' ? [] : value.split('/').map(Number)
    if (part === 'bgr') bgr = true
    else if (part === 'imagenet') ({ mean, std } = IMAGENET)
    else if (numbers.length === 0 || !numbers.every(Number.isFinite)) throw refuse(`'${part}' says nothing`)
    else if (name === 'scale' && numbers.length === 1) scale = numbers[0]!
    else if (name === 'mean') mean = numbers
    else if (name === 'std') std = numbers
    else throw refuse(`'${part}' says nothing`)
  }
  if (std.some((one) => one <= 0)) throw refuse('a deviation must be above 0')
  const isUnit = [...mean, ...std].every((one) => Math.abs(one) <= UNIT_LIMIT)
  return { scale: scale ?? (isUnit ? BYTE : 1), mean, std, bgr, from: '--image-preprocessing' }
}

/** Larger files are no preprocessor's. */
const MOST_BYTES = 1e6
/** Files without any of these are of other preprocessors: of sound, of texts. */
const OF_PIXELS = ['do_rescale', 'rescale_factor', 'do_normalize', 'image_mean'] as const

interface Preprocessor {
  readonly do_rescale?: unknown
  readonly rescale_factor?: unknown
  readonly do_normalize?: unknown
  readonly image_mean?: unknown
  readonly image_std?: unknown
  readonly do_flip_channel_order?: unknown
}

function fromFile(modelFile: string): PictureNumbers | null {
  const folder = dirname(modelFile)
  const file = [join(folder, FILE), join(folder, '..', FILE)].find((one) => statsOf(one)?.isFile())
  if (file === undefined) return null
  try {
    if (statSync(file).size > MOST_BYTES) throw new Error('too large')
    const said = JSON.parse(readFileSync(file, 'utf8')) as Preprocessor
    if (OF_PIXELS.every((name) => said[name] === undefined)) return null
    const normalizes = said.do_normalize !== false && said.image_mean != null
    const std = normalizes ? numbersOf(said.image_std) : UNIT_RGB.std
    if (std.some((one) => one <= 0)) throw new Error('a deviation must be above 0')
    return {
      scale: said.do_rescale === false ? 1 : numbersOf(said.rescale_factor ?? BYTE)[0]!,
      mean: normalizes ? numbersOf(said.image_mean) : UNIT_RGB.mean,
      std,
      bgr: said.do_flip_channel_order === true,
      from: FILE,
    }
  } catch {
    throw new InputError(`${file}: cannot be read for how to normalize images; use --image-preprocessing: ${USAGE}`)
  }
}

/** undefined if there is none, or if it cannot be looked at. */
function statsOf(file: string): Stats | undefined {
  try {
    return statSync(file)
  } catch {
    return undefined
  }
}

/** One for all, or one a channel. */
function numbersOf(value: unknown): readonly number[] {
  const numbers = Array.isArray(value) ? value : [value]
  if (numbers.length === 0 || !numbers.every((one): one is number => Number.isFinite(one))) throw new Error('no numbers')
  return numbers
}
