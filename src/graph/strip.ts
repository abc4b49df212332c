// A model without its large weights: small enough to keep or send where only the graph matters. Names, types and shapes stay.
import type { AttributeProto, GraphProto, ModelProto, NodeProto, SparseTensorProto, TensorProto } from 'onnx-buf'
import { copyWith } from './copy.ts'
import { dtypeOf, elementCount, sizeInBytes } from './dtype.ts'

/** Tensors up to this size stay: shapes, axes and scales, without which the graph cannot be understood. */
const SMALL_BYTES = 1024

/**
 * A copy in which no tensor above `limitBytes` has data, in initializers, attributes, subgraphs and functions. The copy shares
 * what stays with the original, cannot be run, and `viewGraph` accepts it. External tensors of any size lose their reference.
 */
export function stripWeights(proto: ModelProto, limitBytes = SMALL_BYTES): ModelProto {
  return copyWith(proto, {
    graph: proto.graph === undefined ? undefined : stripGraph(proto.graph, limitBytes),
    functions: proto.functions.map((body) => copyWith(body, { node: body.node.map((node) => stripNode(node, limitBytes)) })),
  })
}

function stripGraph(graph: GraphProto, limitBytes: number): GraphProto {
  return copyWith(graph, {
    initializer: graph.initializer.map((tensor) => stripTensor(tensor, limitBytes)),
    sparseInitializer: graph.sparseInitializer.map((sparse) => stripSparse(sparse, limitBytes)),
    node: graph.node.map((node) => stripNode(node, limitBytes)),
  })
}

function stripNode(node: NodeProto, limitBytes: number): NodeProto {
  if (!node.attribute.some(holdsTensor)) return node
  return copyWith(node, { attribute: node.attribute.map((attribute) => stripAttribute(attribute, limitBytes)) })
}

function holdsTensor({ t, tensors, g, graphs, sparseTensor }: AttributeProto): boolean {
  return t !== undefined || g !== undefined || sparseTensor !== undefined || tensors.length > 0 || graphs.length > 0
}

function stripAttribute(attribute: AttributeProto, limitBytes: number): AttributeProto {
  if (!holdsTensor(attribute)) return attribute
  const { t, g, sparseTensor } = attribute
  return copyWith(attribute, {
    t: t && stripTensor(t, limitBytes),
    g: g && stripGraph(g, limitBytes),
    sparseTensor: sparseTensor && stripSparse(sparseTensor, limitBytes),
    tensors: attribute.tensors.map((tensor) => stripTensor(tensor, limitBytes)),
    graphs: attribute.graphs.map((graph) => stripGraph(graph, limitBytes)),
  })
}

function stripSparse(sparse: SparseTensorProto, limitBytes: number): SparseTensorProto {
  const { values, indices } = sparse
  return copyWith(sparse, {
    values: values && stripTensor(values, limitBytes),
    indices: indices && stripTensor(indices, limitBytes),
  })
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
