// The plain view of a model's graph: what the file says, without protobuf and without weights.
import type { GraphProto, NodeProto, TypeProto, ValueInfoProto } from 'onnx-buf'
import { attributeView } from './attributes.ts'
import { type Constant, constantsIn, isConstantNode, readBytes } from './constants.ts'
import { decodeNumbers } from './decode.ts'
import { dtypeOf, isInteger } from './dtype.ts'
import { InputError } from './input-error.ts'
import type { Model } from './model.ts'
import { isExternal } from './tensor-data.ts'
import type { AttributeView, ConstantView, Dimension, GraphView, NodeView, TensorType, ValueDeclaration } from './types.ts'
import { subgraphsOf } from './walk.ts'

/** A constant's numbers are put into the view up to this many elements: shapes, scales, zero points. */
const VALUES_LIMIT = 64
/** Integers and bools up to this many: long shape, index and zero-point lists; larger ones are weights. This many scales, too. */
const INTEGER_VALUES_LIMIT = 4096

/** The view of the model's main graph. Throws InputError if the model has no graph or a constant makes no sense. */
export function viewGraph(model: Model): GraphView {
  if (model.proto.graph === undefined) throw new InputError(`${model.source.file} holds no graph; export the model again`)
  return view(model, model.proto.graph)
}

function view(model: Model, graph: GraphProto): GraphView {
  const constants = constantsIn(graph)
  const constantNames = new Set(constants.map(({ name }) => name))
  const scales = new Set(graph.node.filter(isConversion).flatMap(({ input }) => input.slice(1)))
  return {
    name: graph.name,
    nodes: graph.node.flatMap((node, index) => (isConstantNode(node) ? [] : [viewNode(model, node, index)])),
    inputs: graph.input.filter(({ name }) => !constantNames.has(name)).map(declaration),
    outputs: graph.output.map(declaration),
    constants: record(constants.map((constant) => [constant.name, viewConstant(model, constant, scales.has(constant.name))])),
    types: record(graph.valueInfo.flatMap((info) => knownType(info))),
  }
}

function viewNode(model: Model, node: NodeProto, index: number): NodeView {
  return {
    name: nodeName(node, index),
    opType: node.opType,
    domain: node.domain === 'ai.onnx' ? '' : node.domain,
    inputs: [...node.input],
    outputs: [...node.output],
    attributes: record(
      node.attribute.flatMap((attribute): [string, AttributeView][] => {
        const value = attributeView(attribute)
        return value === undefined ? [] : [[attribute.name, value]]
      }),
    ),
    subgraphs: record(subgraphsOf(node).map(({ attribute, graph }) => [attribute, view(model, graph)])),
  }
}

/** The node's own name; else its first output's that is not omitted; else its operator with its place in the graph. */
export function nodeName(node: NodeProto, index: number): string {
  return node.name || node.output.find((output) => output !== '') || `${node.opType}_${index}`
}

/** Its scales and zero points tell whether it fuses, one for each channel. */
const isConversion = ({ opType }: NodeProto): boolean => opType === 'QuantizeLinear' || opType === 'DequantizeLinear'

/** A constant as the view shows it: values where they are few, or `asked` for; no statistics. */
function viewConstant(model: Model, constant: Constant, asked = false): ConstantView {
  const { name, dtype, shape, sizeBytes, from, isGraphInput } = constant
  const values = smallValues(model, constant, asked)
  return { name, dtype, shape, sizeBytes, from, isGraphInput, ...(values === undefined ? {} : { values }) }
}

function smallValues(model: Model, constant: Constant, asked: boolean): number[] | undefined {
  const { dtype, elementCount } = constant
  const limit = asked || isInteger(dtype) || dtype === 'bool' ? INTEGER_VALUES_LIMIT : VALUES_LIMIT
  if (elementCount > limit || dtype === 'string' || !isPresent(constant)) return undefined
  return decodeNumbers(readBytes(model, constant), dtype, elementCount)
}

/** False for a tensor whose data were taken out. */
function isPresent({ data, elementCount }: Constant): boolean {
  if (data.kind !== 'tensor' || elementCount === 0) return true
  const { tensor } = data
  const typed = [tensor.floatData, tensor.int32Data, tensor.int64Data, tensor.doubleData, tensor.uint64Data]
  return isExternal(tensor) || tensor.rawData.byteLength > 0 || typed.some((field) => field.length > 0)
}

/** What a graph input, output or value is declared to be. */
export function declaration({ name, type }: ValueInfoProto): ValueDeclaration {
  const tensor = type?.value.case === 'tensorType' || type?.value.case === 'sparseTensorType' ? type.value.value : undefined
  return {
    name,
    kind: KINDS[type?.value.case ?? 'none'],
    dtype: tensor === undefined ? null : (dtypeOf(tensor.elemType) ?? null),
    shape: tensor?.shape?.dim.map(({ value }) => dimension(value)) ?? null,
  }
}

const KINDS: Readonly<Record<NonNullable<TypeProto['value']['case']> | 'none', ValueDeclaration['kind']>> = {
  tensorType: 'tensor',
  sequenceType: 'sequence',
  mapType: 'map',
  optionalType: 'optional',
  sparseTensorType: 'sparse',
  none: 'unknown',
}

/** What some exporters call every free dimension: those that bear it need not have one size. */
const NAMELESS = /^(|\?|-1|none|unk|unknown|dynamic|dyn|any)$/i

export const isNameless = (symbol: string): boolean => NAMELESS.test(symbol.trim())

/** Negative numbers (-1 in some exports) and symbols of all free dimensions say nothing. */
function dimension(
  value: { case: 'dimValue'; value: bigint } | { case: 'dimParam'; value: string } | { case: undefined },
): Dimension {
  if (value.case === 'dimParam') return isNameless(value.value) ? null : value.value
  return value.case === 'dimValue' && value.value >= 0n ? Number(value.value) : null
}

function knownType(info: ValueInfoProto): [string, TensorType][] {
  const { name, kind, dtype, shape } = declaration(info)
  if (kind !== 'tensor' || dtype === null || shape === null) return []
  const known = shape.filter((size) => typeof size === 'number')
  return known.length === shape.length ? [[name, { dtype, shape: known }]] : []
}

/** A record that has no prototype, so that a value named 'constructor' is found only if the graph has one. */
function record<Value>(entries: readonly (readonly [string, Value])[]): Readonly<Record<string, Value>> {
  const plain: Record<string, Value> = Object.create(null)
  for (const [key, value] of entries) plain[key] = value
  return plain
}
