// Making ONNX models in code: chains to calibrate with, single operators whose speed is measured, fixtures.
// What each message holds: https://github.com/onnx/onnx/blob/main/docs/IR.md
import { create, toBinary } from '@bufbuild/protobuf'
import {
  type AttributeProto,
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  type FunctionProto,
  FunctionProtoSchema,
  type GraphProto,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
  TensorProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from 'onnx-buf'
import { dataTypeOf } from './dtype.ts'
import type { Model } from './model.ts'
import type { Dimension, DType } from './types.ts'

/** An attribute with its ONNX type said, where a plain value would leave it open. */
export type TypedAttribute =
  | { readonly float: number }
  | { readonly int: number | bigint }
  | { readonly floats: readonly number[] }
  | { readonly ints: readonly (number | bigint)[] }
  /** The name of a parameter of the function that the node is in. */
  | { readonly parameter: string }

/**
 * A node's attribute. Plain numbers: whole ones become int, others float; the same for lists (an empty list is ints). Say
 * `{ float: 1 }` or `{ floats: [1, 2] }` for a whole number that ONNX wants as float.
 */
export type AttributeValue =
  | number
  | bigint
  | string
  | readonly number[]
  | readonly bigint[]
  | readonly string[]
  | TensorProto
  | GraphProto
  | TypedAttribute

/** An operator and, where it matters, its domain ('' for ai.onnx) and the node's own name. */
export interface NodeHead {
  readonly opType: string
  readonly domain?: string
  readonly name?: string | undefined
}

/** What the node is (an operator of ai.onnx as plain text), input and output value names ('' omits an optional one), attributes. */
export function node(
  head: string | NodeHead,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, AttributeValue>> = {},
): NodeProto {
  const { opType, domain = '', name = '' } = typeof head === 'string' ? { opType: head } : head
  return create(NodeProtoSchema, {
    opType,
    input: [...inputs],
    output: [...outputs],
    attribute: Object.entries(attributes).map(([key, value]) => attribute(key, value)),
    ...(name === '' ? {} : { name }),
    ...(domain === '' ? {} : { domain }),
  })
}

/** One attribute; see `AttributeValue` for how its type is chosen. */
export function attribute(name: string, value: AttributeValue): AttributeProto {
  return create(AttributeProtoSchema, { name, ...attributeFields(value) })
}

function attributeFields(value: AttributeValue) {
  if (typeof value === 'string') return { type: AttributeType.STRING, s: utf8(value) }
  if (typeof value === 'bigint') return intField(value)
  if (typeof value === 'number') return Number.isInteger(value) ? intField(value) : floatField(value)
  if (isList(value)) {
    if (isStrings(value)) return { type: AttributeType.STRINGS, strings: value.map(utf8) }
    return value.every((item) => typeof item === 'bigint' || Number.isInteger(item)) ? intsField(value) : floatsField(value)
  }
  if ('$typeName' in value) {
    return value.$typeName === 'onnx.TensorProto'
      ? { type: AttributeType.TENSOR, t: value }
      : { type: AttributeType.GRAPH, g: value }
  }
  if ('int' in value) return intField(value.int)
  if ('float' in value) return floatField(value.float)
  if ('ints' in value) return intsField(value.ints)
  if ('floats' in value) return floatsField(value.floats)
  return { refAttrName: value.parameter }
}

function isList(value: AttributeValue): value is readonly number[] | readonly bigint[] | readonly string[] {
  return Array.isArray(value)
}

function isStrings(value: readonly unknown[]): value is readonly string[] {
  return value.length > 0 && value.every((item) => typeof item === 'string')
}

function intField(value: number | bigint) {
  return { type: AttributeType.INT, i: BigInt(value) }
}

function floatField(value: number) {
  return { type: AttributeType.FLOAT, f: value }
}

function intsField(values: readonly (number | bigint | string)[]) {
  return { type: AttributeType.INTS, ints: values.map(BigInt) }
}

function floatsField(values: readonly (number | bigint | string)[]) {
  return { type: AttributeType.FLOATS, floats: values.map(Number) }
}

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text)
}

/** A tensor from its bytes: little-endian, elements below 8 bits packed, as many as type and shape need. Not copied. */
export function rawTensor(name: string, dtype: DType, shape: readonly number[], bytes: Uint8Array<ArrayBuffer>): TensorProto {
  return create(TensorProtoSchema, { name, dataType: dataTypeOf(dtype), dims: shape.map(BigInt), rawData: bytes })
}

/** A float32 tensor as raw data. */
export function floatTensor(name: string, shape: readonly number[], values: Iterable<number>): TensorProto {
  return rawTensor(name, 'float32', shape, bytesOf(Float32Array.from(values)))
}

/** An int64 tensor as raw data. */
export function int64Tensor(name: string, shape: readonly number[], values: readonly (number | bigint)[]): TensorProto {
  return rawTensor(name, 'int64', shape, bytesOf(BigInt64Array.from(values, BigInt)))
}

/** A tensor of strings. */
export function stringTensor(name: string, shape: readonly number[], values: readonly string[]): TensorProto {
  const stringData = values.map(utf8)
  return create(TensorProtoSchema, { name, dataType: dataTypeOf('string'), dims: shape.map(BigInt), stringData })
}

function bytesOf(array: Float32Array<ArrayBuffer> | BigInt64Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
}

/** A graph input, output or value: a tensor with fixed (number), named (string) or unknown (null) dimensions. No shape: any rank. */
export function valueInfo(name: string, dtype: DType, shape?: readonly Dimension[]): ValueInfoProto {
  const value = {
    elemType: dataTypeOf(dtype),
    ...(shape === undefined ? {} : { shape: { dim: shape.map((size) => ({ value: dimension(size) })) } }),
  }
  return create(ValueInfoProtoSchema, { name, type: { value: { case: 'tensorType', value } } })
}

function dimension(size: Dimension) {
  if (size === null) return { case: undefined }
  return typeof size === 'number'
    ? { case: 'dimValue' as const, value: BigInt(size) }
    : { case: 'dimParam' as const, value: size }
}

export interface GraphParts {
  readonly nodes: readonly NodeProto[]
  readonly inputs?: readonly ValueInfoProto[]
  readonly outputs: readonly ValueInfoProto[]
  readonly initializers?: readonly TensorProto[]
  /** Types of intermediate values. */
  readonly values?: readonly ValueInfoProto[]
  readonly name?: string
}

/** A graph: of a model, or of an If, Loop or Scan as its attribute. */
export function graph({ nodes, inputs = [], outputs, initializers = [], values = [], name = 'graph' }: GraphParts): GraphProto {
  return create(GraphProtoSchema, {
    name,
    node: [...nodes],
    input: [...inputs],
    output: [...outputs],
    initializer: [...initializers],
    valueInfo: [...values],
  })
}

export interface ModelParts extends GraphParts {
  /** Opset of ai.onnx. Default 17. */
  readonly opset?: number
  /** Opsets of other domains, keyed by domain. */
  readonly opsets?: Readonly<Record<string, number>>
  /** Default 8, which every engine of the last years reads. */
  readonly irVersion?: number
  readonly functions?: readonly FunctionProto[]
}

/** A whole model. */
export function model(parts: ModelParts): ModelProto {
  const { opset = 17, opsets = {}, irVersion = 8, functions = [] } = parts
  return create(ModelProtoSchema, {
    irVersion: BigInt(irVersion),
    producerName: 'whyslow',
    graph: graph(parts),
    functions: [...functions],
    opsetImport: imports({ '': opset, ...opsets }),
  })
}

export interface FunctionParts {
  readonly name: string
  readonly domain: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly nodes: readonly NodeProto[]
  /** Names of the attributes that a call must give. */
  readonly attributes?: readonly string[]
  /** Opset of ai.onnx. Default 17. */
  readonly opset?: number
}

/** A function that nodes of its domain and name call (IR 8 and later). */
export function modelFunction({
  name,
  domain,
  inputs,
  outputs,
  nodes,
  attributes = [],
  opset = 17,
}: FunctionParts): FunctionProto {
  return create(FunctionProtoSchema, {
    name,
    domain,
    input: [...inputs],
    output: [...outputs],
    node: [...nodes],
    attribute: [...attributes],
    opsetImport: imports({ '': opset }),
  })
}

function imports(opsets: Readonly<Record<string, number>>) {
  return Object.entries(opsets).map(([domain, version]) => ({ domain, version: BigInt(version) }))
}

/** The model as the bytes of an .onnx file. Protobuf cannot hold more than 2 GB. */
export function writeModel(proto: ModelProto): Uint8Array<ArrayBuffer> {
  return toBinary(ModelProtoSchema, proto)
}

/** A Model around a graph made in code: no file, no hash, no external data. */
export function modelInMemory(proto: ModelProto): Model {
  const source = { file: proto.graph?.name ?? '', format: 'onnx', sha256: '', sizeBytes: 0 }
  return { proto, source, origins: new Map(), weights: new Map() }
}
