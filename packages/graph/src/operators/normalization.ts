// Normalization over rows, groups or channels. https://onnx.ai/onnx/operators/onnx__LayerNormalization.html and its neighbours;
// Skip…, Embed… and Simplified…: onnxruntime docs/ContribOperators.md
// Per element: sum; subtract the mean; square, sum; multiply by 1 / deviation (5), then scale and shift if they are given.
// Per row: one square root and one division. The row is read a second time to be normalized.

import { elementCount, sizeInBytes } from '../dtype.ts'
import type { TensorType } from '../types.ts'
import { axisFromFront, hasInput, numberAttribute, numbersAttribute } from './attributes.ts'
import { activationOps } from './counts/activation-ops.ts'
import { evaluateCounts } from './counts/functions.ts'
import { DEQUANTIZE_OPS } from './counts/quantize-ops.ts'
import { defineFamily, formula, type OperatorFacts, sameFor } from './family.ts'
import type { AxisMeaning, ReadInput } from './input-use.ts'
import type { NodeContext } from './types.ts'
import { tensorBytes, type Work } from './work.ts'

const CENTRED_OPS = 5
/** Operations per element of a normalization that subtracts no mean: square, sum, multiply. */
const ROOT_MEAN_SQUARE_OPS = 3
/** Square root and division. */
const ROW_SPECIAL_OPS = 2

function normalize(x: TensorType, rows: number, perElement: number): Work {
  const elements = elementCount(x.shape)
  return { simpleOps: elements * perElement, specialOps: rows * ROW_SPECIAL_OPS, passBytes: tensorBytes(x) }
}

/** Scale and shift: one operation per element for each of the inputs that is there. */
function affineOps(context: NodeContext, ...inputs: readonly number[]): number {
  return inputs.filter((index) => hasInput(context, index)).length
}

function rowsBefore(x: TensorType, axis: number): number {
  return elementCount(x.shape.slice(0, axisFromFront(axis, x.shape.length)))
}

// Statistics are constants: one multiplication and one addition per element.
const batchNormalization = formula([0], [0], ([x]) => ({ simpleOps: elementCount(x.shape) * 2 }))

// x, scale, bias
const layerNormalization = formula([0], [0], ([x], _, context) =>
  normalize(x, rowsBefore(x, numberAttribute(context.node, 'axis', -1)), CENTRED_OPS + affineOps(context, 1, 2)),
)

const rmsNormalization = formula([0], [0], ([x], _, context) =>
  normalize(x, rowsBefore(x, numberAttribute(context.node, 'axis', -1)), ROOT_MEAN_SQUARE_OPS + affineOps(context, 1)),
)

// x, scale [C], bias [C]: a row is one channel of one sample
const instanceNormalization = formula([0, 1], [0], ([x, scale], _, context) =>
  normalize(x, x.shape[0]! * elementCount(scale.shape), CENTRED_OPS + affineOps(context, 1, 2)),
)

const groupNormalization = formula([0], [0], ([x], _, context) => {
  const groups = numberAttribute(context.node, 'num_groups', undefined)
  if (groups === undefined) return 'it has no num_groups'
  return normalize(x, x.shape[0]! * groups, CENTRED_OPS + affineOps(context, 1, 2))
})

// x (channels last), gamma, beta, and for SkipGroupNorm skip, bias; activation 1 is SiLU
const contribGroupNorm = formula([0], [0], ([x], _, context) => {
  const { node } = context
  const groups = numberAttribute(node, 'groups', undefined)
  if (groups === undefined) return 'it has no groups'
  const elements = elementCount(x.shape)
  const silu = activationOps(numberAttribute(node, 'activation', 0) === 1 ? 'silu' : 'identity')!
  const work = normalize(x, x.shape[0]! * groups, CENTRED_OPS + affineOps(context, 1, 2, 3, 4) + silu.simple)
  return { ...work, specialOps: work.specialOps! + elements * silu.special, functions: evaluateCounts(silu.functions, elements) }
})

// input, skip, gamma, beta, bias
const skipLayerNormalization = formula([0], [0], ([x], _, context) =>
  normalize(x, rowsBefore(x, -1), CENTRED_OPS + 1 + affineOps(context, 2, 3, 4)),
)

// input, skip, gamma, bias
const skipSimplifiedLayerNormalization = formula([0], [0], ([x], _, context) =>
  normalize(x, rowsBefore(x, -1), ROOT_MEAN_SQUARE_OPS + 1 + affineOps(context, 2, 3)),
)

// input_ids, segment_ids, word, position and segment embedding, gamma, beta, mask …: a row of each table per token, added, then
// normalized. The quantized twin dequantizes its rows.
const embedLayerNormalization = (opsPerGathered: number) =>
  formula([2], [0], ([words], [y], context) => {
    const rowsRead = (table: number) => {
      const type = context.inputs[table]
      return type === undefined ? 0 : Math.min(tensorBytes(type), sizeInBytes({ dtype: type.dtype, shape: y.shape })!)
    }
    const tables = [2, 3, 4].filter((index) => hasInput(context, index))
    const perElement = tables.length - 1 + CENTRED_OPS + 2 + tables.length * opsPerGathered
    return {
      ...normalize(y, rowsBefore(y, -1), perElement),
      readBytes: Object.fromEntries(tables.map((index) => [index, rowsRead(index)])),
      arithmetic: opsPerGathered > 0 ? 'float32' : words.dtype,
    }
  })

// x, scale [C], gate: a row is C long, and what is normalized is multiplied by SiLU(gate)
const gatedRmsNorm = formula([0, 1], [0], ([x, scale]) => {
  const elements = elementCount(x.shape)
  const silu = activationOps('silu')!
  const work = normalize(x, elements / elementCount(scale.shape), ROOT_MEAN_SQUARE_OPS + 1 + silu.simple + 1)
  return { ...work, specialOps: work.specialOps! + elements * silu.special, functions: evaluateCounts(silu.functions, elements) }
})

// key, query [B, S, copies, D], value [B, S, D], scales: both normalized and scaled, multiplied and summed; of each row's sum, scaled,
// the root of its absolute value with its sign, and the sigmoid of that; times value
const engramGate = formula([0], [0], ([key], [y]) => {
  const rows = rowsBefore(key, -1)
  const elements = elementCount(key.shape)
  const sigmoid = activationOps('sigmoid')!
  return {
    macs: elements,
    simpleOps: 2 * elements * (ROOT_MEAN_SQUARE_OPS + 1) + rows * (4 + sigmoid.simple) + elementCount(y.shape),
    specialOps: rows * (2 * ROW_SPECIAL_OPS + 1 + sigmoid.special),
    passBytes: 2 * tensorBytes(key),
  }
})

// p = 1: absolute value, add; p = 2: square, add, root per row. A division per element.
const lpNormalization = formula([0], [0], ([x], _, { node }) => {
  const elements = elementCount(x.shape)
  const rows = elements === 0 ? 0 : elements / (x.shape[axisFromFront(numberAttribute(node, 'axis', -1), x.shape.length)] ?? 1)
  return {
    simpleOps: elements * 2,
    specialOps: elements + (numberAttribute(node, 'p', 2) === 2 ? rows : 0),
    passBytes: tensorBytes(x),
  }
})

const meanVarianceNormalization = formula([0], [0], ([x], _, { node }) => {
  const axes = numbersAttribute(node, 'axes') ?? [0, 2, 3]
  const rows = elementCount(x.shape.filter((_, axis) => !axes.some((a) => axisFromFront(a, x.shape.length) === axis)))
  return normalize(x, rows, CENTRED_OPS)
})

// Squares are summed over `size` channels: square, size adds, multiply, add, then a power and a division.
const localResponseNormalization = formula([0], [0], ([x], _, { node }) => {
  const elements = elementCount(x.shape)
  return { simpleOps: elements * (numberAttribute(node, 'size', 1) + 3), specialOps: elements * 2 }
})

/** Input 0: its scale, input 1, is as long as the axis that it scales. */
const scaledAxis =
  (axis: number, meaning?: AxisMeaning): ReadInput =>
  ({ index, shapeOf }) => {
    if (index !== 0) return undefined
    return { axes: [[axis, { size: shapeOf(1)?.at(-1) ?? 0, ...(meaning ? { meaning } : {}) }]], passes: 'same' }
  }

/** Ids of words and of segments, with their tables. */
const embedded: ReadInput = ({ index, shapeOf }) => ({
  tableRows: index < 2 ? shapeOf(index === 0 ? 2 : 4)?.[0] : undefined,
  maxLength: shapeOf(3)?.[0],
})

const facts: OperatorFacts = {
  reads: {
    ...sameFor(['BatchNormalization', 'InstanceNormalization'], scaledAxis(1, 'channels')),
    ...sameFor(['LayerNormalization', 'com.microsoft:LayerNormalization'], scaledAxis(-1)),
    'com.microsoft:EmbedLayerNormalization': embedded,
  },
}

export const normalizationFamily = defineFamily('normalization', facts, {
  ...sameFor(['BatchNormalization', 'com.ms.internal.nhwc:BatchNormalization'], batchNormalization),
  ...sameFor(['LayerNormalization', 'com.microsoft:LayerNormalization'], layerNormalization),
  ...sameFor(
    ['RMSNormalization', 'SimplifiedLayerNormalization', 'com.microsoft:SimplifiedLayerNormalization'],
    rmsNormalization,
  ),
  ...sameFor(['InstanceNormalization', 'com.ms.internal.nhwc:InstanceNormalization'], instanceNormalization),
  GroupNormalization: groupNormalization,
  ...sameFor(['com.microsoft:GroupNorm', 'com.microsoft:SkipGroupNorm'], contribGroupNorm),
  'com.microsoft:SkipLayerNormalization': skipLayerNormalization,
  'com.microsoft:SkipSimplifiedLayerNormalization': skipSimplifiedLayerNormalization,
  'com.microsoft:EmbedLayerNormalization': embedLayerNormalization(0),
  'com.microsoft:QEmbedLayerNormalization': embedLayerNormalization(DEQUANTIZE_OPS),
  'com.microsoft:GatedRMSNorm': gatedRmsNorm,
  'com.microsoft:EngramGate': engramGate,
  LpNormalization: lpNormalization,
  MeanVarianceNormalization: meanVarianceNormalization,
  ...sameFor(['LRN', 'com.ms.internal.nhwc:LRN'], localResponseNormalization),
})
