// TensorFlow's functions, by the names under which Keras 2 saves them, as Keras 3's operations: which of its arguments are called by
// place, and what its others are called. https://www.tensorflow.org/api_docs/python/tf

import { operatorName } from '../../tensorflow/functions.ts'
import { isList } from '../arguments.ts'
import type { Argument } from '../layer.ts'
import { plainOfOne, plainOfTwo } from './arithmetic.ts'

export interface FunctionCall {
  /** Class name in Keras 3. */
  readonly className: string
  readonly args: readonly Argument[]
  readonly settings: Readonly<Record<string, Argument>>
  /** An argument that the function is told and that is not read. */
  readonly unread?: string | undefined
}

interface Form {
  readonly className: string
  /** Names of the arguments after the first, in Keras 3's order. */
  readonly inputs?: readonly string[]
  /** Keras 3's name of a setting, and TensorFlow's. */
  readonly settings?: Readonly<Record<string, string>>
  /** Settings that stand fast, or stand if none is told. */
  readonly fixed?: Readonly<Record<string, Argument>>
}

const one = (className: string): Form => ({ className })
const two = (className: string, second = 'y'): Form => ({ className, inputs: [second] })
const reduction = (className: string): Form => ({ className, settings: { axis: 'axis', keepdims: 'keepdims' } })
/** TensorFlow counts in int64 if nothing is told. */
const position = (className: string): Form => ({
  className,
  settings: { axis: 'axis', dtype: 'output_type' },
  fixed: { axis: 0, dtype: 'int64' },
})
const norm: Form = { className: 'Norm', settings: { ord: 'ord', axis: 'axis', keepdims: 'keepdims' } }
const convolution = (className: string): Form => ({
  className,
  inputs: ['filters'],
  settings: { strides: 'strides', padding: 'padding', data_format: 'data_format', dilation_rate: 'dilations' },
})
const pooling = (className: string): Form => ({
  className,
  settings: { pool_size: 'ksize', strides: 'strides', padding: 'padding', data_format: 'data_format' },
})
/** The adjoint of real numbers is the transpose. */
const matmul: Form = {
  className: 'Matmul',
  inputs: ['b'],
  settings: { transpose_a: 'transpose_a', transpose_b: 'transpose_b', adjoint_a: 'adjoint_a', adjoint_b: 'adjoint_b' },
}

const LAST_AXES = { axis1: -2, axis2: -1 } as const

/** Forms keyed by function name without its module: tf.math.abs is tf.abs. */
const FORMS: Readonly<Record<string, Form>> = {
  '__operators__.add': two('Add'),
  '__operators__.getitem': { className: 'GetItem', inputs: ['slice_spec'] },
  '__operators__.eq': { className: 'Equal', inputs: ['other'] },
  '__operators__.ne': { className: 'NotEqual', inputs: ['other'] },
  leaky_relu: { className: 'LeakyRelu', settings: { negative_slope: 'alpha' } },
  gelu: { className: 'Gelu', settings: { approximate: 'approximate' }, fixed: { approximate: false } },
  softmax: { className: 'Softmax', settings: { axis: 'axis' } },
  log_softmax: { className: 'LogSoftmax', settings: { axis: 'axis' } },
  l2_normalize: {
    className: 'Normalize',
    settings: { axis: 'axis', epsilon: 'epsilon' },
    fixed: { squared: true, epsilon: 1e-12 },
  },
  reduce_sum: reduction('Sum'),
  reduce_mean: reduction('Mean'),
  reduce_max: reduction('Max'),
  reduce_min: reduction('Min'),
  reduce_prod: reduction('Prod'),
  reduce_std: reduction('Std'),
  reduce_variance: reduction('Var'),
  reduce_any: reduction('Any'),
  reduce_all: reduction('All'),
  reduce_logsumexp: reduction('Logsumexp'),
  argmax: position('Argmax'),
  argmin: position('Argmin'),
  cumsum: {
    className: 'Cumsum',
    settings: { axis: 'axis', exclusive: 'exclusive', reverse: 'reverse' },
    fixed: { axis: 0 },
  },
  top_k: { className: 'TopK', settings: { k: 'k' }, fixed: { k: 1 } },
  clip_by_value: { className: 'Clip', settings: { x_min: 'clip_value_min', x_max: 'clip_value_max' } },
  reshape: { className: 'Reshape', settings: { newshape: 'shape' } },
  transpose: { className: 'Transpose', settings: { axes: 'perm' } },
  expand_dims: { className: 'ExpandDims', settings: { axis: 'axis' } },
  squeeze: { className: 'Squeeze', settings: { axis: 'axis' } },
  concat: { className: 'Concatenate', settings: { axis: 'axis' } },
  stack: { className: 'Stack', settings: { axis: 'axis' } },
  unstack: { className: 'Unstack', settings: { axis: 'axis' } },
  tile: { className: 'Tile', settings: { repeats: 'multiples' } },
  repeat: { className: 'Repeat', settings: { repeats: 'repeats', axis: 'axis' } },
  reverse: { className: 'Flip', settings: { axis: 'axis' } },
  roll: { className: 'Roll', settings: { shift: 'shift', axis: 'axis' } },
  gather: { className: 'Take', inputs: ['indices'], settings: { axis: 'axis' }, fixed: { axis: 0 } },
  broadcast_to: { className: 'BroadcastTo', settings: { shape: 'shape' } },
  cast: { className: 'Cast', settings: { dtype: 'dtype' } },
  gather_nd: { className: 'GatherNd', inputs: ['indices'] },
  norm: norm,
  atan2: two('Arctan2', 'x'),
  cumprod: { className: 'Cumprod', settings: { axis: 'axis' }, fixed: { axis: 0 } },
  sort: { className: 'Sort', settings: { axis: 'axis', direction: 'direction' } },
  argsort: { className: 'Argsort', settings: { axis: 'axis', direction: 'direction' } },
  tensordot: { className: 'Tensordot', inputs: ['b'], settings: { axes: 'axes' } },
  bias_add: { className: 'BiasAdd', inputs: ['bias'], settings: { data_format: 'data_format' } },
  conv2d: convolution('Conv'),
  convolution: convolution('Conv'),
  depthwise_conv2d: convolution('DepthwiseConv'),
  depthwise_conv2d_native: convolution('DepthwiseConv'),
  max_pool2d: pooling('MaxPool'),
  avg_pool2d: pooling('AveragePool'),
  max_pool: pooling('MaxPool'),
  avg_pool: pooling('AveragePool'),
  moments: { className: 'Moments', settings: { axes: 'axes', keepdims: 'keepdims' } },
  'image.rgb_to_grayscale': one('RGBToGrayscale'),
  'image.rgb_to_hsv': one('RGBToHSV'),
  'image.hsv_to_rgb': one('HSVToRGB'),
  'image.flip_left_right': { className: 'Flip', fixed: { axis: -2 } },
  'image.flip_up_down': { className: 'Flip', fixed: { axis: -3 } },
  'signal.frame': {
    className: 'ExtractSequences',
    settings: { sequence_length: 'frame_length', sequence_stride: 'frame_step' },
  },
  cross: two('Cross', 'b'),
  matrix_transpose: { className: 'Swapaxes', fixed: LAST_AXES },
  diag_part: { className: 'Diagonal', settings: { offset: 'k' }, fixed: LAST_AXES },
  trace: { className: 'Trace', fixed: LAST_AXES },
  det: one('Det'),
  ...Object.fromEntries(
    ['Inv', 'Cholesky', 'Qr', 'Solve', 'Lstsq', 'Pinv', 'Eigh'].map((name) => [name.toLowerCase(), one(name)]),
  ),
  count_nonzero: {
    className: 'CountNonzero',
    settings: { axis: 'axis', keepdims: 'keepdims', dtype: 'dtype' },
    fixed: { dtype: 'int64' },
  },
  reduce_euclidean_norm: reduction('Norm'),
  log_sigmoid: one('LogSigmoid'),
  embedding_lookup: { className: 'Take', inputs: ['ids'], fixed: { axis: 0 } },
  size: { className: 'Size', settings: { dtype: 'out_type' } },
  sigmoid_cross_entropy_with_logits: { className: 'BinaryCrossentropy', inputs: ['logits'], fixed: { from_logits: true } },
  softmax_cross_entropy_with_logits_v2: {
    className: 'CategoricalCrossentropy',
    inputs: ['logits'],
    settings: { axis: 'axis' },
    fixed: { from_logits: true },
  },
  sparse_softmax_cross_entropy_with_logits: {
    className: 'SparseCategoricalCrossentropy',
    inputs: ['logits'],
    fixed: { from_logits: true },
  },
  local_response_normalization: {
    className: 'LocalResponseNormalization',
    settings: { depth_radius: 'depth_radius', bias: 'bias', alpha: 'alpha', beta: 'beta' },
  },
  // Keras 2 saves its subscripts without its tensors.
  einsum: one('EinsumWithoutTensors'),
  'image.resize': { className: 'Resize', settings: { size: 'size', interpolation: 'method', antialias: 'antialias' } },
  depth_to_space: { className: 'DepthToSpace', settings: { block_size: 'block_size', data_format: 'data_format' } },
  space_to_depth: { className: 'SpaceToDepth', settings: { block_size: 'block_size', data_format: 'data_format' } },
  convert_to_tensor: { className: 'ConvertToTensor', settings: { dtype: 'dtype' } },
  zeros_like: { className: 'ZerosLike', settings: { dtype: 'dtype' } },
  ones_like: { className: 'OnesLike', settings: { dtype: 'dtype' } },
  where: { className: 'Where', inputs: ['x', 'y'] },
  where_v2: { className: 'Where', inputs: ['x', 'y'] },
  matmul: matmul,
  one_hot: {
    className: 'OneHot',
    settings: { num_classes: 'depth', axis: 'axis', dtype: 'dtype', on_value: 'on_value', off_value: 'off_value' },
  },
  pad: { className: 'Pad', settings: { pad_width: 'paddings', mode: 'mode', constant_values: 'constant_values' } },
  slice: { className: 'Slice', inputs: ['begin'], settings: { shape: 'size' } },
  shape: { className: 'Shape', settings: { dtype: 'out_type' } },
  swish: one('Silu'),
  silu: one('Silu'),
  identity: one('Copy'),
  stop_gradient: one('StopGradient'),
  add_n: one('AddN'),
}

/** A function of tensors alone has the name of its operator: 'squared_difference' is 'SquaredDifference'. */
function plainForm(name: string): Form | undefined {
  const className = operatorName(name)
  if (plainOfOne.has(className)) return one(className)
  return plainOfTwo.has(className) ? two(className) : undefined
}

/** Arguments that change nothing while they have these values. */
const CHANGES_NOTHING: ReadonlyMap<string, Argument> = new Map<string, Argument>([
  ['batch_dims', 0],
  ['beta', 1],
  ['conjugate', false],
  ['a_is_sparse', false],
  ['b_is_sparse', false],
  ['use_cudnn_on_gpu', true],
  ['bad_indices_policy', ''],
  ['sorted', true],
  ['index_type', 'int32'],
  ['partition_strategy', 'div'],
  ['adjoint', false],
])

/** Undefined if the function is none that is read. */
export function fromTensorFlow(
  name: string,
  args: readonly Argument[],
  told: Readonly<Record<string, Argument>>,
): FunctionCall | undefined {
  // Convolutions are saved as the first version of TensorFlow has them.
  const { filter, ...others } = told
  const kwargs = filter === undefined ? told : { ...others, filters: filter }
  const short = name.replace(/^(math|nn|linalg)\./, '')
  if (Object.hasOwn(OWN_FORMS, short)) return OWN_FORMS[short]!(args, kwargs)
  const form = Object.hasOwn(FORMS, short) ? FORMS[short]! : plainForm(short)
  if (form === undefined) return undefined
  const [first, ...placed] = args
  const named = (form.inputs ?? []).slice(placed.length).map((key) => kwargs[key] ?? null)
  const settings: Record<string, Argument> = { ...form.fixed }
  for (const [own, theirs] of Object.entries(form.settings ?? {})) {
    const value = kwargs[theirs]
    if (value !== undefined && value !== null) settings[own] = value
  }
  const behind = (form.inputs ?? []).length === 0 ? [] : [...placed, ...named]
  const read = [...(form.inputs ?? []), ...Object.values(form.settings ?? {})]
  const unread = placed.length > (form.inputs ?? []).length ? 'argument without a name' : unreadIn(kwargs, read)
  return { className: form.className, args: [first ?? null, ...behind], settings, unread }
}

/** The first argument that says something and is none of those that are read. */
function unreadIn(kwargs: Readonly<Record<string, Argument>>, read: readonly string[]): string | undefined {
  return Object.keys(kwargs).find(
    (key) => kwargs[key] !== null && key !== 'name' && !read.includes(key) && CHANGES_NOTHING.get(key) !== kwargs[key],
  )
}

/** Equal parts by a number, parts of sizes by a list. */
function splitOf(args: readonly Argument[], kwargs: Readonly<Record<string, Argument>>): FunctionCall {
  const { num_or_size_splits: parts = null, axis = 0 } = kwargs
  const told: Record<string, Argument> = Array.isArray(parts) ? { sizes: parts } : { indices_or_sections: parts }
  const unread = unreadIn(kwargs, ['num_or_size_splits', 'axis'])
  return { className: 'Split', args: args.slice(0, 1), settings: { ...told, axis }, unread }
}

/** Entries of an axis that a list of truths keeps: it must be in the file, for it says how many there are. */
function maskedOf(args: readonly Argument[], kwargs: Readonly<Record<string, Argument>>): FunctionCall {
  const { mask, axis = 0 } = kwargs
  const kept =
    isList(mask) && mask.every((one) => typeof one === 'boolean') ? mask.flatMap((one, k) => (one ? [k] : [])) : undefined
  const unread = kept === undefined ? 'mask' : unreadIn(kwargs, ['mask', 'axis'])
  return { className: 'Take', args: [args[0] ?? null, kept ?? []], settings: { axis }, unread }
}

/** The lower or the upper triangle of a matrix with its diagonal. */
function triangleOf(args: readonly Argument[], kwargs: Readonly<Record<string, Argument>>): FunctionCall {
  const { num_lower: lower, num_upper: upper } = kwargs
  const className = upper === 0 && lower === -1 ? 'Tril' : 'Triu'
  const isTriangle = className === 'Tril' || (lower === 0 && upper === -1)
  const unread = isTriangle ? unreadIn(kwargs, ['num_lower', 'num_upper']) : 'num_lower and num_upper'
  return { className, args: args.slice(0, 1), settings: {}, unread }
}

/** The first version of TensorFlow has predictions first. */
function inTopKOf(args: readonly Argument[], kwargs: Readonly<Record<string, Argument>>): FunctionCall {
  const { targets = null, k = null } = kwargs
  return { className: 'InTopK', args: [targets, args[0] ?? null], settings: { k }, unread: unreadIn(kwargs, ['targets', 'k']) }
}

/** Sizes are told for all four axes. */
function patchesOf(args: readonly Argument[], kwargs: Readonly<Record<string, Argument>>): FunctionCall {
  const spatial = (key: string): Argument => (isList(kwargs[key]) ? kwargs[key].slice(1, 3) : null)
  const settings = {
    size: spatial('sizes'),
    strides: spatial('strides'),
    dilation_rate: spatial('rates'),
    padding: kwargs.padding ?? 'valid',
  }
  const unread = unreadIn(kwargs, ['sizes', 'strides', 'rates', 'padding'])
  return { className: 'ExtractPatches', args: args.slice(0, 1), settings, unread }
}

/** Functions whose arguments are others than the operation's. */
const OWN_FORMS: Readonly<
  Record<string, (args: readonly Argument[], kwargs: Readonly<Record<string, Argument>>) => FunctionCall>
> = {
  split: splitOf,
  boolean_mask: maskedOf,
  band_part: triangleOf,
  in_top_k: inTopKOf,
  'image.extract_patches': patchesOf,
}
