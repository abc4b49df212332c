// The bytes of one TensorProto, wherever the message keeps them: raw data, one of the typed fields, or a reference to an
// external file. Which types go into which field: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto (TensorProto);
// external data: https://github.com/onnx/onnx/blob/main/docs/ExternalData.md
import { create } from '@bufbuild/protobuf'
import { StringStringEntryProtoSchema, type TensorProto, TensorProto_DataLocation } from 'onnx-buf'
import { copyWith } from './copy.ts'
import { bitsPerElement, dtypeOf, elementCount, sizeInBytes } from './dtype.ts'
import { InputError } from './input-error.ts'
import type { TensorType } from './types.ts'

export interface ExternalRange {
  /** The file, as the model writes it: relative to the model's folder, unchecked. */
  readonly location: string
  readonly offset: number
  readonly length: number
}

/** True where the bytes are in another file. */
export function isExternal(tensor: TensorProto): boolean {
  return tensor.dataLocation === TensorProto_DataLocation.EXTERNAL
}

/** Element type and shape. Throws InputError if the type is unknown or a dimension negative. */
export function tensorType(tensor: TensorProto, name = tensor.name): TensorType {
  const dtype = dtypeOf(tensor.dataType)
  if (dtype === undefined) {
    throw new InputError(`Tensor '${name}' has element type ${tensor.dataType}, which is unknown; export the model again`)
  }
  const shape = tensor.dims.map(Number)
  const negative = shape.find((dimension) => dimension < 0)
  if (negative !== undefined) {
    throw new InputError(`Tensor '${name}' has a dimension of ${negative}; the file is damaged or was not exported whole`)
  }
  return { dtype, shape }
}

/** Bytes of the tensor as it is stored: from type and shape; for strings, from their lengths. */
export function tensorSizeInBytes(tensor: TensorProto, type: TensorType): number {
  return sizeInBytes(type) ?? tensor.stringData.reduce((sum, text) => sum + text.byteLength, 0)
}

/** Where an external tensor's bytes are. Throws InputError if the reference cannot be understood. */
export function externalRange(tensor: TensorProto, type: TensorType, name = tensor.name): ExternalRange {
  const entries = new Map(tensor.externalData.map(({ key, value }) => [key, value]))
  const location = entries.get('location') ?? ''
  const expected = sizeInBytes(type)
  if (location === '') throw new InputError(`Tensor '${name}' is external data without a file name; export the model again`)
  if (expected === undefined) throw new InputError(`Tensor '${name}' has strings in external data, which ONNX does not allow`)
  const offset = wholeNumber(entries.get('offset') ?? '0')
  const length = wholeNumber(entries.get('length') ?? String(expected))
  if (offset === undefined || length === undefined) {
    throw new InputError(`Tensor '${name}' names no valid offset and length in '${location}'; export the model again`)
  }
  if (length !== expected) {
    throw new InputError(`Tensor '${name}' is ${length} bytes in '${location}', but its shape needs ${expected}; export it again`)
  }
  return { location, offset, length }
}

/** The tensor with a reference in place of its data; entries of other kinds, such as those of prepacked weights, stay. */
export function externalReference(tensor: TensorProto, { location, offset, length }: ExternalRange): TensorProto {
  const place = { location, offset: String(offset), length: String(length) }
  const kept = tensor.externalData.filter(({ key }) => !(key in place))
  const entries = Object.entries(place).map(([key, value]) => create(StringStringEntryProtoSchema, { key, value }))
  return copyWith(tensor, {
    rawData: undefined,
    floatData: [],
    int32Data: [],
    int64Data: [],
    doubleData: [],
    uint64Data: [],
    dataLocation: TensorProto_DataLocation.EXTERNAL,
    externalData: [...entries, ...kept],
  })
}

function wholeNumber(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

/** What is wrong with the tensor's own description of itself, in one line; undefined if nothing is. Reads no file. */
export function tensorProblem(tensor: TensorProto, name = tensor.name): string | undefined {
  try {
    const type = tensorType(tensor, name)
    if (isExternal(tensor)) externalRange(tensor, type, name)
    else if (type.dtype === 'string') checkCount(tensor.stringData.length, elementCount(type.shape), 'strings', name)
    else if (tensor.rawData.byteLength > 0) checkCount(tensor.rawData.byteLength, sizeInBytes(type)!, 'bytes', name)
    else checkCount(typedField(tensor, type).length, typedLength(type), 'numbers', name)
    return undefined
  } catch (error) {
    if (error instanceof InputError) return error.message
    throw error
  }
}

function checkCount(present: number, needed: number, what: string, name: string): void {
  if (present === needed) return
  throw new InputError(`Tensor '${name}' holds ${present} ${what}, but its shape needs ${needed}; export the model again`)
}

/**
 * The tensor's bytes, little-endian and packed: a view into the file for raw data, a new array for typed fields. Not for
 * external tensors and strings. Throws InputError if the bytes do not fit the shape.
 */
export function inlineBytes(tensor: TensorProto, name = tensor.name): Uint8Array {
  const type = tensorType(tensor, name)
  if (tensor.rawData.byteLength > 0) {
    checkCount(tensor.rawData.byteLength, sizeInBytes(type)!, 'bytes', name)
    return tensor.rawData
  }
  const numbers = typedField(tensor, type)
  checkCount(numbers.length, typedLength(type), 'numbers', name)
  return encodeTyped(numbers, type)
}

/** The field that holds numbers of this type if there is no raw data. */
function typedField(tensor: TensorProto, { dtype }: TensorType): readonly (number | bigint)[] {
  switch (dtype) {
    case 'float32':
    case 'complex64':
      return tensor.floatData
    case 'float64':
    case 'complex128':
      return tensor.doubleData
    case 'int64':
      return tensor.int64Data
    case 'uint32':
    case 'uint64':
      return tensor.uint64Data
    default:
      return tensor.int32Data
  }
}

/** Entries that a typed field needs: two per complex number; below 8 bits, one per byte. */
function typedLength(type: TensorType): number {
  const bits = bitsPerElement(type.dtype)
  if (type.dtype.startsWith('complex')) return 2 * elementCount(type.shape)
  return bits !== undefined && bits < 8 ? sizeInBytes(type)! : elementCount(type.shape)
}

function encodeTyped(numbers: readonly (number | bigint)[], type: TensorType): Uint8Array {
  const bytes = new Uint8Array(sizeInBytes(type)!)
  const view = new DataView(bytes.buffer)
  const width = bytes.byteLength / Math.max(1, numbers.length)
  for (let i = 0; i < numbers.length; i++) {
    const value = numbers[i]!
    if (typeof value === 'bigint') {
      if (width === 8) view.setBigInt64(i * 8, BigInt.asIntN(64, value), true)
      else view.setUint32(i * 4, Number(BigInt.asUintN(32, value)), true)
    } else if (type.dtype === 'float32' || type.dtype === 'complex64') view.setFloat32(i * 4, value, true)
    else if (type.dtype === 'float64' || type.dtype === 'complex128') view.setFloat64(i * 8, value, true)
    else if (width === 4) view.setInt32(i * 4, value, true)
    else if (width === 2) view.setUint16(i * 2, value & 0xffff, true)
    else view.setUint8(i, value & 0xff)
  }
  return bytes
}
