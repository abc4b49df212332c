// Every weight and constant of a model, wherever it lives: initializers (dense and sparse), `Constant` nodes (some exporters
// put all weights there), external files; in the main graph, in subgraphs and in functions.
// `Constant`: https://onnx.ai/onnx/operators/onnx__Constant.html
import type { AttributeProto, ModelProto, NodeProto, SparseTensorProto, TensorProto } from 'onnx-buf'
import { dtypeOf, elementCount, isFloat } from './dtype.ts'
import { InputError } from './input-error.ts'
import type { Model } from './model.ts'
import { denseBytes, sparseType } from './sparse.ts'
import { externalRange, inlineBytes, isExternal, tensorSizeInBytes, tensorType } from './tensor-data.ts'
import type { DType, TensorType } from './types.ts'
import { holdersOf, inputNames, type NodeHolder, nodesOf } from './walk.ts'

/** Where a constant's data are in the file. */
export type ConstantData =
  | { readonly kind: 'tensor'; readonly tensor: TensorProto }
  | { readonly kind: 'sparse'; readonly sparse: SparseTensorProto }
  /** `value_float(s)`, `value_int(s)`, `value_string(s)` of a `Constant` node. */
  | { readonly kind: 'attribute'; readonly attribute: AttributeProto }

/** A constant of the model, found but not read. */
export interface Constant extends TensorType {
  /** The value's name. */
  readonly name: string
  readonly elementCount: number
  /** Bytes as stored: for sparse tensors, values and indices; for strings, their characters. */
  readonly sizeBytes: number
  readonly from: 'initializer' | 'constant-node' | 'external'
  /** Set where the initializer is listed among its graph's inputs. */
  readonly isGraphInput: boolean
  /** The graph or function that it belongs to. */
  readonly holder: NodeHolder
  readonly data: ConstantData
}

/** Before, every initializer had to be listed as an input, and engines take it for constant all the same. */
const OVERRIDABLE_FROM_IR = 4n

/** A caller may give another value for it in each prediction. */
export const isOverridable = (
  { proto }: { readonly proto: ModelProto },
  { isGraphInput }: Pick<Constant, 'isGraphInput'>,
): boolean => isGraphInput && proto.irVersion >= OVERRIDABLE_FROM_IR

/**
 * Every constant of the model, main graph first. Reads no external data.
 * Throws InputError if a tensor's type or shape makes no sense.
 */
export function constantsOf(model: { readonly proto: ModelProto }): Constant[] {
  return holdersOf(model.proto).flatMap((holder) => constantsIn(holder))
}

/** The constants of one graph or function, without those of its subgraphs. Throws as `constantsOf` does. */
export function constantsIn(holder: NodeHolder): Constant[] {
  const found: Constant[] = []
  if (holder.$typeName === 'onnx.GraphProto') {
    const inputs = new Set(inputNames(holder))
    for (const tensor of holder.initializer) {
      found.push({ ...fromTensor(tensor, tensor.name, 'initializer'), isGraphInput: inputs.has(tensor.name), holder })
    }
    for (const sparse of holder.sparseInitializer) {
      const name = sparse.values?.name ?? ''
      found.push({ ...fromSparse(sparse, name, 'initializer'), isGraphInput: inputs.has(name), holder })
    }
  }
  for (const node of holder.node) {
    const constant = constantNode(node)
    if (constant !== undefined) found.push({ ...constant, isGraphInput: false, holder })
  }
  return found
}

type Found = Omit<Constant, 'isGraphInput' | 'holder'>

/** True for a `Constant` node whose value stands in the file (inside functions it may be a parameter of the call). */
export function isConstantNode(node: NodeProto): boolean {
  return node.opType === 'Constant' && (node.domain === '' || node.domain === 'ai.onnx') && valueAttribute(node) !== undefined
}

function valueAttribute(node: NodeProto): AttributeProto | undefined {
  return node.attribute.find((attribute) => VALUE_ATTRIBUTES.has(attribute.name) && attribute.refAttrName === '')
}

const VALUE_ATTRIBUTES: ReadonlySet<string> = new Set([
  'value',
  'sparse_value',
  'value_float',
  'value_floats',
  'value_int',
  'value_ints',
  'value_string',
  'value_strings',
])

function constantNode(node: NodeProto): Found | undefined {
  if (!isConstantNode(node)) return undefined
  const attribute = valueAttribute(node)!
  const name = node.output[0] ?? ''
  if (attribute.t !== undefined) return fromTensor(attribute.t, name, 'constant-node')
  if (attribute.sparseTensor !== undefined) return fromSparse(attribute.sparseTensor, name, 'constant-node')
  const data: ConstantData = { kind: 'attribute', attribute }
  const from = 'constant-node'
  const found = (dtype: DType, shape: number[], sizeBytes: number): Found => {
    return { name, dtype, shape, elementCount: elementCount(shape), sizeBytes, from, data }
  }
  switch (attribute.name) {
    case 'value_float':
      return found('float32', [], 4)
    case 'value_floats':
      return found('float32', [attribute.floats.length], 4 * attribute.floats.length)
    case 'value_int':
      return found('int64', [], 8)
    case 'value_ints':
      return found('int64', [attribute.ints.length], 8 * attribute.ints.length)
    case 'value_string':
      return found('string', [], attribute.s.byteLength)
    case 'value_strings':
      return found('string', [attribute.strings.length], sum(attribute.strings.map((text) => text.byteLength)))
    default:
      throw new InputError(`Constant '${name}' holds no tensor; the file is damaged or was not exported whole`)
  }
}

function fromTensor(tensor: TensorProto, name: string, place: 'initializer' | 'constant-node'): Found {
  const type = tensorType(tensor, name)
  return {
    name,
    ...type,
    elementCount: elementCount(type.shape),
    sizeBytes: tensorSizeInBytes(tensor, type),
    from: isExternal(tensor) ? 'external' : place,
    data: { kind: 'tensor', tensor },
  }
}

function fromSparse(sparse: SparseTensorProto, name: string, place: 'initializer' | 'constant-node'): Found {
  const type = sparseType(sparse, name)
  const parts = [sparse.values, sparse.indices].filter((part) => part !== undefined)
  return {
    name,
    ...type,
    elementCount: elementCount(type.shape),
    sizeBytes: sum(parts.map((part) => tensorSizeInBytes(part, tensorType(part, name)))),
    from: parts.some(isExternal) ? 'external' : place,
    data: { kind: 'sparse', sparse },
  }
}

/**
 * The constant's bytes: dense, little-endian, elements below 8 bits packed. Raw data are a view into the file's bytes (do
 * not write to it); typed fields, sparse and external tensors are new arrays. Throws InputError if the data do not fit
 * the shape or their file cannot be read, and if the constant holds strings (`readStrings` is for those).
 */
export function readBytes(model: Model, constant: Constant): Uint8Array {
  const { name, data } = constant
  if (constant.dtype === 'string') throw new InputError(`Constant '${name}' holds strings, not numbers`)
  if (data.kind === 'tensor') return tensorBytes(model, data.tensor, name)
  if (data.kind === 'sparse') return denseBytes(data.sparse, name, (tensor) => tensorBytes(model, tensor, name))
  const { attribute } = data
  const scalar = attribute.name === 'value_float' || attribute.name === 'value_int'
  if (constant.dtype === 'float32') return bytesOf(Float32Array.from(scalar ? [attribute.f] : attribute.floats))
  return bytesOf(BigInt64Array.from(scalar ? [attribute.i] : attribute.ints))
}

/** The strings of a constant of strings; empty for any other type. Invalid UTF-8 becomes U+FFFD. */
export function readStrings(constant: Constant): string[] {
  const { data } = constant
  if (constant.dtype !== 'string' || data.kind === 'sparse') return []
  const decoder = new TextDecoder()
  if (data.kind === 'tensor') return data.tensor.stringData.map((text) => decoder.decode(text))
  const { attribute } = data
  return (attribute.name === 'value_string' ? [attribute.s] : attribute.strings).map((text) => decoder.decode(text))
}

function tensorBytes(model: Model, tensor: TensorProto, name: string): Uint8Array {
  return isExternal(tensor) ? readExternal(model, tensor, name) : inlineBytes(tensor, name)
}

/** An external tensor's bytes, or a part of them. Throws InputError if they are not there. */
export function readExternal(
  model: Model,
  tensor: TensorProto,
  name: string,
  part?: { readonly start: number; readonly length: number },
): Uint8Array {
  const range = externalRange(tensor, tensorType(tensor, name), name)
  const source = model.weights.get(range.location)
  if (source === undefined) {
    throw new InputError(`Tensor '${name}' is in '${range.location}', which was not opened; read the model from its own folder`)
  }
  try {
    return source.read(range.offset + (part?.start ?? 0), part?.length ?? range.length)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new InputError(
      `Tensor '${name}' ends after the end of '${range.location}' (${source.sizeBytes} bytes); copy that file again`,
    )
  }
}

/**
 * How many numbers the model learned: elements of its constants of any float type and of integers up to 32 bits (quantized
 * weights and biases), plus the float arrays of ai.onnx.ml nodes (coefficients, thresholds, leaves). int64, bool and
 * strings are left out: they are shapes, indices and labels. Reads no external data.
 */
export function countParameters(model: { readonly proto: ModelProto }): number {
  const constants = constantsOf(model).filter(({ dtype }) => !NOT_LEARNED.has(dtype))
  return sum(constants.map((constant) => constant.elementCount)) + sum(mlAttributes(model.proto).map(learnedElements))
}

const NOT_LEARNED: ReadonlySet<DType> = new Set(['int64', 'uint64', 'bool', 'string'])

/** Bytes of all constants, and of the number arrays of ai.onnx.ml nodes (trees live there). Reads no external data. */
export function weightsBytes(model: { readonly proto: ModelProto }): number {
  return sum(constantsOf(model).map((constant) => constant.sizeBytes)) + sum(mlAttributes(model.proto).map(attributeBytes))
}

function mlAttributes(proto: ModelProto): AttributeProto[] {
  return nodesOf(proto).flatMap((node) => (node.domain === 'ai.onnx.ml' ? node.attribute : []))
}

function learnedElements({ floats, t }: AttributeProto): number {
  const dtype = t === undefined ? undefined : dtypeOf(t.dataType)
  return floats.length + (dtype !== undefined && isFloat(dtype) ? elementCount(t!.dims.map(Number)) : 0)
}

function attributeBytes({ floats, ints, t }: AttributeProto): number {
  return 4 * floats.length + 8 * ints.length + (t === undefined ? 0 : tensorSizeInBytes(t, tensorType(t)))
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

function bytesOf(array: Float32Array | BigInt64Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
}
