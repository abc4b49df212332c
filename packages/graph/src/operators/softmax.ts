// Softmax and what is built on it. https://onnx.ai/onnx/operators/onnx__Softmax.html ; BiasSoftmax, QLinearSoftmax: onnxruntime
// docs/ContribOperators.md. Before opset 13 everything behind the axis is one row; that changes only the count of rows, one
// division each.
import { elementCount, sizeInBytes } from '../dtype.ts'
import type { TensorType } from '../types.ts'
import { axisFromFront, hasOutput, numberAttribute } from './attributes.ts'
import { REQUANTIZE_OPS } from './counts/quantize-ops.ts'
import { softmaxOps } from './counts/softmax-ops.ts'
import { defineFamily, formula, type OperatorFacts, sameFor, UNARY } from './family.ts'
import { keepsAxes } from './input-use.ts'
import type { NodeContext } from './types.ts'
import { tensorBytes } from './work.ts'

/** Beyond reading once and writing once: read again for exp, then read and write again to scale. */
function passBytes(x: TensorType, y: TensorType): number {
  return tensorBytes(x) + 2 * tensorBytes(y)
}

function rowsOf(x: TensorType, { node }: NodeContext): number {
  const axis = axisFromFront(numberAttribute(node, 'axis', -1), x.shape.length)
  return elementCount(x.shape) / (x.shape[axis] ?? 1)
}

const softmax = (extraOps: number) =>
  formula([0], [0], ([x], [y], context) => {
    const elements = elementCount(x.shape)
    const ops = softmaxOps(elements, elements === 0 ? 0 : rowsOf(x, context))
    return {
      simpleOps: ops.simple + elements * extraOps,
      specialOps: ops.special,
      functions: ops.functions!,
      passBytes: passBytes(x, y),
    }
  })

// x, x_scale, x_zero_point, y_scale, y_zero_point: exp is looked up in a table of 256 entries
const qlinearSoftmax = formula([0], [0], ([x], [y], context) => {
  const elements = elementCount(x.shape)
  return {
    simpleOps: elements * (3 + REQUANTIZE_OPS),
    specialOps: elements === 0 ? 0 : rowsOf(x, context),
    passBytes: passBytes(x, y),
    arithmetic: 'float32',
  }
})

// The largest of each row is found, then ones and zeros are written.
const hardmax = formula([0], [0], ([x]) => ({ simpleOps: elementCount(x.shape) * 2, passBytes: tensorBytes(x) }))

// scores [N, C, …], labels, weights -> loss, log_prob: a log softmax over C, then one entry of each row is summed
const softmaxCrossEntropyLoss = formula([0], [], ([x], _, context) => {
  const elements = elementCount(x.shape)
  const rows = elements / (x.shape[1] ?? 1)
  const ops = softmaxOps(elements, rows)
  const stored = hasOutput(context, 1) ? 0 : 2 * tensorBytes(x)
  return { simpleOps: ops.simple + rows, specialOps: ops.special, functions: ops.functions!, passBytes: tensorBytes(x) + stored }
})

// input [N, C, …], target, weight: one entry of each row is read, weighted and summed
const negativeLogLikelihoodLoss = formula([0, 1], [], ([x, target]) => {
  const rows = elementCount(target.shape)
  return { simpleOps: rows * 2, readBytes: { 0: sizeInBytes({ dtype: x.dtype, shape: [rows] })! } }
})

const facts: OperatorFacts = { reads: { Softmax: keepsAxes }, int8: { Softmax: UNARY } }

export const softmaxFamily = defineFamily('softmax', facts, {
  ...sameFor(['Softmax', 'LogSoftmax'], softmax(0)),
  'com.microsoft:BiasSoftmax': softmax(1),
  'com.microsoft:QLinearSoftmax': qlinearSoftmax,
  Hardmax: hardmax,
  SoftmaxCrossEntropyLoss: softmaxCrossEntropyLoss,
  NegativeLogLikelihoodLoss: negativeLogLikelihoodLoss,
})
