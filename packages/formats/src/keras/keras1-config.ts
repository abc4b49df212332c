// Configurations of Keras 1 in the words of Keras 2: classes and arguments were renamed, not changed.
// keras 2.2.4: keras/legacy/interfaces.py, keras/legacy/layers.py
import { isRecord, type Json, type JsonRecord } from '../layers/layer-config.ts'

const CLASSES: Readonly<Record<string, string>> = {
  Convolution1D: 'Conv1D',
  Convolution2D: 'Conv2D',
  Convolution3D: 'Conv3D',
  AtrousConvolution1D: 'Conv1D',
  AtrousConvolution2D: 'Conv2D',
  Deconvolution2D: 'Conv2DTranspose',
  SeparableConvolution2D: 'SeparableConv2D',
  TimeDistributedDense: 'Dense',
}

const ARGUMENTS: Readonly<Record<string, string>> = {
  output_dim: 'units',
  init: 'kernel_initializer',
  inner_init: 'recurrent_initializer',
  inner_activation: 'recurrent_activation',
  bias: 'use_bias',
  p: 'rate',
  sigma: 'stddev',
  nb_filter: 'filters',
  filter_length: 'kernel_size',
  subsample: 'strides',
  subsample_length: 'strides',
  atrous_rate: 'dilation_rate',
  border_mode: 'padding',
  pool_length: 'pool_size',
  stride: 'strides',
  length: 'size',
}

/** A layer or a model, with all that is in it, as Keras 2 would have written it. */
export function inWordsOfKeras2(value: Json): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map(inWordsOfKeras2)
  if (!isRecord(value)) return value
  const { class_name: className, config } = value
  const inner = Object.fromEntries(Object.entries(value).map(([key, item]) => [key, inWordsOfKeras2(item)]))
  if (typeof className !== 'string' || !isRecord(config)) return inner
  const name = Object.hasOwn(CLASSES, className) ? CLASSES[className]! : className
  return { ...inner, class_name: name, config: renamed(inner.config as JsonRecord, className) }
}

function renamed(config: JsonRecord, className: string): JsonRecord {
  const kept = className === 'Embedding'
  const entries = Object.entries(config).map(([key, value]) => [
    !kept && Object.hasOwn(ARGUMENTS, key) ? ARGUMENTS[key]! : key,
    value,
  ])
  const { nb_row: rows, nb_col: columns, dim_ordering: order, ...rest } = Object.fromEntries(entries) as Record<string, Json>
  const depths = ['kernel_dim1', 'kernel_dim2', 'kernel_dim3'].map((key) => config[key] ?? null)
  return {
    ...rest,
    ...(rows === undefined || columns === undefined ? {} : { kernel_size: [rows, columns] }),
    ...(depths.every((size) => size !== null) ? { kernel_size: depths } : {}),
    ...(order === 'th' || order === 'tf' ? { data_format: order === 'th' ? 'channels_first' : 'channels_last' } : {}),
    // Keras 1 knows the older form alone, and has no such argument.
    ...(className === 'GRU' ? { reset_after: false } : {}),
  }
}
