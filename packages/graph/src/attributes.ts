// A node's attributes as plain values. Models of IR version 1 carry no attribute type; what is set tells it.
// https://github.com/onnx/onnx/blob/main/docs/IR.md#attributes
import { type AttributeProto, type NodeProto, AttributeProto_AttributeType as Type } from 'onnx-buf'
import { dtypeOf } from './dtype.ts'
import type { AttributeView } from './types.ts'

/** An attribute's plain value; undefined if the node does not give it. */
export function attributeOf(node: NodeProto, name: string): AttributeView | undefined {
  const found = node.attribute.find((one) => one.name === name)
  return found === undefined ? undefined : attributeView(found)
}

/** A number among the attributes, or its default. */
export function numberOf(node: NodeProto, name: string, otherwise: number): number {
  const value = attributeOf(node, name)
  return typeof value === 'number' ? value : otherwise
}

/** Integers among the attributes; undefined if the node does not give them. */
export function intsOf(node: NodeProto, name: string): readonly number[] | undefined {
  const value = attributeOf(node, name)
  return Array.isArray(value) && value.every((one) => typeof one === 'number') ? value : undefined
}

/**
 * Number, string, array of either, or a tensor's type; int64 beyond 2^53 is rounded. Null if there is no plain value:
 * types, lists of tensors, parameters of a function. Undefined for graphs, which the view holds as subgraphs.
 */
export function attributeView(attribute: AttributeProto): AttributeView | undefined {
  if (attribute.refAttrName !== '') return null
  switch (attribute.type === Type.UNDEFINED ? typeBySetField(attribute) : attribute.type) {
    case Type.FLOAT:
      return attribute.f
    case Type.INT:
      return Number(attribute.i)
    case Type.STRING:
      return text(attribute.s)
    case Type.FLOATS:
      return [...attribute.floats]
    case Type.INTS:
      return attribute.ints.map(Number)
    case Type.STRINGS:
      return attribute.strings.map(text)
    case Type.TENSOR:
      return tensorView(attribute.t?.dataType, attribute.t?.dims)
    case Type.SPARSE_TENSOR:
      return tensorView(attribute.sparseTensor?.values?.dataType, attribute.sparseTensor?.dims)
    case Type.GRAPH:
    case Type.GRAPHS:
      return undefined
    default:
      return null
  }
}

function tensorView(dataType: number | undefined, dims: readonly bigint[] | undefined): AttributeView {
  const dtype = dataType === undefined ? undefined : dtypeOf(dataType)
  return dtype === undefined || dims === undefined ? null : { dtype, shape: dims.map(Number) }
}

function typeBySetField(attribute: AttributeProto): Type {
  if (attribute.t !== undefined) return Type.TENSOR
  if (attribute.g !== undefined) return Type.GRAPH
  if (attribute.graphs.length > 0) return Type.GRAPHS
  if (attribute.ints.length > 0) return Type.INTS
  if (attribute.floats.length > 0) return Type.FLOATS
  if (attribute.strings.length > 0) return Type.STRINGS
  if (attribute.s.byteLength > 0) return Type.STRING
  if (attribute.f !== 0) return Type.FLOAT
  return Object.hasOwn(attribute, 'i') ? Type.INT : Type.UNDEFINED
}

const decoder = new TextDecoder()

function text(bytes: Uint8Array): string {
  return decoder.decode(bytes)
}
