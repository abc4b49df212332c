// Four samples at once: a part whose values count samples along their first axis from end to end, with four times as many. What it takes less
// per sample is what starting the operator, handing work to threads and filling vectors cost so few.

import { int64Tensor, valueInfo } from '@whyslow/graph/build.ts'
import { isConstantNode } from '@whyslow/graph/constants.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import { withGraph } from '@whyslow/graph/edit.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { operatorKey } from '@whyslow/graph/operators/family.ts'
import { intsOf, isOperator, type Matching, matchGraph, numberOf } from '@whyslow/graph/rewrite/match.ts'
import { declaration } from '@whyslow/graph/view.ts'
import type { NodeProto, TensorProto, ValueInfoProto } from 'onnx-buf'

export const SAMPLES = 4

/** A node of the part: which of its inputs count samples, and what is known of them. */
interface Reading {
  readonly node: NodeProto
  readonly matching: Matching
  counts(index: number): boolean
  /** NaN if it is not known, which is neither more nor less than anything. */
  rank(index: number): number
}

type Keeps = (reading: Reading) => boolean

/** The result counts samples as the first input does; the others are weights, or say what to do. */
const asFirst: Keeps = ({ node, counts }) => counts(0) && node.input.every((_, k) => k === 0 || !counts(k))

/** Operands line up from the last axis on: one that counts samples must be as long as the longest. */
const inStep: Keeps = ({ node, counts, rank }) => {
  const ranks = node.input.flatMap((name, k) => (name === '' ? [] : [rank(k)]))
  return node.input.every((_, k) => !counts(k) || rank(k) === Math.max(...ranks))
}

/** Rows of a matrix with a weight are samples; a matrix that represents each sample has an axis before its two. */
const product: Keeps = ({ counts, rank }) => {
  if (counts(0) && counts(1)) return rank(0) === rank(1) && rank(0) > 2
  return counts(0) ? rank(1) <= rank(0) : rank(1) > 2 && rank(0) <= rank(1)
}

const isOther = (axis: number, { rank }: Reading): boolean => axis > 0 || (axis < 0 && axis > -rank(0))

/** Keeps samples apart along an axis that is not the first; `otherwise` if the node names none. */
const alongAxis =
  (otherwise: number): Keeps =>
  (reading) =>
    asFirst(reading) && isOther(numberOf(reading.node, 'axis', otherwise), reading)

/** Keeps samples apart along axes of an attribute or of an input, if the first is not among them. */
const alongAxes =
  (index: number): Keeps =>
  (reading) => {
    const { node, matching } = reading
    const axes = intsOf(node, 'axes') ?? matching.numbers(node.input[index])
    return asFirst(reading) && axes !== undefined && axes.length > 0 && axes.every((axis) => isOther(axis, reading))
  }

/** Gathers the rows of a table that samples index, or the same places of all samples. */
const gathered: Keeps = (reading) => {
  const isFirst = !isOther(numberOf(reading.node, 'axis', 0), reading)
  return reading.counts(1) ? isFirst && !reading.counts(0) : !isFirst && reading.counts(0)
}

/** The shape says that there is one sample, or to keep as many as there are. One that is computed and leaves another axis open would hide the others there. */
const reshaped: Keeps = (reading) => {
  const { node, matching } = reading
  const shape = shapeOf(reading)
  const isWritten = matching.numbers(node.input[1]) !== undefined
  const [first] = shape
  return asFirst(reading) && (first === 0 || first === -1 || (first === 1 && (isWritten || !shape.includes(-1))))
}

/** Spread along other axes. */
const expanded: Keeps = (reading) => {
  const [first, ...others] = shapeOf(reading)
  return asFirst(reading) && first === 1 && others.length + 1 === reading.rank(0)
}

const shapeOf = ({ node, matching }: Reading) => matching.sizes(node.input[1]) ?? matching.numbers(node.input[1]) ?? []

const padded: Keeps = (reading) => {
  const pads = intsOf(reading.node, 'pads') ?? reading.matching.numbers(reading.node.input[1])
  return asFirst(reading) && pads !== undefined && pads[0] === 0 && pads[pads.length / 2] === 0 && !reading.node.input[3]
}

/** Other inputs than the first may count samples, too: what is added to it, a mask of it. */
const withFirst: Keeps = ({ counts }) => counts(0)

/** All inputs count samples, and another axis is the one that matters. */
const allAlong: Keeps = (reading) =>
  reading.node.input.every((_, k) => reading.counts(k)) && isOther(numberOf(reading.node, 'axis', 0), reading)

/** Once along the axis of samples. */
const repeated: Keeps = (reading) => {
  const [first] = reading.matching.numbers(reading.node.input[1]) ?? []
  return asFirst(reading) && first === 1
}

const RULES: ReadonlyMap<string, Keeps> = new Map([
  ...each(
    asFirst,
    'Relu LeakyRelu ThresholdedRelu Elu Selu Celu Sigmoid HardSigmoid HardSwish Swish Mish Tanh Gelu Softplus Softsign Erf Exp Log Sqrt',
    'Reciprocal Neg Abs Sign Floor Ceil Round Sin Cos IsNaN Clip Cast Identity Not Dropout Conv ConvTranspose MaxPool AveragePool',
    'GlobalAveragePool GlobalMaxPool BatchNormalization InstanceNormalization GroupNormalization LRN DepthToSpace SpaceToDepth',
    'QuantizeLinear DequantizeLinear ConvInteger MatMulInteger QLinearConv QLinearMatMul',
  ),
  ...each(
    inStep,
    'Add Sub Mul Div Pow Max Min Sum Mean Where PRelu Greater Less Equal GreaterOrEqual LessOrEqual And Or Xor Mod',
  ),
  ...each(alongAxes(1), 'ReduceMean ReduceSum ReduceMax ReduceMin ReduceL2 ReduceProd ReduceSumSquare Squeeze Unsqueeze'),
  ...each(alongAxis(-1), 'Softmax LogSoftmax LayerNormalization RMSNormalization LpNormalization TopK OneHot'),
  ...each(alongAxis(0), 'ArgMax ArgMin Split'),
  ...each(allAlong, 'Concat GatherElements ScatterElements'),
  ['MatMul', product],
  ['com.microsoft:FusedMatMul', (reading) => product(reading) && numberOf(reading.node, 'transA', 0) === 0],
  ...each(repeated, 'Tile'),
  // Without sizes, which would say how many samples.
  ['Resize', (reading) => asFirst(reading) && !reading.node.input[3]],
  ['Flatten', (reading) => asFirst(reading) && numberOf(reading.node, 'axis', 1) === 1],
  ['Slice', alongAxes(3)],
  ['Transpose', (reading) => asFirst(reading) && intsOf(reading.node, 'perm')?.[0] === 0],
  [
    'Gemm',
    (reading) =>
      asFirst({ ...reading, counts: (k) => k !== 2 && reading.counts(k) }) && numberOf(reading.node, 'transA', 0) === 0,
  ],
  ['Gather', gathered],
  ['Reshape', reshaped],
  ['Expand', expanded],
  ['Pad', padded],
  ...each(asFirst, 'Gelu FastGelu QuickGelu BiasGelu FusedConv GroupNorm').map(within('com.microsoft')),
  ...each(withFirst, 'SkipLayerNormalization SkipSimplifiedLayerNormalization Attention MultiHeadAttention').map(
    within('com.microsoft'),
  ),
  ...each(
    asFirst,
    'TreeEnsemble TreeEnsembleClassifier TreeEnsembleRegressor LinearClassifier LinearRegressor SVMClassifier SVMRegressor',
    'Scaler Normalizer Imputer Binarizer OneHotEncoder LabelEncoder ArrayFeatureExtractor',
  ).map(within('ai.onnx.ml')),
])

function each(keeps: Keeps, ...lines: readonly string[]): (readonly [string, Keeps])[] {
  return lines.flatMap((line) => line.split(' ').map((opType) => [opType, keeps] as const))
}

function within(domain: string) {
  return ([opType, keeps]: readonly [string, Keeps]) => [`${domain}:${opType}`, keeps] as const
}

export interface WidenedPart {
  readonly model: Model
  readonly detail: string
}

/** Undefined if the axis of samples is lost on the way, or is not known. Rows of a model that has no such axis are none: nobody can give it more. */
export function fourSamples(part: Model): WidenedPart | undefined {
  const [one, ...others] = part.proto.graph!.node.filter((node) => !isConstantNode(node))
  const isRecurrent = others.length === 0 && isOperator(one, 'LSTM', 'GRU', 'RNN')
  const model = isRecurrent ? recurrent(part) : feedforward(part, matchGraph(part, part.proto.graph!))
  return model && { model, detail: 'per sample of four at once' }
}

/** Steps come first there: the axis of samples by rank, of inputs and outputs. */
const RECURRENT_AXES: Readonly<Record<number, number>> = { 1: 0, 3: 1, 4: 2 }

function recurrent(part: Model): Model | undefined {
  const graph = part.proto.graph!
  const weights = weightsOf(part)
  const more = (one: ValueInfoProto): ValueInfoProto | undefined => {
    if (weights.has(one.name)) return one
    const axis = RECURRENT_AXES[declaration(one).shape?.length ?? 0]
    return axis === undefined ? undefined : withSamples(one, axis)
  }
  const [input, output] = [graph.input.map(more), graph.output.map(more)]
  return areKnown(input) && areKnown(output) ? withGraph(part, copyWith(graph, { input, output })) : undefined
}

function feedforward(part: Model, matching: Matching): Model | undefined {
  const graph = part.proto.graph!
  const given = graph.output[0]!
  const [samples] = declaration(given).shape ?? matching.shape(given.name) ?? []
  if (samples !== 1) return undefined
  const weights = weightsOf(part)
  const isCounting = (one: ValueInfoProto) => !weights.has(one.name) && countsSamples(one)
  const counting = new Set(graph.input.filter(isCounting).map(({ name }) => name))
  const shapes: TensorProto[] = []
  const nodes: NodeProto[] = []
  for (const node of graph.node) {
    // Sizes of samples, and what is made of them, are as long as before.
    if (isConstantNode(node) || isOperator(node, 'Shape', 'Size') || !node.input.some((name) => counting.has(name))) {
      nodes.push(node)
      continue
    }
    const reading: Reading = {
      ...{ node, matching },
      counts: (index) => counting.has(node.input[index] ?? ''),
      rank: (index) => matching.shape(node.input[index])?.length ?? Number.NaN,
    }
    if (RULES.get(operatorKey(node))?.(reading) !== true) return undefined
    for (const name of node.output) counting.add(name)
    // One that is computed of the samples is another by itself.
    const shape = isOperator(node, 'Reshape', 'Expand') ? (matching.numbers(node.input[1]) ?? []) : []
    if (shape[0] === 1) {
      const name = `${node.output[0]}:shape`
      shapes.push(int64Tensor(name, [shape.length], [SAMPLES, ...shape.slice(1)]))
      nodes.push(copyWith(node, { input: [node.input[0]!, name] }))
    } else nodes.push(node)
  }
  if (!graph.output.every(({ name }) => counting.has(name))) return undefined
  const more = (one: ValueInfoProto) => (counting.has(one.name) ? withSamples(one, 0) : one)
  const [input, output] = [graph.input.map(more), graph.output.map(more)]
  if (!areKnown(input) || !areKnown(output)) return undefined
  const initializer = [...graph.initializer, ...shapes]
  return withGraph(part, copyWith(graph, { node: nodes, input, output, initializer, valueInfo: [] }))
}

/** Weights that are listed among the inputs stay unchanged. */
const weightsOf = ({ proto }: Model): ReadonlySet<string> => new Set(proto.graph!.initializer.map(({ name }) => name))

/** Along an axis of its own. */
function countsSamples(value: ValueInfoProto): boolean {
  const { shape } = declaration(value)
  return shape?.[0] === 1 && shape.length > 1
}

/** Undefined if the axis counts something else. */
function withSamples(value: ValueInfoProto, axis: number): ValueInfoProto | undefined {
  const { name, dtype, shape } = declaration(value)
  // Without a type the engine infers it.
  if (dtype === null) return value
  if (shape?.[axis] !== 1) return undefined
  return valueInfo(name, dtype, [...shape.slice(0, axis), SAMPLES, ...shape.slice(axis + 1)].map(Number))
}

const areKnown = (values: readonly (ValueInfoProto | undefined)[]): values is ValueInfoProto[] => !values.includes(undefined)
