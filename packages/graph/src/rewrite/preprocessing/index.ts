// The code in front of an image model, moved into its graph: bytes as a decoder gives them go in, and the scalar loop that turned them
// into floats goes away. What is computed, in this order, in float32 and without rounding back to bytes in between:
//   image (as given) -> resize -> (x * scale - mean) / std -> the model's own layout and type
// resize: bilinear with half-pixel centres, as OpenCV's INTER_LINEAR; with antialias the triangle filter of Pillow and torchvision,
// which widens as an image shrinks. mean and std by channel, as torchvision's Normalize.
// Resize: https://onnx.ai/onnx/operators/onnx__Resize.html
import type { GraphProto, NodeProto, TensorProto } from 'onnx-buf'
import { type AttributeValue, floatTensor, int64Tensor, node, valueInfo } from '../../build.ts'
import { copyWith } from '../../copy.ts'
import { dataTypeOf } from '../../dtype.ts'
import { freshNames, readOther, withGraph } from '../../edit.ts'
import { InputError } from '../../input-error.ts'
import type { Model } from '../../model.ts'
import type { Dimension, DType } from '../../types.ts'
import { declaration } from '../../view.ts'
import { type PictureInput, pictureInput, shapeText } from './picture-input.ts'
import type { Normalization, PreprocessingRequest, PreprocessingSteps, Size } from './request.ts'

export { type Picture, preprocessInCode } from './in-code.ts'
export {
  type Normalization,
  type PreprocessingFlags,
  type PreprocessingRequest,
  type PreprocessingSteps,
  parsePreprocessing,
} from './request.ts'

export interface PreprocessedModel {
  readonly model: Model
  /** One line each, as its reader would say it. */
  readonly changes: readonly string[]
  /** What the model now takes in the old input's place, under its name. */
  readonly input: { readonly name: string; readonly dtype: DType; readonly shape: readonly Dimension[] }
  readonly steps: PreprocessingSteps
}

/** `Cast` to a numbered type, and broadcasting as NumPy has it. */
const FIRST_OPSET = 7
/** `Resize` with half-pixel centres. */
const RESIZE_OPSET = 11
/** `Resize` with omitted inputs. */
const OPTIONAL_ROI_OPSET = 13
/** `Resize` with antialias, and with sizes for some axes only. */
const ANTIALIAS_OPSET = 18

/**
 * The model with the steps before its image input, which keeps its name and gets the image's type and shape. Outputs stay.
 * Throws InputError if there is no such input, if channels do not fit, if nothing is requested, or if the model's opset is
 * too old.
 */
export function withPreprocessing(model: Model, request: PreprocessingRequest): PreprocessedModel {
  const graph = model.proto.graph
  if (graph === undefined) throw new InputError(`${model.source.file} holds no graph; export the model again`)
  const image = pictureInput(graph, request.input, request.normalize?.mean.length)
  checkChannels(image, request.normalize)
  const sizes = sizesOf(image, request.resize)
  const steps: PreprocessingSteps = {
    from: request.layout ?? image.layout,
    to: image.layout,
    resizeTo: sizes?.to ?? null,
    antialias: sizes !== null && request.antialias === true,
    normalize: request.normalize ?? null,
  }
  const opset = opsetOf(model)
  checkOpset(steps, opset, image.name)
  const input = { name: image.name, dtype: request.dtype ?? image.dtype, shape: shapeOf(graph, image, steps, sizes?.from) }
  const nodes = nodesInFront(graph, image, steps, { given: input.dtype, opset })
  if (nodes.length === 0) {
    throw new InputError(`the input '${image.name}' already has that form; say what comes before it, such as --image-normalize`)
  }
  return { model: withGraph(model, inFront(graph, nodes, input)), changes: describe(image, steps, input), input, steps }
}

function checkChannels({ name, channels }: PictureInput, normalize: Normalization | undefined): void {
  if (normalize === undefined) return
  const given = normalize.mean.length
  if (given === 1 || channels === given) return
  const has = typeof channels === 'number' ? channels : 'an unknown number of'
  throw new InputError(
    `the input '${name}' has ${has} channels, --image-normalize is for ${given}; give one mean and deviation a channel`,
  )
}

/** The size of the images that are fed (null: free) and the size they are resized to; null if nothing is resized. */
function sizesOf({ name, height, width }: PictureInput, resize: Size | 'free' | undefined) {
  if (resize === undefined) return null
  if (typeof height === 'number' && typeof width === 'number') {
    const isOwn = resize === 'free' || (resize.height === height && resize.width === width)
    return { from: isOwn ? null : resize, to: { height, width } }
  }
  if (resize !== 'free' && !clashes(height, resize.height) && !clashes(width, resize.width)) return { from: null, to: resize }
  throw new InputError(
    `the input '${name}' leaves its height or width free, so that the size to resize to is not known; give it with --image-size HxW`,
  )
}

const clashes = (own: Dimension, wanted: number): boolean => typeof own === 'number' && own !== wanted

const opsetOf = ({ proto }: Model): number =>
  Number(proto.opsetImport.find(({ domain }) => domain === '' || domain === 'ai.onnx')?.version ?? 1n)

function checkOpset({ resizeTo, antialias }: PreprocessingSteps, opset: number, name: string): void {
  const [needed, what] =
    resizeTo === null
      ? [FIRST_OPSET, 'Preprocessing']
      : antialias
        ? [ANTIALIAS_OPSET, 'Resizing with antialias']
        : [RESIZE_OPSET, 'Resizing']
  if (opset >= needed) return
  throw new InputError(`${what} in front of '${name}' needs opset ${needed}, the model has ${opset}; convert it to a later opset`)
}

/** `from`: the size handed in; null: free; undefined: the model's own. */
function shapeOf(graph: GraphProto, image: PictureInput, steps: PreprocessingSteps, from: Size | null | undefined): Dimension[] {
  const { batch, channels } = image
  const free = () => {
    const symbol = freshSymbols(graph)
    return { height: symbol('picture_height'), width: symbol('picture_width') }
  }
  const { height, width } = from === undefined ? image : (from ?? free())
  return steps.from === 'nhwc' ? [batch, height, width, channels] : [batch, channels, height, width]
}

/** Names for dimensions that no other dimension bears: equal names say equal sizes. */
function freshSymbols(graph: GraphProto): (hint: string) => string {
  const declared = [...graph.input, ...graph.output, ...graph.valueInfo].flatMap((info) => declaration(info).shape ?? [])
  return (hint) => {
    let name = hint
    for (let k = 1; declared.includes(name); k++) name = `${hint}_${k}`
    return name
  }
}

/** The nodes from the image to what the model's own nodes read: the last one's output. */
function nodesInFront(
  graph: GraphProto,
  image: PictureInput,
  steps: PreprocessingSteps,
  { given, opset }: { readonly given: DType; readonly opset: number },
): NodeProto[] {
  const { name, dtype } = image
  const { from, to, resizeTo, antialias, normalize } = steps
  const fresh = freshNames(graph)
  const nodes: NodeProto[] = []
  let [at, type] = [name, given]
  const add = (
    opType: string,
    inputs: readonly string[],
    what: string,
    attributes: Readonly<Record<string, AttributeValue>> = {},
  ) => {
    const output = fresh(`${name}/${what}`)
    nodes.push(node(opType, inputs, [output], attributes))
    return output
  }
  // Constant nodes and not initializers, which models before IR 4 would have to list among their inputs.
  const constant = (what: string, value: TensorProto) => add('Constant', [], what, { value })
  const cast = (wanted: DType) => {
    if (type !== wanted) at = add('Cast', [at], wanted, { to: dataTypeOf(wanted) })
    type = wanted
  }

  // Floats before channels first: onnxruntime 1.30 transposes floats faster than bytes, and broadcasts a plane's factor several times
  // faster than a pixel's.
  cast(resizeTo !== null || normalize !== null ? 'float32' : dtype)
  if (from !== to) at = add('Transpose', [at], 'channels_first', { perm: [0, 3, 1, 2] })
  if (resizeTo !== null) {
    const omitted = opset >= OPTIONAL_ROI_OPSET ? '' : constant('none', floatTensor('', [0], []))
    const target = constant('size', int64Tensor('', [2], [resizeTo.height, resizeTo.width]))
    const byAxes = opset >= ANTIALIAS_OPSET
    const attributes = {
      mode: 'linear',
      coordinate_transformation_mode: 'half_pixel',
      ...(antialias ? { antialias: 1, exclude_outside: 1 } : {}),
    }
    const sizes = byAxes ? target : add('Concat', aroundTarget(), 'sizes', { axis: 0 })
    const axes = to === 'nchw' ? [2, 3] : [1, 2]
    at = add('Resize', [at, omitted, omitted, sizes], 'resized', { ...attributes, ...(byAxes ? { axes } : {}) })

    /** All four sizes: the image's batch and channels unchanged. */
    function aroundTarget(): string[] {
      const shape = add('Shape', [at], 'shape')
      const bound = (axis: number) => constant(`axis_${axis}`, int64Tensor('', [1], [axis]))
      const slice = (start: number, end: number) => add('Slice', [shape, bound(start), bound(end)], `shape_${start}`)
      return to === 'nchw' ? [slice(0, 2), target] : [slice(0, 1), target, slice(3, 4)]
    }
  }
  if (normalize !== null) {
    const { mean, std, scale } = normalize
    const shape = mean.length === 1 ? [] : to === 'nchw' ? [mean.length, 1, 1] : [mean.length]
    const factors = std.map((value) => scale / value)
    const offsets = mean.map((value, channel) => -value / std[channel]!)
    if (factors.some((factor) => factor !== 1))
      at = add('Mul', [at, constant('factor', floatTensor('', shape, factors))], 'scaled')
    if (offsets.some((offset) => offset !== 0))
      at = add('Add', [at, constant('offset', floatTensor('', shape, offsets))], 'normalized')
  }
  cast(dtype)
  return nodes
}

function inFront(graph: GraphProto, nodes: readonly NodeProto[], { name, dtype, shape }: PreprocessedModel['input']): GraphProto {
  const read = new Map([[name, nodes.at(-1)!.output[0]!]])
  return copyWith(graph, {
    node: [...nodes, ...graph.node.map((one) => readOther(one, read))],
    input: graph.input.map((info) => (info.name === name ? copyWith(info, { type: valueInfo(name, dtype, shape).type }) : info)),
    valueInfo: graph.valueInfo.filter((info) => info.name !== name),
  })
}

function describe(image: PictureInput, steps: PreprocessingSteps, input: PreprocessedModel['input']): string[] {
  const { resizeTo, antialias, normalize } = steps
  const changes = [
    `'${input.name}' takes ${input.dtype} ${shapeText(input.shape)}${steps.from === 'nhwc' ? ', channels last,' : ''} where it took ${image.dtype} ${shapeText(image.shape)}`,
  ]
  if (resizeTo !== null) {
    const how = antialias ? 'bilinear with antialias' : 'bilinear'
    changes.push(`images are resized to ${resizeTo.height}x${resizeTo.width} in the model (${how}, half-pixel centres)`)
  }
  if (normalize !== null) {
    const { mean, std, scale } = normalize
    const x = scale === 1 ? 'x' : 'x / 255'
    const units = scale !== 1 ? 'in units of 0..1' : input.dtype === 'uint8' ? 'in units of 0..255' : "in the image's own units"
    changes.push(`(${x} - mean) / std is computed in the model, mean ${mean.join(', ')}, std ${std.join(', ')}, ${units}`)
  } else if (input.dtype === 'uint8') {
    changes.push('bytes reach the model as 0..255: nothing divides them, since --image-normalize was not given')
  }
  return changes
}
