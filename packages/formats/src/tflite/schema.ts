// A .tflite file: the tables of its FlatBuffer, version 3d. Slots never change, fields are only added behind.
// https://github.com/google-ai-edge/LiteRT/blob/main/tflite/converter/schema/schema.fbs
import { bool, bytes, int8, int32, type Row, removedField, table, tables, text, uint32, uint64, union, vector } from './fields.ts'
import { OPTIONS, OPTIONS_2 } from './options.ts'

/** Identifier at bytes 4 to 8 of the file. */
export const IDENTIFIER = 'TFL3'

/** Element types by their numbers. */
export const TENSOR_TYPES = [
  'FLOAT32',
  'FLOAT16',
  'INT32',
  'UINT8',
  'INT64',
  'STRING',
  'BOOL',
  'INT16',
  'COMPLEX64',
  'INT8',
  'FLOAT64',
  'COMPLEX128',
  'UINT64',
  'RESOURCE',
  'VARIANT',
  'UINT32',
  'UINT16',
  'INT4',
  'BFLOAT16',
  'INT2',
  'UINT4',
  'FLOAT8_E4M3FN',
  'FLOAT8_E5M2',
] as const

/** What stands in the options as `fused_activation_function`. */
export const ACTIVATIONS = ['NONE', 'RELU', 'RELU_N1_TO_1', 'RELU6', 'TANH', 'SIGN_BIT'] as const

/** real = scale · (q - zero_point), along `quantized_dimension` where there is more than one scale. No scale: not quantized. */
const QUANTIZATION = {
  min: vector('float32'),
  max: vector('float32'),
  scale: vector('float32'),
  zero_point: vector('int64'),
  details: union({
    CustomQuantization: { custom: bytes(16) },
    BlockwiseQuantization: { scales: int32(), zero_points: int32(), block_size: int32() },
    MultiAxisQuantization: { scales: int32(), zero_points: int32(), block_size: int32(), quantized_dimensions: vector('int32') },
  }),
  quantized_dimension: int32(),
}

const SPARSE_INDICES = union({
  Int32Vector: { values: vector('int32') },
  Uint16Vector: { values: vector('uint16') },
  Uint8Vector: { values: vector('uint8') },
})

/** `format`: 0 dense (`dense_size`), 1 compressed rows (`array_segments`, `array_indices`). */
const DIMENSION = { format: int8(), dense_size: int32(), array_segments: SPARSE_INDICES, array_indices: SPARSE_INDICES }
const SPARSITY = { traversal_order: vector('int32'), block_map: vector('int32'), dim_metadata: tables(DIMENSION) }

/** `shape` has 1 if `shape_signature` has -1: a size that is free. Buffer 0: no content. */
export const TENSOR = {
  shape: vector('int32'),
  type: int8(),
  buffer: uint32(),
  name: text(),
  quantization: table(QUANTIZATION),
  is_variable: bool(),
  sparsity: table(SPARSITY),
  shape_signature: vector('int32'),
  has_rank: bool(),
  variant_tensors: tables({ shape: vector('int32'), type: int8(), has_rank: bool() }),
  external_buffer: uint32(),
}

/** The operator is the larger of the two codes: old files have the first alone, which holds at most 127. */
const OPERATOR_CODE = { deprecated_builtin_code: int8(), custom_code: text(), version: int32(1), builtin_code: int32() }

/** Indices of tensors; -1 leaves an optional input out. */
const OPERATOR = {
  opcode_index: uint32(),
  inputs: vector('int32'),
  outputs: vector('int32'),
  builtin_options: union(OPTIONS),
  custom_options: bytes(),
  custom_options_format: int8(),
  mutating_variable_inputs: vector('bool'),
  intermediates: vector('int32'),
  large_custom_options_offset: uint64(),
  large_custom_options_size: uint64(),
  builtin_options_2: union(OPTIONS_2),
  debug_metadata_index: int32(-1),
}

const SUBGRAPH = {
  tensors: tables(TENSOR),
  inputs: vector('int32'),
  outputs: vector('int32'),
  operators: tables(OPERATOR),
  name: text(),
  debug_metadata_index: int32(-1),
}

/** `offset`, `size` (above 1): content behind the FlatBuffer, from the start of the file. */
const BUFFER = { data: bytes(16), offset: uint64(), size: uint64() }

const TENSOR_MAP = { name: text(), tensor_index: uint32() }
const SIGNATURE = {
  inputs: tables(TENSOR_MAP),
  outputs: tables(TENSOR_MAP),
  signature_key: text(),
  deprecated_tag: removedField(),
  subgraph_index: uint32(),
}

export const MODEL = {
  version: uint32(),
  operator_codes: tables(OPERATOR_CODE),
  subgraphs: tables(SUBGRAPH),
  description: text(),
  buffers: tables(BUFFER),
  metadata_buffer: vector('int32'),
  metadata: tables({ name: text(), buffer: uint32() }),
  signature_defs: tables(SIGNATURE),
  external_buffer_groups: tables({ name: text() }),
  external_buffers: tables({ id: uint32(), group: uint32(), offset: uint64(), length: uint64(), packing: text() }),
}

export type ModelRow = Row<typeof MODEL>
export type SubgraphRow = Row<typeof SUBGRAPH>
export type TensorRow = Row<typeof TENSOR>
export type OperatorRow = Row<typeof OPERATOR>
export type SignatureRow = Row<typeof SIGNATURE>
