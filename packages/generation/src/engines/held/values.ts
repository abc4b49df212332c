// Tensors in ONNX Runtime's own memory (OrtValue): made, looked at, and copied along the axis of the tokens.
import { bitsPerElement, dataTypeOf, dtypeOf, elementCount } from '@whyslow/graph/dtype.ts'
import { ELEMENT_ARRAYS, type ElementArray } from '@whyslow/graph/element-arrays.ts'
import type { DType } from '@whyslow/graph/types.ts'
import type { Handle } from '@whyslow/measure/engines/koffi.ts'
import type { TensorValue } from '@whyslow/measure/engines/types.ts'
import type { OrtApi } from './c-api.ts'

const bytesPerElement = (dtype: DType): number => bitsPerElement(dtype)! / 8

const sizesOf = (shape: readonly number[]): BigInt64Array => BigInt64Array.from(shape, BigInt)

/** A tensor of the library's own memory, not cleared. */
export const newValue = (api: OrtApi, dtype: DType, shape: readonly number[]): Handle =>
  api.got('CreateTensorAsOrtValue', api.allocator, sizesOf(shape), shape.length, dataTypeOf(dtype))

export interface TypeAndShape {
  readonly dtype: DType
  readonly shape: readonly number[]
}

export function typeOf(api: OrtApi, value: Handle): TypeAndShape {
  const info = api.got('GetTensorTypeAndShape', value)
  try {
    const sizes = new BigInt64Array(Number(api.got('GetDimensionsCount', info)))
    if (sizes.length > 0) api.call('GetDimensions', info, sizes, sizes.length)
    return { dtype: dtypeOf(api.got('GetTensorElementType', info))!, shape: Array.from(sizes, Number) }
  } finally {
    api.free('TensorTypeAndShapeInfo', info)
  }
}

/** The memory of a tensor itself: not to be used after the tensor is freed or written by a run. */
export function bytesOf(api: OrtApi, value: Handle, { dtype, shape }: TypeAndShape): Uint8Array<ArrayBuffer> {
  const size = elementCount(shape) * bytesPerElement(dtype)
  if (size === 0) return new Uint8Array(0)
  return new Uint8Array(api.koffi.view(api.got('GetTensorMutableData', value), size))
}

/** A tensor of the library's own memory with these elements; the caller frees it. */
export function libraryValue(api: OrtApi, { dtype, shape, data }: TensorValue): Handle {
  const value = newValue(api, dtype, shape)
  const { buffer, byteOffset, byteLength } = data as Float32Array
  bytesOf(api, value, { dtype, shape }).set(new Uint8Array(buffer, byteOffset, byteLength))
  return value
}

/** A copy that JavaScript holds. */
export function tensorOf(api: OrtApi, value: Handle): TensorValue {
  const type = typeOf(api, value)
  const bytes = bytesOf(api, value, type).slice()
  return { ...type, shape: [...type.shape], data: typedOver(bytes.buffer, type.dtype) }
}

function typedOver(buffer: ArrayBuffer, dtype: DType): TensorValue['data'] {
  const Elements = ELEMENT_ARRAYS[dtype] as unknown as new (buffer: ArrayBuffer) => ElementArray
  return new Elements(buffer) as TensorValue['data']
}

/** Memory that tensors of growing shapes are made over: a mask, ids. */
export interface Memory {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** A tensor over the first elements of it; the caller frees it before the memory. */
  value(shape: readonly number[]): Handle
  free(): void
}

export function newMemory(api: OrtApi, dtype: DType, elements: number): Memory {
  const pointer = api.koffi.alloc('uint8_t', elements * bytesPerElement(dtype))
  return {
    bytes: new Uint8Array(api.koffi.view(pointer, elements * bytesPerElement(dtype))),
    value: (shape) =>
      api.got(
        'CreateTensorWithDataAsOrtValue',
        api.memory,
        pointer,
        elementCount(shape) * bytesPerElement(dtype),
        sizesOf(shape),
        shape.length,
        dataTypeOf(dtype),
      ),
    free: () => api.koffi.free(pointer),
  }
}

/** The shape with another size along one axis. */
export const withSize = (shape: readonly number[], axis: number, size: number): number[] =>
  shape.map((one, at) => (at === axis ? size : one))

/** Copies the first `count` places along `axis` of one block of memory to another, which differ in their size along it alone. */
export function copyAlong(
  from: Uint8Array,
  to: Uint8Array,
  {
    fromShape,
    toSize,
    axis,
    count,
  }: { readonly fromShape: readonly number[]; readonly toSize: number; readonly axis: number; readonly count: number },
): void {
  if (count === 0) return
  const outer = elementCount(fromShape.slice(0, axis))
  const [fromBlock, toBlock] = [from.length / outer, to.length / outer]
  const kept = (toBlock / toSize) * count
  for (let block = 0; block < outer; block++) to.set(from.subarray(block * fromBlock, block * fromBlock + kept), block * toBlock)
}

/** Another tensor of `size` along `axis` that holds the first `count` places of this one; this one stays. */
export function resizeAxis(
  api: OrtApi,
  value: Handle,
  axis: number,
  { size, count }: { readonly size: number; readonly count: number },
) {
  const type = typeOf(api, value)
  const shape = withSize(type.shape, axis, size)
  const made = newValue(api, type.dtype, shape)
  copyAlong(bytesOf(api, value, type), bytesOf(api, made, { dtype: type.dtype, shape }), {
    fromShape: type.shape,
    toSize: size,
    axis,
    count,
  })
  return made
}
