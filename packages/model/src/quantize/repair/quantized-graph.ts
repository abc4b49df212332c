// A quantized model as repairs look at it: the view by which conditions are told, and the messages that are rewritten. The main graph
// alone: conversions in branches and bodies are left unchanged.
import { create } from '@bufbuild/protobuf'
import { floatTensor, rawTensor } from '@whyslow/graph/build.ts'
import { type Constant, readBytes } from '@whyslow/graph/constants.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import { decodeNumbers } from '@whyslow/graph/decode.ts'
import { editGraph, freshNames, type GraphEdit, joinEdits, withGraph } from '@whyslow/graph/edit.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { type Neighbours, neighboursOf } from '@whyslow/graph/neighbours.ts'
import { type Matching, matchGraph } from '@whyslow/graph/rewrite/match.ts'
import type { NodeView } from '@whyslow/graph/types.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { type BrokenCondition, brokenCondition } from '@whyslow/measure/engines/onnxruntime/int8/conditions.ts'
import { type Conversion, conversionOf, isDequantize } from '@whyslow/measure/engines/onnxruntime/int8/conversion.ts'
import { type GraphProto, type NodeProto, NodeProtoSchema, type TensorProto } from 'onnx-buf'
import type { QuantizationParameters } from '../write/numbers.ts'

export interface QuantizedGraph {
  readonly model: Model
  readonly graph: GraphProto
  readonly at: Neighbours
  readonly matching: Matching
  /** The message of a node of the main graph's view. */
  protoOf(node: NodeView): NodeProto
  /** What dequantizes the node's input; undefined if nothing does. */
  sourceOf(node: NodeView, index: number): Conversion | undefined
  /** The condition that the node's group breaks. */
  brokenOf(node: NodeView): BrokenCondition | undefined
  fresh(hint: string): string
}

export function quantizedGraph(model: Model): QuantizedGraph | undefined {
  const { graph } = model.proto
  if (graph === undefined) return undefined
  const at = neighboursOf(viewGraph(model))
  const byOutput = new Map(graph.node.flatMap((node) => node.output.map((name) => [name, node] as const)))
  const matching = matchGraph(model, graph)
  return {
    model,
    graph,
    at,
    matching,
    protoOf: (node) => byOutput.get(node.outputs.find((name) => name !== '')!)!,
    sourceOf(node, index) {
      const source = at.producer(node.inputs[index])
      return isDequantize(source) ? conversionOf(source, at) : undefined
    },
    // Where int8 activations stay int8, what breaks by them otherwise runs in int8, as it does once that is repaired.
    brokenOf: (node) => brokenCondition(node, at, { opset: matching.opset, keepsInt8: false }),
    fresh: freshNames(graph),
  }
}

/** A change that takes a broken condition away. */
export interface Repair {
  readonly edit: GraphEdit
  /** First outputs of the operators repaired. */
  readonly nodes: readonly string[]
}

/** The model with the repairs made. */
export function withRepairs({ model, graph }: QuantizedGraph, repairs: readonly Pick<Repair, 'edit'>[]): Model {
  return withGraph(model, editGraph(graph, joinEdits(repairs.map(({ edit }) => edit))))
}

/** Repairs of which no two take out the same node: the others are found again in the next round. */
export function selectDisjoint(repairs: readonly Repair[]): Repair[] {
  const taken = new Set<NodeProto>()
  return repairs.filter(({ edit: { remove } }) => {
    if ([...(remove ?? [])].some((node) => taken.has(node))) return false
    for (const node of remove ?? []) taken.add(node)
    return true
  })
}

/** The node with another input at `index`, and with inputs up to there. */
export function withInput(node: NodeProto, index: number, name: string): NodeProto {
  const input = [...node.input]
  while (input.length < index) input.push('')
  input[index] = name
  return copyWith(node, { input })
}

/** A scale and a zero point for a whole tensor, as new constants. */
export function newParameters(
  { fresh }: QuantizedGraph,
  hint: string,
  { scale, zeroPoint }: QuantizationParameters,
  dtype: 'uint8' | 'int8',
) {
  const names = [fresh(`${hint}_scale`), fresh(`${hint}_zero_point`)] as const
  const tensors: TensorProto[] = [
    floatTensor(names[0], [], [scale]),
    rawTensor(names[1], dtype, [], Uint8Array.of(zeroPoint & 255)),
  ]
  return { names, tensors }
}

export function conversionNode(
  opType: 'QuantizeLinear' | 'DequantizeLinear',
  input: readonly string[],
  output: string,
): NodeProto {
  return create(NodeProtoSchema, { opType, input: [...input], output: [output], name: `${output}_${opType}` })
}

/** The numbers that a vector represents, dequantized or float; undefined if it is no vector of constants. */
export function realNumbersOf({ at, matching, model }: QuantizedGraph, name: string | undefined): Float32Array | undefined {
  const source = at.producer(name)
  const dequantized = isDequantize(source) ? conversionOf(source, at) : undefined
  const constant = matching.constant(dequantized === undefined ? name : dequantized.node.inputs[0])
  if (constant === undefined || constant.shape.length !== 1) return undefined
  const stored = decodeNumbers(readBytes(model, constant), constant.dtype, constant.elementCount)
  if (stored === undefined) return undefined
  if (dequantized === undefined) return constant.dtype === 'float32' ? Float32Array.from(stored) : undefined
  const { scale, zeroPoint } = dequantized
  if (scale === undefined || zeroPoint === undefined) return undefined
  const of = (values: readonly number[], k: number) => values[values.length === 1 ? 0 : k]!
  return Float32Array.from(stored, (value, k) => Math.fround((value - of(zeroPoint, k)) * of(scale, k)))
}

const INTEGERS: Readonly<Record<string, (bytes: ArrayBuffer) => ArrayLike<number>>> = {
  int8: (bytes) => new Int8Array(bytes),
  uint8: (bytes) => new Uint8Array(bytes),
  int16: (bytes) => new Int16Array(bytes),
  uint16: (bytes) => new Uint16Array(bytes),
  int32: (bytes) => new Int32Array(bytes),
}

/** The integers of a constant of 8 to 32 bits, a copy; undefined for other types. */
export function integersOf(model: Model, constant: Constant): ArrayLike<number> | undefined {
  const read = INTEGERS[constant.dtype]
  return read?.(readBytes(model, constant).slice().buffer as ArrayBuffer)
}
