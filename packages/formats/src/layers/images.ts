// Layers that change the size of images or the scale of their values. keras/src/layers/reshaping/up_sampling*.py,
// …/preprocessing/image_preprocessing/, tf_keras/layers/preprocessing/image_preprocessing.py

import { binary, cast, clip, unary } from '@whyslow/graph/builder/broadcast.ts'
import type { ConstantData } from '@whyslow/graph/builder/constant-data.ts'
import type { Value } from '@whyslow/graph/builder/graph-builder.ts'
import { slice } from '@whyslow/graph/builder/shapes.ts'
import { inChannelsFirst as inLayout } from '../tensorflow/layout.ts'
import { pad } from '../tensorflow/pad.ts'
import { isInterpolation, type ResizeParts, repeat, resizedImage } from '../tensorflow/resize.ts'
import { constantIn } from './arguments.ts'
import type { LayerCall, LayerKind } from './layer.ts'
import type { LayerConfig } from './layer-config.ts'
import { asFloat, axesOfClass, channelsFirst, floatInput, onlyInput, sizeOf } from './layer-parts.ts'

const upSampling: LayerKind = {
  classNames: ['UpSampling1D', 'UpSampling2D', 'UpSampling3D'],
  write(call) {
    const { config, className, dialect } = call
    const axes = axesOfClass(className)
    const x = onlyInput(call, axes + 2)
    const times = axes === 1 && config.raw('size') === undefined ? [config.number('length', 2)] : config.perAxis('size', axes, 2)
    if (axes !== 2 || config.text('interpolation', 'nearest') === 'nearest')
      return { outputs: [inChannelsFirst(call, asFloat(call, x), (turned) => repeat(call.builder, turned, times))] }
    // TensorFlow.js resizes from the corner of the image.
    const coordinates = dialect === 'tfjs' ? ('asymmetric' as const) : ('half_pixel' as const)
    const parts = { interpolation: interpolationOf(config, 'nearest'), to: { times }, coordinates }
    return { outputs: [inChannelsFirst(call, asFloat(call, x), (turned) => resize(call, turned, parts))] }
  },
}

/** Whole images to one size; cut or padded to its proportions first where that is asked. Whole numbers stay whole numbers. */
const resizing: LayerKind = {
  classNames: ['Resizing'],
  write(call) {
    const { builder, config, dialect } = call
    const x = onlyInput(call, 4)
    const sizes = [config.number('height'), config.number('width')]
    const interpolation = interpolationOf(config, 'bilinear')
    const parts = { interpolation, antialias: config.flag('antialias', false), to: { sizes } }
    const float = asFloat(call, x)
    const result = inChannelsFirst(call, float, (turned) => {
      let image = turned
      if (config.flag('crop_to_aspect_ratio', false)) image = cropped(call, turned, sizes)
      else if (config.flag('pad_to_aspect_ratio', false)) image = paddedTo(call, turned, sizes)
      return resize(call, image, parts)
    })
    const whole = WHOLE[x.dtype]
    if (whole === undefined || dialect !== 'keras-3') return { outputs: [result] }
    return { outputs: [cast(builder, clip(builder, unary(builder, 'Round', result), ...whole), x.dtype)] }
  },
}

/** What results in whole numbers are limited to. */
const WHOLE: Readonly<Record<string, readonly [number, number]>> = {
  uint8: [0, 255],
  int8: [-128, 127],
  uint16: [0, 65535],
  int16: [-32768, 32767],
  int32: [-(2 ** 31), 2 ** 31 - 128],
}

/** The middle of the image; an image that is smaller is resized, cut to the proportions of the result. */
const centerCrop: LayerKind = {
  classNames: ['CenterCrop'],
  write(call) {
    const { config } = call
    const sizes = [config.number('height'), config.number('width')]
    const x = floatInput(call, 4)
    const result = inChannelsFirst(call, x, (turned) => {
      const from = [sizeOf(call, turned, 2), sizeOf(call, turned, 3)]
      const more = from.map((size, k) => size - sizes[k]!)
      if (more.every((cells) => cells >= 0)) {
        const start = more.map((cells) => cells >> 1)
        return slice(
          call.builder,
          turned,
          start.map((at, k) => ({ axis: k + 2, start: at, end: at + sizes[k]! })),
        )
      }
      return resize(call, cropped(call, turned, sizes), { interpolation: 'bilinear', to: { sizes } })
    })
    return { outputs: [result] }
  },
}

/** x · scale + offset; numbers, or one for each channel. */
const rescaling: LayerKind = {
  classNames: ['Rescaling'],
  write(call) {
    const { builder, config } = call
    const scaled = binary(builder, 'Mul', floatInput(call), builder.constant(numbersIn(config, 'scale', 1), 'scale'))
    const offset = numbersIn(config, 'offset', 0)
    const still = Array.from(offset.data as Float32Array).every((value) => value === 0)
    return { outputs: [still ? scaled : binary(builder, 'Add', scaled, builder.constant(offset, 'offset'))], mask: 'kept' }
  },
}

function numbersIn(config: LayerConfig, key: string, fallback: number): ConstantData {
  const constant = constantIn(config.raw(key) ?? fallback, 'float32')
  if (constant === undefined) throw config.refuse(`has no numbers for its ${key}; save the model again`)
  return constant
}

/** Vary images at random while a model is trained; a prediction sees those that it was given, as floats mostly. */
const randomized: LayerKind = {
  classNames: [
    'AugMix',
    'RandAugment',
    'RandomBrightness',
    'RandomColorDegeneration',
    'RandomColorJitter',
    'RandomContrast',
    'RandomElasticTransform',
    'RandomErasing',
    'RandomFlip',
    'RandomGaussianBlur',
    'RandomGrayscale',
    'RandomHeight',
    'RandomHue',
    'RandomInvert',
    'RandomPerspective',
    'RandomPosterization',
    'RandomRotation',
    'RandomSaturation',
    'RandomSharpness',
    'RandomShear',
    'RandomTranslation',
    'RandomWidth',
    'RandomZoom',
  ],
  write(call) {
    const kept = call.dialect === 'keras-3' ? /Bright|Color|Contrast|Gray|Hue|Invert|Poster|Satur/ : /Height|Width/
    return { outputs: [kept.test(call.className) ? onlyInput(call) : floatInput(call)] }
  },
}

export const images: readonly LayerKind[] = [upSampling, resizing, centerCrop, rescaling, randomized]

function interpolationOf(config: LayerConfig, fallback: string) {
  const name = config.text('interpolation', fallback)
  if (!isInterpolation(name)) throw config.refuse(`has the interpolation '${name}', which is not known`)
  return name
}

function resize(call: LayerCall, x: Value, parts: ResizeParts): Value {
  const result = resizedImage(call.builder, x, parts)
  if (result === undefined)
    throw call.config.refuse(`has the interpolation '${parts.interpolation}', which needs images of a known size`)
  return result
}

/** The largest middle part in the proportions of `sizes`. keras/src/utils/image_utils.py: smart_resize. */
function cropped(call: LayerCall, x: Value, [height, width]: readonly number[]): Value {
  const [h, w] = [sizeOf(call, x, 2), sizeOf(call, x, 3)]
  const parts = [
    { size: h, cut: Math.max(Math.min(h, Math.trunc((w * height!) / width!)), 1) },
    { size: w, cut: Math.max(Math.min(w, Math.trunc((h * width!) / height!)), 1) },
  ]
  const slices = parts.map(({ size, cut }, k) => ({ axis: k + 2, start: (size - cut) >> 1, end: ((size - cut) >> 1) + cut }))
  return slice(call.builder, x, slices)
}

/** As much on either side of the image as gives it the proportions of `sizes`. keras/src/backend/tensorflow/image.py: resize. */
function paddedTo(call: LayerCall, x: Value, [height, width]: readonly number[]): Value {
  const [h, w] = [sizeOf(call, x, 2), sizeOf(call, x, 3)]
  const [tall, wide] = [Math.max(h, Math.trunc((w * height!) / width!)), Math.max(w, Math.trunc((h * width!) / height!))]
  const [rows, columns] = [Math.trunc((tall - h) / 2), Math.trunc((wide - w) / 2)]
  return pad(
    call.builder,
    x,
    [
      [0, 0],
      [0, 0],
      [rows, rows],
      [columns, columns],
    ],
    call.config.number('fill_value', 0),
  )
}

const inChannelsFirst = ({ builder, config }: LayerCall, x: Value, write: (x: Value) => Value): Value =>
  inLayout(builder, x, channelsFirst(config), write)
