// What rules need to know of weights when the weights are not there: range, zeros, NaN, and subnormal numbers, which are
// far slower to compute with on many CPUs. Weights are read in chunks, so that a model of many gigabytes can be described.
import { type Constant, constantsIn, readBytes, readExternal } from './constants.ts'
import { bfloat16Value, float16Values } from './decode.ts'
import { bitsPerElement } from './dtype.ts'
import type { Model } from './model.ts'
import { isExternal } from './tensor-data.ts'
import type { ConstantView, GraphView, NodeView, WeightStatistics } from './types.ts'
import { type NodeHolder, subgraphsOf } from './walk.ts'

/** External data are read in pieces of this size. */
const CHUNK_BYTES = 4 * 2 ** 20

/** The smallest normal float32, 2^-126: what is smaller and not zero is subnormal. */
const SMALLEST_NORMAL_FLOAT32 = 2 ** -126

/**
 * Statistics of a float32, float16, bfloat16 or int8 constant with at least one element; undefined for any other. NaN counts in
 * `nanCount` alone; `min` and `max` are NaN if every element is. float16 becomes float32 before it is judged subnormal.
 * Throws InputError if the data cannot be read.
 */
export function weightStatistics(model: Model, constant: Constant): WeightStatistics | undefined {
  const toNumber = NUMBERS[constant.dtype as keyof typeof NUMBERS]
  if (toNumber === undefined || constant.elementCount === 0) return undefined
  let min = Infinity
  let max = -Infinity
  let subnormal = 0
  let zero = 0
  let nan = 0
  for (const chunk of chunks(model, constant)) {
    const numbers = toNumber(chunk)
    for (let i = 0; i < numbers.length; i++) {
      const value = numbers[i]!
      if (value < min) min = value
      if (value > max) max = value
      if (value === 0) zero++
      else if (value < SMALLEST_NORMAL_FLOAT32 && value > -SMALLEST_NORMAL_FLOAT32) subnormal++
      // biome-ignore lint/suspicious/noSelfCompare: the fastest test for NaN in this loop
      else if (value !== value) nan++
    }
  }
  const { elementCount } = constant
  const range = nan === elementCount ? { min: NaN, max: NaN } : { min, max }
  return { ...range, subnormalShare: subnormal / elementCount, zeroShare: zero / elementCount, nanCount: nan }
}

const NUMBERS = {
  float32: (bytes: Uint8Array) => new Float32Array(aligned(bytes, 4)),
  float16: (bytes: Uint8Array) => float16Values(new Uint16Array(aligned(bytes, 2))),
  bfloat16: (bytes: Uint8Array) => Float32Array.from(new Uint16Array(aligned(bytes, 2)), bfloat16Value),
  int8: (bytes: Uint8Array) => new Int8Array(aligned(bytes, 1)),
}

/** A copy that starts at 0: views into a file are rarely aligned. */
function aligned(bytes: Uint8Array, width: number): ArrayBuffer {
  return bytes.slice(0, bytes.byteLength - (bytes.byteLength % width)).buffer as ArrayBuffer
}

function* chunks(model: Model, constant: Constant): Generator<Uint8Array> {
  const { data, name } = constant
  if (data.kind === 'tensor' && isExternal(data.tensor)) {
    for (let start = 0; start < constant.sizeBytes; start += CHUNK_BYTES) {
      yield readExternal(model, data.tensor, name, { start, length: Math.min(CHUNK_BYTES, constant.sizeBytes - start) })
    }
    return
  }
  const bytes = readBytes(model, constant)
  for (let start = 0; start < bytes.byteLength; start += CHUNK_BYTES) yield bytes.subarray(start, start + CHUNK_BYTES)
}

/**
 * The same view with statistics on every float and int8 constant of at least `minimumBytes` (default 1), in subgraphs too. `view` must be
 * `viewGraph(model)`. Reads every such weight once. Throws InputError if a weight cannot be read.
 */
export function withWeightStatistics(model: Model, view: GraphView, minimumBytes = 1): GraphView {
  return model.proto.graph === undefined ? view : described(model, model.proto.graph, view, minimumBytes)
}

function described(model: Model, holder: NodeHolder, view: GraphView, minimumBytes: number): GraphView {
  const constants: Record<string, ConstantView> = Object.assign(Object.create(null), view.constants)
  for (const constant of constantsIn(holder)) {
    const shown = constants[constant.name]
    const large = constant.sizeBytes >= minimumBytes && bitsPerElement(constant.dtype) !== undefined
    const statistics = large ? weightStatistics(model, constant) : undefined
    if (shown !== undefined && statistics !== undefined) constants[constant.name] = { ...shown, statistics }
  }
  return { ...view, constants, nodes: withSubgraphs(model, holder, view.nodes, minimumBytes) }
}

function withSubgraphs(model: Model, holder: NodeHolder, nodes: readonly NodeView[], minimumBytes: number): readonly NodeView[] {
  const holding = holder.node.map((node) => subgraphsOf(node)).filter((subgraphs) => subgraphs.length > 0)
  let next = 0
  return nodes.map((node) => {
    if (Object.keys(node.subgraphs).length === 0) return node
    const subgraphs: Record<string, GraphView> = Object.create(null)
    for (const { attribute, graph } of holding[next++]!) {
      subgraphs[attribute] = described(model, graph, node.subgraphs[attribute]!, minimumBytes)
    }
    return { ...node, subgraphs }
  })
}
