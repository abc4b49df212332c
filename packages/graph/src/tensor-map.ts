// Every tensor of a model, replaced: initializers, attributes, subgraphs and functions.
import type { AttributeProto, GraphProto, ModelProto, NodeProto, SparseTensorProto, TensorProto } from 'onnx-buf'
import { copyWith } from './copy.ts'

type MapTensor = (tensor: TensorProto) => TensorProto

/** A copy that shares what stays with the original. */
export function mapTensors(proto: ModelProto, map: MapTensor): ModelProto {
  return copyWith(proto, {
    graph: proto.graph && mapGraph(proto.graph, map),
    functions: proto.functions.map((body) => copyWith(body, { node: body.node.map((node) => mapNode(node, map)) })),
  })
}

function mapGraph(graph: GraphProto, map: MapTensor): GraphProto {
  return copyWith(graph, {
    initializer: graph.initializer.map(map),
    sparseInitializer: graph.sparseInitializer.map((sparse) => mapSparse(sparse, map)),
    node: graph.node.map((node) => mapNode(node, map)),
  })
}

function mapNode(node: NodeProto, map: MapTensor): NodeProto {
  if (!node.attribute.some(holdsTensor)) return node
  return copyWith(node, { attribute: node.attribute.map((one) => (holdsTensor(one) ? mapAttribute(one, map) : one)) })
}

const holdsTensor = ({ t, g, sparseTensor, tensors, graphs, sparseTensors }: AttributeProto): boolean =>
  [t, g, sparseTensor].some((one) => one !== undefined) || [tensors, graphs, sparseTensors].some(({ length }) => length > 0)

function mapAttribute(attribute: AttributeProto, map: MapTensor): AttributeProto {
  const { t, g, sparseTensor } = attribute
  return copyWith(attribute, {
    t: t && map(t),
    g: g && mapGraph(g, map),
    sparseTensor: sparseTensor && mapSparse(sparseTensor, map),
    tensors: attribute.tensors.map(map),
    graphs: attribute.graphs.map((graph) => mapGraph(graph, map)),
    sparseTensors: attribute.sparseTensors.map((sparse) => mapSparse(sparse, map)),
  })
}

function mapSparse(sparse: SparseTensorProto, map: MapTensor): SparseTensorProto {
  return copyWith(sparse, { values: sparse.values && map(sparse.values), indices: sparse.indices && map(sparse.indices) })
}
