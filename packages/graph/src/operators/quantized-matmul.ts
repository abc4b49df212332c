// Matrix products in 8- and 16-bit integers. https://onnx.ai/onnx/operators/onnx__MatMulInteger.html , onnx__QLinearMatMul.html ;
// QGemm, DynamicQuantizeMatMul, MatMulIntegerToFloat, MatMulInteger16: onnxruntime docs/ContribOperators.md
// Zero points cost sums: one of B needs the row sums of A, one of A the column sums of B (known before, where B is constant).
// Quantizing the activations can cost more than the product where M is small.
import { elementCount } from '../dtype.ts'
import type { DType, TensorType } from '../types.ts'
import { hasInput, isNonZeroInput, numberAttribute } from './attributes.ts'
import { DYNAMIC_QUANTIZE_OPS, REQUANTIZE_OPS } from './counts/quantize-ops.ts'
import { defineFamily, formula, type OperatorFacts } from './family.ts'
import { factor } from './input-use.ts'
import type { NodeContext } from './types.ts'

interface Places {
  readonly b: number
  readonly aZeroPoint: number
  readonly bZeroPoint: number
}

/** Adds for the zero points: sums of rows and columns, and one correction per output for each of them. */
function zeroPointOps([a, b, y]: readonly [TensorType, TensorType, TensorType], context: NodeContext, places: Places): number {
  const ofA = isNonZeroInput(context, places.aZeroPoint)
  const ofB = isNonZeroInput(context, places.bZeroPoint)
  const columnSums = ofA && context.constant(places.b) === undefined ? elementCount(b.shape) : 0
  const rowSums = ofB ? elementCount(a.shape) : 0
  return columnSums + rowSums + elementCount(y.shape) * (Number(ofA) + Number(ofB))
}

const matmulInteger = (arithmetic: DType) =>
  formula([0, 1], [0], ([a, b], [y], context) => ({
    macs: elementCount(y.shape) * a.shape.at(-1)!,
    simpleOps: zeroPointOps([a, b, y], context, { b: 1, aZeroPoint: 2, bZeroPoint: 3 }),
    arithmetic,
  }))

// a, a_scale, a_zero_point, b, b_scale, b_zero_point, y_scale, y_zero_point
const qlinearMatmul = formula([0, 3], [0], ([a, b], [y], context) => ({
  macs: elementCount(y.shape) * a.shape.at(-1)!,
  simpleOps: zeroPointOps([a, b, y], context, { b: 3, aZeroPoint: 2, bZeroPoint: 5 }) + elementCount(y.shape) * REQUANTIZE_OPS,
  arithmetic: 'int8',
}))

// a, a_scale, a_zero_point, b, b_scale, b_zero_point, c, y_scale, y_zero_point; without y_scale the output is float
const qgemm = formula([0, 3], [0], ([a, b], [y], context) => {
  const outputs = elementCount(y.shape)
  const depth = numberAttribute(context.node, 'transA', 0) === 0 ? a.shape[1]! : a.shape[0]!
  const perOutput = (hasInput(context, 6) ? 1 : 0) + (hasInput(context, 7) ? REQUANTIZE_OPS : 1)
  return {
    macs: outputs * depth,
    simpleOps: zeroPointOps([a, b, y], context, { b: 3, aZeroPoint: 2, bZeroPoint: 5 }) + outputs * perOutput,
    arithmetic: 'int8',
  }
})

// a (float), b, b_scale, b_zero_point, bias. A is read once for its range and once to be quantized; the copy in one byte an
// element is written and read.
const dynamicQuantizeMatmul = formula([0, 1], [0], ([a, b], [y], context) => {
  const outputs = elementCount(y.shape)
  const inputs = elementCount(a.shape)
  const columnSums = context.constant(1) === undefined ? elementCount(b.shape) : 0
  const rowSums = isNonZeroInput(context, 3) ? inputs + outputs : 0
  return {
    macs: outputs * a.shape.at(-1)!,
    simpleOps: inputs * DYNAMIC_QUANTIZE_OPS + columnSums + rowSums + outputs * (2 + (hasInput(context, 4) ? 1 : 0)),
    passBytes: inputs * 4 + inputs * 2,
    arithmetic: 'int8',
  }
})

// a, b, a_scale, b_scale, a_zero_point, b_zero_point, bias
const matmulIntegerToFloat = formula([0, 1], [0], ([a, b], [y], context) => ({
  macs: elementCount(y.shape) * a.shape.at(-1)!,
  simpleOps:
    zeroPointOps([a, b, y], context, { b: 1, aZeroPoint: 4, bZeroPoint: 5 }) +
    elementCount(y.shape) * (1 + (hasInput(context, 6) ? 1 : 0)),
  arithmetic: 'int8',
}))

const facts: OperatorFacts = { reads: { MatMulInteger: factor } }

export const quantizedMatmulFamily = defineFamily('quantized-matmul', facts, {
  MatMulInteger: matmulInteger('int8'),
  'com.microsoft:MatMulInteger16': matmulInteger('int16'),
  QLinearMatMul: qlinearMatmul,
  'com.microsoft:QGemm': qgemm,
  'com.microsoft:DynamicQuantizeMatMul': dynamicQuantizeMatmul,
  'com.microsoft:MatMulIntegerToFloat': matmulIntegerToFloat,
})
