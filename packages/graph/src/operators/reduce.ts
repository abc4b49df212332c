// Reductions, running sums, and the search for the largest. https://onnx.ai/onnx/operators/onnx__ReduceSum.html and its neighbours
// One operation per input element, whatever the axes.
import { elementCount } from '../dtype.ts'
import { axisFromFront, numberAttribute } from './attributes.ts'
import { REQUANTIZE_OPS } from './counts/quantize-ops.ts'
import { defineFamily, type Formula, formula, MOVES, type OperatorFacts, sameFor } from './family.ts'
import { tensorBytes } from './work.ts'

interface ReduceOps {
  /** Per input element. */
  readonly simple: number
  readonly special?: number
  /** Per output element: a division, a root, a logarithm. */
  readonly specialPerOutput?: number
}

const reduce = ({ simple, special = 0, specialPerOutput = 0 }: ReduceOps): Formula =>
  formula([0], [0], ([x], [y]) => ({
    simpleOps: elementCount(x.shape) * simple,
    specialOps: elementCount(x.shape) * special + elementCount(y.shape) * specialPerOutput,
  }))

// Largest, subtract, exp, sum; the logarithm and the largest added back, per output.
const reduceLogSumExp: Formula = formula([0], [0], ([x], [y]) => ({
  simpleOps: elementCount(x.shape) * 3 + elementCount(y.shape),
  specialOps: elementCount(x.shape) + elementCount(y.shape),
  functions: { exp: elementCount(x.shape) },
  passBytes: tensorBytes(x),
}))

// A heap of the k best: log2(k) comparisons per element, and at least one.
const topK: Formula = formula([0], [0], ([x], [values], { node }) => {
  const axis = axisFromFront(numberAttribute(node, 'axis', -1), values.shape.length)
  const k = values.shape[axis] ?? 1
  return { simpleOps: elementCount(x.shape) * Math.max(1, Math.ceil(Math.log2(Math.max(1, k)))) }
})

// A sort of all elements, or of all slices along the axis.
const unique: Formula = formula([0], [], ([x], _, { node }) => {
  const elements = elementCount(x.shape)
  const axis = numberAttribute(node, 'axis', undefined)
  const sorted = axis === undefined ? elements : (x.shape[axisFromFront(axis, x.shape.length)] ?? 1)
  return {
    simpleOps: elements * Math.ceil(Math.log2(Math.max(2, sorted))),
    note: 'comparisons of a sort; how many there are lies in the data',
  }
})

// x, x_scale, x_zero_point, y_scale, y_zero_point
const qlinearReduceMean: Formula = formula([0], [0], ([x], [y]) => ({
  simpleOps: elementCount(x.shape) + elementCount(y.shape) * REQUANTIZE_OPS,
  arithmetic: 'int8',
}))

const facts: OperatorFacts = { int8: { ReduceMax: MOVES, ReduceMin: MOVES } }

export const reduceFamily = defineFamily('reduce', facts, {
  ...sameFor(
    [
      ...['ReduceSum', 'ReduceMax', 'ReduceMin', 'ReduceProd', 'ArgMax', 'ArgMin', 'CumSum', 'CumProd', 'NonZero'],
      ...['com.microsoft:ReduceSumInteger'],
    ],
    reduce({ simple: 1 }),
  ),
  ReduceMean: reduce({ simple: 1, specialPerOutput: 1 }),
  // absolute value or square, then add
  ...sameFor(['ReduceL1', 'ReduceSumSquare'], reduce({ simple: 2 })),
  ReduceL2: reduce({ simple: 2, specialPerOutput: 1 }),
  ReduceLogSum: reduce({ simple: 1, specialPerOutput: 1 }),
  ReduceLogSumExp: reduceLogSumExp,
  TopK: topK,
  ...sameFor(['Unique', 'com.microsoft:Unique'], unique),
  'com.microsoft:QLinearReduceMean': qlinearReduceMean,
})
