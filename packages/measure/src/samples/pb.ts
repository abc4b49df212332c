// A tensor as ONNX's test data holds it, one TensorProto a file: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
import { fromBinary } from '@bufbuild/protobuf'
import { InputError } from '@whyslow/graph/input-error.ts'
import { inlineBytes, isExternal, tensorProblem, tensorType } from '@whyslow/graph/tensor-data.ts'
import { type TensorProto, TensorProtoSchema } from 'onnx-buf'
import type { TensorValue } from '../engines/types.ts'
import { elementCount, viewAs } from './dtype-arrays.ts'

/** Name ('' if it has none) and content. Throws an InputError if the bytes are no tensor, or its data are elsewhere. */
export function readPb(bytes: Uint8Array, where: string): { readonly name: string; readonly tensor: TensorValue } {
  let proto: TensorProto
  try {
    proto = fromBinary(TensorProtoSchema, bytes)
  } catch {
    throw new InputError(`${where}: not an ONNX TensorProto; sequences, maps and optionals are not read`)
  }
  if (isExternal(proto)) throw new InputError(`${where}: its data lie in another file; save them inside the tensor`)
  const problem = tensorProblem(proto, proto.name || where)
  if (problem !== undefined)
    throw new InputError(`${where}: not an ONNX TensorProto of a known type, whole (sequences, maps and optionals are not read)`)
  const { dtype, shape } = tensorType(proto)
  const data =
    dtype === 'string'
      ? proto.stringData.map((text) => new TextDecoder().decode(text))
      : viewAs(dtype, inlineBytes(proto), elementCount(shape))
  return { name: proto.name, tensor: { dtype, shape, data } }
}
