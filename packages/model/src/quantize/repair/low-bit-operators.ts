// Operators that take and give floats and hold their weights in 8 bits or fewer: DynamicQuantizeLSTM, which quantizes what it reads by its own
// range; MatMulNBits, whose weights come in blocks; QEmbedLayerNormalization, whose tables are dequantized row by row.
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.DynamicQuantizeLSTM, #com.microsoft.MatMulNBits,
// #com.microsoft.QEmbedLayerNormalization
import { node as makeNode } from '@whyslow/graph/build.ts'
import { readBytes } from '@whyslow/graph/constants.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import { decodeNumbers } from '@whyslow/graph/decode.ts'
import { realBlocks } from '@whyslow/graph/rewrite/block-weights.ts'
import { trimInputs } from '@whyslow/graph/rewrite/match.ts'
import { transposeMatrix } from '@whyslow/graph/rewrite/matrices.ts'
import type { NodeView } from '@whyslow/graph/types.ts'
import { dequantizeModel, type FloatTwin, type FloatWeights, storedWeights } from './float-twin.ts'
import type { QuantizedGraph } from './quantized-graph.ts'

const TWINS: Readonly<Record<string, (quantized: QuantizedGraph, node: NodeView) => FloatTwin | undefined>> = {
  DynamicQuantizeLSTM: lstm,
  MatMulNBits: nBits,
  QEmbedLayerNormalization: embedding,
}

export const LOW_BIT_OPERATORS = Object.keys(TWINS)

/** Twins of the operators whose weights are constants that are understood. */
export const lowBitTwins = (quantized: QuantizedGraph): readonly FloatTwin[] =>
  quantized.at.graph.nodes.flatMap((node) => TWINS[node.opType]?.(quantized, node) ?? [])

function lstm(quantized: QuantizedGraph, product: NodeView): FloatTwin | undefined {
  const { inputs } = product
  const w = gates(quantized, [inputs[1], inputs[8], inputs[9]])
  const r = gates(quantized, [inputs[2], inputs[10], inputs[11]])
  if (w === undefined || r === undefined) return undefined
  const proto = quantized.protoOf(product)
  const write = (weights: readonly string[]) => [
    copyWith(proto, { opType: 'LSTM', domain: '', input: trimInputs([inputs[0]!, ...weights, ...inputs.slice(3, 8)]) }),
  ]
  return { product, nodes: [product], weights: [w, r], write }
}

/** [directions, inputs, gates] become [directions, gates, inputs]; scales are one for each direction, or for each of its gates. */
function gates(quantized: QuantizedGraph, named: readonly (string | undefined)[]): FloatWeights | undefined {
  const stored = storedWeights(quantized, named)
  if (stored?.constant.shape.length !== 3) return undefined
  const [directions, inputs, width] = stored.constant.shape as [number, number, number]
  const { length } = stored.scales
  const fits = length === directions || length === directions * width
  if (!fits || ![1, length].includes(stored.zeroPoints.length)) return undefined
  const size = inputs * width
  const channelOf = (place: number) => {
    const direction = Math.floor(place / size)
    return length === directions ? direction : direction * width + (place % width)
  }
  const real = () => {
    const turned = dequantizeModel(quantized, stored, channelOf)
    const straight = new Float32Array(turned.length)
    for (let at = 0; at < turned.length; at += size)
      straight.set(transposeMatrix(turned.subarray(at, at + size), inputs, width), at)
    return straight
  }
  return { key: named.join(' '), name: named[0]!, shape: [directions, width, inputs], real }
}

/** Weights by blocks become a matrix [inputs, outputs]. */
function nBits({ matching, model, protoOf, fresh }: QuantizedGraph, product: NodeView): FloatTwin | undefined {
  const { K: k, N: n, bits = 4, block_size: blockSize, weight_prepacked: prepacked = 0 } = product.attributes
  const [x, name, scaleName, pointName, order, bias] = product.inputs
  const [packed, scales, points] = [name, scaleName, pointName].map((one) => matching.constant(one))
  if (![k, n, blockSize].every((one) => typeof one === 'number') || ![2, 4, 8].includes(bits as number)) return undefined
  if (prepacked !== 0 || order) return undefined
  const layout = { bits: bits as number, blockSize: blockSize as number }
  const size = { k: k as number, n: n as number, blocks: Math.ceil((k as number) / layout.blockSize) }
  const isPacked = packed?.dtype === 'uint8' && packed.elementCount * 8 === size.n * size.blocks * layout.blockSize * layout.bits
  if (!isPacked || scales?.dtype !== 'float32' || (pointName && points?.dtype !== 'uint8')) return undefined
  const bytesOfPoints = size.n * Math.ceil((size.blocks * layout.bits) / 8)
  if (scales.elementCount !== size.n * size.blocks || (points && points.elementCount !== bytesOfPoints)) return undefined
  const real = () => {
    const zeroPoints = points === undefined ? null : readBytes(model, points)
    const numbers = decodeNumbers(readBytes(model, scales), scales.dtype, scales.elementCount)!
    const rows = realBlocks({ ...size, packed: readBytes(model, packed), scales: numbers, zeroPoints }, layout)
    return transposeMatrix(rows, size.n, size.k)
  }
  const [value] = product.outputs
  const write = ([w]: readonly string[]) => {
    const sums = bias ? fresh(`${value}_sums`) : value!
    const float = copyWith(protoOf(product), { opType: 'MatMul', domain: '', attribute: [], input: [x!, w!], output: [sums] })
    return bias ? [float, makeNode({ opType: 'Add', name: `${value}_Add` }, [sums, bias], [value!])] : [float]
  }
  const weights = [{ key: [name, scaleName, pointName].join(' '), name: name!, shape: [size.k, size.n], real }]
  return { product, nodes: [product], weights, write }
}

/** Its tables, gain and offset; the table of segments may be left out. */
const TABLES = [2, 3, 4, 5, 6]
const [SCALES, ZERO_POINTS, MASK] = [8, 13, 7]

function embedding(quantized: QuantizedGraph, product: NodeView): FloatTwin | undefined {
  const { inputs } = product
  const given = TABLES.filter((at) => inputs[at])
  const weights = given.flatMap((at): FloatWeights[] => {
    const named = [inputs[at], inputs[SCALES + at - 2], inputs[ZERO_POINTS + at - 2]]
    const stored = storedWeights(quantized, named)
    if (stored?.scales.length !== 1 || stored.zeroPoints.length !== 1) return []
    const real = () => dequantizeModel(quantized, stored, () => 0)
    return [{ key: named.join(' '), name: named[0]!, shape: stored.constant.shape, real }]
  })
  if (weights.length < given.length) return undefined
  const write = (names: readonly string[]) => {
    const tables = TABLES.map((at) => names[given.indexOf(at)] ?? '')
    const input = trimInputs([...inputs.slice(0, 2), ...tables, inputs[MASK] ?? ''])
    return [copyWith(quantized.protoOf(product), { opType: 'EmbedLayerNormalization', input })]
  }
  return { product, nodes: [product], weights, write }
}
