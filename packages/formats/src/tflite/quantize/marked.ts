// A float model whose activations are marked with ranges, as .tflite in int8. A mark is a QuantizeLinear and a DequantizeLinear behind it,
// with one scale: whoever runs them rounds the value, and whoever writes integers knows its range. Weights are float, and quantized here.

import { copyWith } from '@whyslow/graph/copy.ts'
import { editGraph, readOther, withGraph } from '@whyslow/graph/edit.ts'
import { isFloatNode } from '@whyslow/graph/float-nodes.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { isOperator, type Matching, matchGraph } from '@whyslow/graph/rewrite/match.ts'
import type { NodeProto } from 'onnx-buf'
import { encodeLite } from '../write/index.ts'
import { liteGraphOf } from '../write/lite-model.ts'
import { quantizedOf, type Range } from './numbers.ts'
import { fullInteger, type Ranges } from './static.ts'

const ENDS = { int8: [-128, 127], uint8: [0, 255] } as const

/**
 * The bytes of a .tflite file: in int8 what is marked, else in float. Throws InputError as `liteGraphOf` does, and if a weight is no finite
 * number.
 */
export function liteBytesOf(model: Model): Uint8Array<ArrayBuffer> {
  const { float, ranges, inFloat } = withoutMarks(model)
  const { file } = model.source
  const graph = liteGraphOf(float)
  return encodeLite(ranges.size > 0 ? quantizedOf(file, () => fullInteger(graph, ranges, inFloat)) : graph, file)
}

export interface UnmarkedModel {
  readonly float: Model
  readonly ranges: Ranges
  /** Names of nodes that stay in float. */
  readonly inFloat: ReadonlySet<string>
}

/** The model in float, and what its values were marked with. */
export function withoutMarks(model: Model): UnmarkedModel {
  const { graph } = model.proto
  const ranges = new Map<string, Range>()
  const inFloat = new Set(graph?.node.filter(isFloatNode).map(({ name }) => name))
  if (graph === undefined || !graph.node.some(({ opType }) => opType === 'DequantizeLinear'))
    return { float: model, ranges, inFloat }
  const matching = matchGraph(model, graph)
  const [remove, made, read] = [new Set<NodeProto>(), new Map<string, string>(), new Map<string, string>()]
  for (const back of graph.node) {
    const mark = markOf(matching, back)
    if (mark === undefined) continue
    const [from, to] = [mark.quantize.input[0]!, back.output[0]!]
    const isOwn = matching.producer(from) !== undefined && matching.readers(from).length === 1 && !matching.isOutput(from)
    if (!isOwn && matching.isOutput(to)) continue
    // Under the name that its readers know, and the model's owner if it is an output.
    if (isOwn) made.set(from, to)
    else read.set(to, from)
    ranges.set(isOwn ? to : from, mark.range)
    remove.add(mark.quantize).add(back)
  }
  if (remove.size === 0) return { float: model, ranges, inFloat }
  const kept = graph.node.filter((node) => !remove.has(node))
  const node = kept.map((one) => readOther(copyWith(one, { output: one.output.map((name) => made.get(name) ?? name) }), read))
  return { float: withGraph(model, editGraph(copyWith(graph, { node }), {})), ranges, inFloat }
}

interface Mark {
  readonly quantize: NodeProto
  readonly range: Range
}

/** A DequantizeLinear that gives back what the QuantizeLinear before it was given, rounded. */
function markOf(matching: Matching, back: NodeProto): Mark | undefined {
  if (!isOperator(back, 'DequantizeLinear')) return undefined
  const quantize = matching.producer(back.input[0]!)
  if (!isOperator(quantize, 'QuantizeLinear') || matching.onlyReader(quantize) !== back) return undefined
  const points = [quantize, back].map(({ input }) => ({
    scale: matching.scalar(input[1]),
    zeroPoint: matching.scalar(input[2]),
    type: matching.constant(input[2])?.dtype,
  }))
  const [{ scale, zeroPoint, type }, other] = points as [(typeof points)[number], (typeof points)[number]]
  if (scale === undefined || zeroPoint === undefined || (type !== 'int8' && type !== 'uint8')) return undefined
  if (other.scale !== scale || other.zeroPoint !== zeroPoint || other.type !== type) return undefined
  const [low, high] = ENDS[type].map((end) => (end - zeroPoint) * scale) as [number, number]
  return { quantize, range: { low, high } }
}
