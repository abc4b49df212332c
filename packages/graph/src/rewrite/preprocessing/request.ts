// What preprocessing is requested, and how the command line says it.
import { InputError } from '../../input-error.ts'
import type { Layout } from './picture-input.ts'

/** (x * scale - mean) / std. One number serves all channels. */
export interface Normalization {
  readonly mean: readonly number[]
  readonly std: readonly number[]
  /** 1/255 if mean and std are in units of 0..1 and the image is bytes; else 1. */
  readonly scale: number
}

export interface Size {
  readonly height: number
  readonly width: number
}

export interface PreprocessingRequest {
  /** The image input's name; absent: the only input of four axes. */
  readonly input?: string
  readonly normalize?: Normalization
  /** The image is fed with channels last. */
  readonly layout?: 'nhwc'
  /** The image is fed as bytes. */
  readonly dtype?: 'uint8'
  /**
   * The size of the images given; 'free' is any. The model's own size, or any size where the model's is free, is what images of any size are resized
   * to.
   */
  readonly resize?: Size | 'free'
  /** Shrinks with a filter that widens with the factor. */
  readonly antialias?: boolean
}

/** The steps as they were put into the graph, for whoever prepares the original's input in code. */
export interface PreprocessingSteps {
  /** Layouts of the image that is fed, and of the original's input. */
  readonly from: Layout
  readonly to: Layout
  readonly resizeTo: Size | null
  readonly antialias: boolean
  readonly normalize: Normalization | null
}

/** As typed; a flag that was not given is absent. */
export interface PreprocessingFlags {
  readonly input?: string | undefined
  readonly normalize?: string | undefined
  readonly layout?: string | undefined
  readonly dtype?: string | undefined
  readonly resize?: string | undefined
}

/** No mean or deviation of numbers between 0 and 1 is larger; some room for odd ones. */
const UNIT_LIMIT = 1.5
/** Statistics of the images that most classifiers were trained on, channels red, green, blue, units of 0..1. */
const IMAGENET = '0.485,0.456,0.406,0.229,0.224,0.225'

/**
 * What the flags ask for; null if none was given. `normalize`: all means, then all deviations, separated by commas ('0.5,0.5',
 * '0.485,0.456,0.406,0.229,0.224,0.225'), or 'imagenet'. Where any of them is above 1.5 they are in the image's own units (0..255);
 * else in units of 0..1, and bytes are divided by 255 first. `resize`: 'HxW' or 'free', with ',antialias' behind it.
 * Throws InputError with the flag's name.
 */
export function parsePreprocessing({ input, normalize, layout, dtype, resize }: PreprocessingFlags): PreprocessingRequest | null {
  if (normalize === undefined && layout === undefined && dtype === undefined && resize === undefined) return null
  if (layout !== undefined && layout !== 'nhwc') {
    throw new InputError(
      `--image-layout ${layout}: images have channels last (nhwc), or the model's layout; give nhwc or leave it out`,
    )
  }
  if (dtype !== undefined && dtype !== 'uint8') {
    throw new InputError(`--image-dtype ${dtype}: images are uint8, or the model's type; give uint8 or leave it out`)
  }
  return {
    ...(input === undefined ? {} : { input }),
    ...(normalize === undefined ? {} : { normalize: parseNormalize(normalize, dtype === 'uint8') }),
    ...(layout === undefined ? {} : { layout }),
    ...(dtype === undefined ? {} : { dtype }),
    ...(resize === undefined ? {} : parseResize(resize)),
  }
}

function parseNormalize(text: string, isBytes: boolean): Normalization {
  const numbers = (text === 'imagenet' ? IMAGENET : text)
    .split(',')
    .map((part) => (part.trim() === '' ? Number.NaN : Number(part)))
  const channels = numbers.length / 2
  if (!numbers.every(Number.isFinite) || !Number.isInteger(channels)) {
    throw new InputError(
      `--image-normalize ${text}: give the mean of each channel, then the deviation of each, such as 0.5,0.5 or ${IMAGENET}; or imagenet`,
    )
  }
  const [mean, std] = [numbers.slice(0, channels), numbers.slice(channels)]
  if (std.some((value) => value <= 0)) {
    throw new InputError(`--image-normalize ${text}: the deviations are ${std.join(', ')}; each must be above 0`)
  }
  const isUnit = numbers.every((value) => Math.abs(value) <= UNIT_LIMIT)
  return { mean, std, scale: isBytes && isUnit ? 1 / 255 : 1 }
}

function parseResize(text: string): { resize: Size | 'free'; antialias?: true } {
  const match = /^(?:(free)|(\d{1,5})x(\d{1,5}))(,antialias)?$/.exec(text)
  const [height, width] = [Number(match?.[2]), Number(match?.[3])]
  if (match === null || height === 0 || width === 0) {
    throw new InputError(`--image-size ${text}: give height and width, such as 480x640, or free for images of any size`)
  }
  return { resize: match[1] === 'free' ? 'free' : { height, width }, ...(match[4] === undefined ? {} : { antialias: true }) }
}
