// A model without its large weights: small enough to keep or send where only the graph matters. Names, types and shapes stay.
import type { ModelProto, TensorProto } from 'onnx-buf'
import { copyWith } from '../../src/copy.ts'
import { dtypeOf, elementCount, sizeInBytes } from '../../src/dtype.ts'
import { mapTensors } from '../../src/tensor-map.ts'

/** Tensors up to this size stay: shapes, axes and scales, without which the graph cannot be understood. */
const SMALL_BYTES = 1024

/**
 * A copy in which no tensor above `limitBytes` has data, in initializers, attributes, subgraphs and functions. The copy shares
 * what stays with the original, cannot be run, and `viewGraph` accepts it. External tensors of any size lose their reference.
 */
export function stripWeights(proto: ModelProto, limitBytes = SMALL_BYTES): ModelProto {
  return mapTensors(proto, (tensor) => stripTensor(tensor, limitBytes))
}

function stripTensor(tensor: TensorProto, limitBytes: number): TensorProto {
  if (tensor.externalData.length === 0 && storedBytes(tensor) <= limitBytes) return tensor
  return copyWith(tensor, {
    rawData: undefined,
    floatData: [],
    int32Data: [],
    int64Data: [],
    doubleData: [],
    uint64Data: [],
    stringData: [],
    externalData: [],
    dataLocation: undefined,
  })
}

function storedBytes(tensor: TensorProto): number {
  const dtype = dtypeOf(tensor.dataType)
  const shape = tensor.dims.map(Number)
  const strings = tensor.stringData.reduce((sum, text) => sum + text.byteLength, 0)
  return dtype === undefined ? tensor.rawData.byteLength : (sizeInBytes({ dtype, shape }) ?? strings + elementCount(shape))
}
