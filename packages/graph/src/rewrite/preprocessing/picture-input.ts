// Which input of a model takes an image, and how its axes lie. ONNX's convolutions take channels first, and exporters of PyTorch leave
// it so; exporters of TensorFlow keep channels last and transpose inside.
import type { GraphProto } from 'onnx-buf'
import { InputError } from '../../input-error.ts'
import type { Dimension, DType, ValueDeclaration } from '../../types.ts'
import { declaration } from '../../view.ts'

export type Layout = 'nhwc' | 'nchw'

export interface PictureInput {
  readonly name: string
  readonly dtype: DType
  readonly layout: Layout
  readonly shape: readonly Dimension[]
  readonly batch: Dimension
  readonly channels: Dimension
  readonly height: Dimension
  readonly width: Dimension
}

/** Grey, colour, colour with alpha. */
const USUAL_CHANNELS = [1, 3, 4]
const FLOATS: readonly (DType | null)[] = ['float32', 'float16']

/**
 * The input of that name, or the only one of four axes of floats. `channels`: how many it should have, where more than one is known of.
 * Throws InputError if there is none, or more than one to choose from.
 */
export function pictureInput(graph: GraphProto, name: string | undefined, channels: number | undefined): PictureInput {
  const constants = new Set(graph.initializer.map((tensor) => tensor.name))
  const inputs = graph.input.map(declaration).filter((input) => !constants.has(input.name))
  const found = name === undefined ? onlyPicture(inputs) : inputs.find((input) => input.name === name)
  if (found === undefined) throw new InputError(`the model has no input '${name}'; it has ${list(inputs)}`)
  const { dtype, shape } = found
  if (dtype === 'uint8') throw new InputError(`the input '${found.name}' takes bytes already; leave out what prepares it`)
  if (!isPicture(found) || dtype === null || shape === null) {
    throw new InputError(
      `the input '${found.name}' is ${typeOf(found)}, not an image of float32 or float16 with four axes; name another one of ${list(inputs)}`,
    )
  }
  if (graph.output.some((output) => output.name === found.name)) {
    throw new InputError(`the input '${found.name}' is an output too, which would change with it; drop it with --outputs`)
  }
  const layout = layoutOf(shape, channels)
  const [batch, a, b, c] = shape as readonly [Dimension, Dimension, Dimension, Dimension]
  const axes = layout === 'nchw' ? { channels: a, height: b, width: c } : { height: a, width: b, channels: c }
  return { name: found.name, dtype, layout, shape, batch, ...axes }
}

function onlyPicture(inputs: readonly ValueDeclaration[]): ValueDeclaration {
  const pictures = inputs.filter(isPicture)
  const bytes = inputs.filter(({ dtype, shape }) => dtype === 'uint8' && shape?.length === 4)
  if (pictures.length === 0 && bytes.length === 1) return bytes[0]!
  if (pictures.length === 1) return pictures[0]!
  const what = pictures.length === 0 ? 'no input takes an image' : 'more than one input takes an image'
  const todo = pictures.length === 0 ? 'leave out --image-normalize, --image-layout, --image-dtype and --image-size' : 'name one'
  throw new InputError(`${what} (four axes of float32 or float16): the model has ${list(inputs)}; ${todo}`)
}

const isPicture = ({ kind, dtype, shape }: ValueDeclaration): boolean =>
  kind === 'tensor' && FLOATS.includes(dtype) && shape?.length === 4

function layoutOf(shape: readonly Dimension[], channels: number | undefined): Layout {
  const fits = (size: Dimension | undefined) =>
    channels !== undefined && channels > 1 ? size === channels : USUAL_CHANNELS.includes(size as number)
  return !fits(shape[1]) && fits(shape[3]) ? 'nhwc' : 'nchw'
}

/** A declared shape as messages show it: [1,3,height,width]. */
export const shapeText = (shape: readonly Dimension[]): string => `[${shape.map((size) => size ?? '?').join(',')}]`

const typeOf = ({ kind, dtype, shape }: ValueDeclaration): string =>
  kind === 'tensor' ? `${dtype ?? 'of unknown type'} ${shape === null ? 'of any shape' : shapeText(shape)}` : `a ${kind}`

const list = (inputs: readonly ValueDeclaration[]): string =>
  inputs
    .slice(0, 5)
    .map((input) => `'${input.name}' (${typeOf(input)})`)
    .join(', ') || 'none'
