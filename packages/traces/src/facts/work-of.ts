// Work of PyTorch's operators by the shapes of their inputs: floating-point operations, a multiply-add is two, and the bytes that must
// be moved: each input read once, the output written once. What no formula is known of, or whose shapes were not recorded, is null.
import { broadcastAxes } from '@whyslow/graph/broadcast.ts'
import { elementCount } from '@whyslow/graph/dtype.ts'

type Shape = readonly number[]

/** Where a convolution has its arguments: they differ from one operator to the next (aten/src/ATen/native/native_functions.yaml). */
const CONVOLUTIONS: Readonly<Record<string, { stride: number; padding: number; dilation: number; transposed?: number }>> = {
  'aten::conv1d': { stride: 3, padding: 4, dilation: 5 },
  'aten::conv2d': { stride: 3, padding: 4, dilation: 5 },
  'aten::conv3d': { stride: 3, padding: 4, dilation: 5 },
  'aten::convolution': { stride: 3, padding: 4, dilation: 5, transposed: 6 },
  'aten::_convolution': { stride: 3, padding: 4, dilation: 5, transposed: 6 },
  'aten::cudnn_convolution': { padding: 2, stride: 3, dilation: 4 },
  'aten::cudnn_convolution_add_relu': { stride: 4, padding: 5, dilation: 6 },
  'aten::miopen_convolution': { padding: 3, stride: 4, dilation: 5 },
  'aten::mkldnn_convolution': { padding: 3, stride: 4, dilation: 5 },
}

/** `concrete`: arguments that are no tensors, in their places. */
export function flopsOf(operator: string, shapes: readonly Shape[], concrete: readonly string[] = []): number | null {
  const [a = [], b = [], c = []] = shapes
  switch (operator) {
    case 'aten::mm':
    case 'aten::_scaled_mm':
      return a.length === 2 && b.length === 2 ? 2 * elementCount(a) * b[1]! : null
    case 'aten::addmm':
      return b.length === 2 && c.length === 2 ? 2 * elementCount(b) * c[1]! : null
    case 'aten::bmm':
      return a.length === 3 && b.length === 3 ? 2 * elementCount(a) * b[2]! : null
    case 'aten::baddbmm':
      return b.length === 3 && c.length === 3 ? 2 * elementCount(b) * c[2]! : null
    case 'aten::linear':
    case 'aten::mkldnn_linear':
    case 'mkldnn::_linear_pointwise':
      return a.length > 0 && b.length === 2 ? 2 * elementCount(a) * b[0]! : null
    case 'aten::mv':
      return a.length === 2 ? 2 * elementCount(a) : null
  }
  if (/^aten::_?(scaled_dot_product|flash|efficient)\w*attention(_for_cpu|_math)?(_forward)?$/.test(operator))
    return attentionFlops(a, b, c)
  const places = CONVOLUTIONS[operator]
  return places === undefined ? null : convolutionFlops(a, b, places, concrete)
}

function attentionFlops(query: Shape, key: Shape, value: Shape): number | null {
  if (query.length !== 4 || key.length !== 4) return null
  const [batch = 0, heads = 0, length = 0, width = 0] = query
  return 2 * batch * heads * length * key[2]! * (width + (value[3] ?? width))
}

function convolutionFlops(
  input: Shape,
  weight: Shape,
  { stride, padding, dilation, transposed }: (typeof CONVOLUTIONS)[string],
  concrete: readonly string[],
): number | null {
  const axes = input.length - 2
  if (axes < 1 || weight.length !== input.length) return null
  if (transposed !== undefined && concrete[transposed] === 'True') return 2 * elementCount(input) * elementCount(weight.slice(1))
  const outputs = convolutionOutputs(input, weight, { stride, padding, dilation }, concrete)
  return outputs === null ? null : 2 * outputs * elementCount(weight.slice(1))
}

/** Elements of what a convolution makes; null if its arguments were not recorded. */
function convolutionOutputs(
  input: Shape,
  weight: Shape,
  { stride, padding, dilation }: Pick<(typeof CONVOLUTIONS)[string], 'stride' | 'padding' | 'dilation'>,
  concrete: readonly string[],
): number | null {
  const axes = input.length - 2
  if (axes < 1 || weight.length !== input.length) return null
  const [steps, pads, holes] = [stride, padding, dilation].map((at) => listOf(concrete[at], axes))
  if (steps === undefined || pads === undefined || holes === undefined) return null
  let outputs = input[0]! * weight[0]!
  for (let i = 0; i < axes; i++) {
    const window = holes[i]! * (weight[i + 2]! - 1) + 1
    outputs *= Math.floor((input[i + 2]! + 2 * pads[i]! - window) / steps[i]!) + 1
  }
  return outputs > 0 ? outputs : null
}

/** '[1, 1]' as numbers, one for each axis; undefined if it is none. */
function listOf(text: string | undefined, axes: number): number[] | undefined {
  const numbers = (text ?? '').match(/-?\d+/g)?.map(Number) ?? []
  if (numbers.length === 1) return Array.from({ length: axes }, () => numbers[0]!)
  return numbers.length === axes ? numbers : undefined
}

/** As PyTorch and ONNX Runtime write them in traces. */
const ELEMENT_BYTES: Readonly<Record<string, number>> = {
  ...{
    double: 8,
    float64: 8,
    'long int': 8,
    'long long': 8,
    long: 8,
    int64: 8,
    uint64: 8,
    'c10::complex<float>': 8,
    'c10::complex<double>': 16,
  },
  ...{ float: 4, float32: 4, int: 4, int32: 4, uint32: 4 },
  ...{ 'c10::Half': 2, 'c10::BFloat16': 2, half: 2, float16: 2, bfloat16: 2, 'short int': 2, short: 2, int16: 2, uint16: 2 },
  ...{ 'signed char': 1, 'unsigned char': 1, bool: 1, int8: 1, uint8: 1, 'c10::Float8_e4m3fn': 1, 'c10::Float8_e5m2': 1 },
}

/** Bytes of one element; undefined: a type that is not known, or no tensor. */
export const elementBytes = (type: string | undefined): number | undefined => ELEMENT_BYTES[type ?? '']

/** One output, as large as the first input: each number by itself, or rows by themselves. Their in-place forms end in an underscore. */
const AS_INPUT =
  /^aten::(relu|relu6|clamp|clamp_min|clamp_max|hardtanh|leaky_relu|elu|selu|celu|gelu|silu|mish|softplus|sigmoid|hardsigmoid|hardswish|tanh|exp|log|log1p|sqrt|rsqrt|reciprocal|abs|neg|sin|cos|erf|pow|floor|ceil|round|_?softmax|_?log_softmax|native_layer_norm|native_group_norm|native_batch_norm|cudnn_batch_norm|miopen_batch_norm|_native_batch_norm_legit\w*|_batch_norm_with_update|_fused_rms_norm)_?$/
/** One output of the shape that all inputs broadcast to. */
const BROADCAST = /^aten::(add|sub|rsub|mul|div|maximum|minimum|addcmul|addcdiv|lerp|where|atan2|fmod|remainder)_?$/
/** All of the input is read; what is written is small or not told. */
const READS_ALL =
  /^aten::(sum|mean|amax|amin|argmax|argmin|max|min|prod|var|std|var_mean|linalg_vector_norm|norm|_?adaptive_avg_pool[23]d|cumsum|sort|topk)$/
const COPIES = /^aten::(copy_|_to_copy)$/

/** Bytes of one call, at least; null: not known. `concrete` as for flopsOf. */
export function bytesOf(
  operator: string,
  shapes: readonly Shape[],
  types: readonly string[] = [],
  concrete: readonly string[] = [],
): number | null {
  const outputs = outputElements(operator, shapes, concrete)
  if (outputs === null) return null
  const size = elementBytes(types[shapes.findIndex((shape, at) => shape.length > 0 && elementBytes(types[at]) !== undefined)])
  if (size === undefined) return null
  // What a copy writes is its first input, which it does not read.
  const read = operator === 'aten::copy_' ? shapes.slice(1) : shapes
  const first = shapes.length - read.length
  let bytes = outputs * size
  for (const [at, shape] of read.entries()) {
    const each = elementBytes(types[first + at])
    if (shape.length > 0 && each === undefined) return null
    if (shape.length > 0) bytes += elementCount(shape) * each!
  }
  return Number.isFinite(bytes) && bytes > 0 ? bytes : null
}

/** Elements that are written at least; null: no formula. */
function outputElements(operator: string, shapes: readonly Shape[], concrete: readonly string[]): number | null {
  const [a = [], b = [], c = []] = shapes
  if (AS_INPUT.test(operator) || COPIES.test(operator)) return a.length > 0 ? elementCount(a) : null
  if (BROADCAST.test(operator)) return broadcastElements(shapes)
  if (READS_ALL.test(operator)) return a.length > 0 ? 0 : null
  const places = CONVOLUTIONS[operator]
  if (places?.transposed !== undefined && concrete[places.transposed] === 'True') return 0
  if (places !== undefined) return convolutionOutputs(a, b, places, concrete)
  if (/attention/.test(operator))
    return flopsOf(operator, shapes) === null ? null : (elementCount(a) / (a[3] ?? 1)) * (c[3] ?? a[3] ?? 1)
  const flops = flopsOf(operator, shapes, concrete)
  if (flops === null) return null
  const inner = (operator === 'aten::addmm' || operator === 'aten::baddbmm' ? b : a).at(-1) ?? 0
  return inner > 0 ? flops / 2 / inner : null
}

/** null if shapes do not broadcast. */
function broadcastElements(shapes: readonly Shape[]): number | null {
  const sizes = broadcastAxes(shapes)
  return sizes.length > 0 && sizes.every((size) => size !== undefined) ? elementCount(sizes) : null
}
