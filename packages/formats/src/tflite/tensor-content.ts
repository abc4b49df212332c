// What a tensor of a .tflite file is: its element type in ONNX, how it is quantized, and its content where it is a constant.
// https://github.com/google-ai-edge/LiteRT/blob/main/tflite/converter/schema/schema.fbs

import { constantOf } from '@whyslow/graph/builder/broadcast.ts'
import { arrayOver, type ConstantData } from '@whyslow/graph/builder/constant-data.ts'
import { elementCount, isDType } from '@whyslow/graph/dtype.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { DType } from '@whyslow/graph/types.ts'
import type { CheckedModel } from './checked-model.ts'
import { TENSOR_TYPES, type TensorRow } from './schema.ts'
import { densify } from './sparse-content.ts'

/** real = scale · (stored - zeroPoint); with more than one scale, along `axis`. */
export interface Quantization {
  readonly scales: readonly number[]
  readonly zeroPoints: readonly number[]
  readonly axis: number
}

/** Types of less than 8 bits are unpacked when they are read. */
const UNPACKED: Readonly<Record<string, DType>> = { INT4: 'int8', INT2: 'int8', UINT4: 'uint8' }

/** Undefined for types that ONNX cannot hold or that are no tensors (resources, variants). */
export function dtypeOf({ type }: TensorRow): DType | undefined {
  const name = TENSOR_TYPES[type]!
  const alike = name.toLowerCase()
  return UNPACKED[name] ?? (isDType(alike) ? alike : undefined)
}

/** Undefined if it is not quantized: integers without a scale are just integers. Throws InputError for quantization by blocks. */
export function quantizationOf({ quantization, name }: TensorRow, file: string): Quantization | undefined {
  if (quantization === undefined) return undefined
  const { scale, zero_point, quantized_dimension, details } = quantization
  if (details !== undefined && details.member !== 'CustomQuantization')
    throw new InputError(`${file}: tensor ${name} is quantized by ${details.member}, which is not read`)
  if (scale.length === 0) return undefined
  return { scales: scale, zeroPoints: zero_point.length > 0 ? zero_point : scale.map(() => 0), axis: quantized_dimension }
}

/** Undefined if the tensor is no constant. Views into the file wherever they can be. */
export function contentOf(tensor: TensorRow, { contents }: CheckedModel, file: string): ConstantData | undefined {
  const content = contents[tensor.buffer]!
  const dtype = dtypeOf(tensor)
  const count = elementCount(tensor.shape)
  // A constant without elements has no bytes either; nothing else can be told from what an operator makes.
  if (content.byteLength === 0 || dtype === undefined) return undefined
  if (dtype === 'string') return { dtype, shape: tensor.shape, data: stringsOf(content, count, `${file}: tensor ${tensor.name}`) }
  const type = TENSOR_TYPES[tensor.type]!
  const stored = tensor.sparsity === undefined ? content : densify(content, tensor, type, file)
  const bits = type === 'INT4' || type === 'UINT4' ? 4 : type === 'INT2' ? 2 : 8
  const bytes = bits < 8 ? unpacked(stored, count, bits, type !== 'UINT4') : stored
  // Numbers stand on multiples of their size in files of the real makers.
  const data = arrayOver(dtype, bytes, count)
  if (data === undefined) throw new InputError(`${file}: constants of type ${type} (${tensor.name}) are not read`)
  return { dtype, shape: tensor.shape, data }
}

/** Elements of less than 8 bits, the first in the lowest, one a byte. */
function unpacked(packed: Uint8Array, count: number, bits: number, signed: boolean): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(count)
  const [each, mask, sign] = [8 / bits, 2 ** bits - 1, 2 ** (bits - 1)]
  for (let k = 0; k < count; k++) {
    const value = (packed[Math.floor(k / each)]! >> ((k % each) * bits)) & mask
    result[k] = signed && value >= sign ? value - 2 ** bits : value
  }
  return result
}

/** Count, count + 1 offsets from the start, bytes. */
function stringsOf(content: Uint8Array<ArrayBuffer>, count: number, what: string): string[] {
  const damaged = () => new InputError(`${what} is damaged: its strings lie outside it; export the model again`)
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength)
  if (content.byteLength < 4 || view.getInt32(0, true) !== count || content.byteLength < 8 + 4 * count) throw damaged()
  const decoder = new TextDecoder()
  return Array.from({ length: count }, (_, k) => {
    const [from, to] = [view.getUint32(4 + 4 * k, true), view.getUint32(8 + 4 * k, true)]
    if (from > to || to > content.byteLength) throw damaged()
    return decoder.decode(content.subarray(from, to))
  })
}

/** A state of more cells is none that a model keeps. */
const MOST_FILLED = 2 ** 22

/** A constant with the same number everywhere. Throws a RangeError if it would be too large. */
export function fill(dtype: DType, shape: readonly number[], value: number): ConstantData {
  if (elementCount(shape) > MOST_FILLED) throw new RangeError(`there are ${elementCount(shape)} cells to fill`)
  return constantOf(
    dtype,
    shape,
    Array.from({ length: elementCount(shape) }, () => value),
  )
}
