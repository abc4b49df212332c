// Pooling. https://onnx.ai/onnx/operators/onnx__MaxPool.html and its neighbours; NhwcMaxPool, QLinearAveragePool,
// QLinearGlobalAveragePool and the NCHWc ones: onnxruntime docs/ContribOperators.md
// A window costs one comparison or addition per tap, padded taps too; averages divide once per output.
import { elementCount } from '../dtype.ts'
import type { TensorType } from '../types.ts'
import { numberAttribute, numbersAttribute } from './attributes.ts'
import { DEQUANTIZE_OPS, REQUANTIZE_OPS } from './counts/quantize-ops.ts'
import { defineFamily, type Formula, formula, MOVES, type OperatorFacts, sameFor, UNARY } from './family.ts'
import { isSpatial } from './input-use.ts'
import type { NodeContext } from './types.ts'
import { isChannelsLast, touchedBytes } from './window.ts'
import { tensorBytes, type Work } from './work.ts'

const NO_KERNEL = 'it has no kernel_shape'

function window(
  context: NodeContext,
  x: TensorType,
  y: TensorType,
  channelsLast: boolean,
): (Work & { taps: number }) | undefined {
  const kernel = numbersAttribute(context.node, 'kernel_shape')
  if (kernel === undefined) return undefined
  return { taps: elementCount(y.shape) * elementCount(kernel), readBytes: { 0: touchedBytes(x, y, kernel, channelsLast) } }
}

const maxPool = formula([0], [0], ([x], [y], context) => {
  const found = window(context, x, y, isChannelsLast(context))
  if (found === undefined) return NO_KERNEL
  return { simpleOps: found.taps, readBytes: found.readBytes! }
})

const averagePool = formula([0], [0], ([x], [y], context) => {
  const found = window(context, x, y, isChannelsLast(context))
  if (found === undefined) return NO_KERNEL
  return { simpleOps: found.taps, specialOps: elementCount(y.shape), readBytes: found.readBytes! }
})

// x, x_scale, x_zero_point, y_scale, y_zero_point: ONNX Runtime turns x into float first
const qlinearAveragePool = formula([0], [0], ([x], [y], context) => {
  const found = window(context, x, y, isChannelsLast(context))
  if (found === undefined) return NO_KERNEL
  const ops = found.taps + elementCount(x.shape) * DEQUANTIZE_OPS + elementCount(y.shape) * REQUANTIZE_OPS
  return { simpleOps: ops, specialOps: elementCount(y.shape), readBytes: found.readBytes!, arithmetic: 'float32' }
})

// p = 1: absolute value, add; p = 2: square, add, and a root; other p: a power per tap and one more per output
const lpPool = formula([0], [0], ([x], [y], context) => {
  const found = window(context, x, y, false)
  if (found === undefined) return NO_KERNEL
  return { ...lpOps(context, found.taps, elementCount(y.shape)), readBytes: found.readBytes! }
})

function lpOps({ node }: NodeContext, taps: number, outputs: number): Work {
  const p = numberAttribute(node, 'p', 2)
  if (p === 1) return { simpleOps: 2 * taps }
  return p === 2 ? { simpleOps: 2 * taps, specialOps: outputs } : { simpleOps: 2 * taps, specialOps: taps + outputs }
}

const globalMaxPool = formula([0], [0], ([x]) => ({ simpleOps: elementCount(x.shape) }))
const globalAveragePool = formula([0], [0], ([x], [y]) => ({
  simpleOps: elementCount(x.shape),
  specialOps: elementCount(y.shape),
}))
const globalLpPool = formula([0], [0], ([x], [y], context) => lpOps(context, elementCount(x.shape), elementCount(y.shape)))

const qlinearGlobalAveragePool = formula([0], [0], ([x], [y]) => ({
  simpleOps: elementCount(x.shape) + elementCount(y.shape) * REQUANTIZE_OPS,
  arithmetic: 'int8',
}))

// x, indices, output_shape: values are put at their places in a tensor of zeros
const maxUnpool: Formula = formula([0], [0], () => ({}))

// x, rois [R, 5]: each output is the largest of the pixels of its part of the region, one at least
const maxRoiPool: Formula = formula([0], [0], ([x], [y]) => ({
  simpleOps: elementCount(y.shape),
  readBytes: { 0: Math.min(tensorBytes(x), tensorBytes(y)) },
  note: 'how large the regions are lies in the data; one pixel counted per output',
}))

const facts: OperatorFacts = {
  reads: sameFor(['MaxPool', 'AveragePool', 'GlobalAveragePool'], isSpatial),
  int8: { MaxPool: MOVES, AveragePool: UNARY, GlobalAveragePool: UNARY },
}

export const poolingFamily = defineFamily('pooling', facts, {
  ...sameFor(
    [
      'MaxPool',
      'com.microsoft:NhwcMaxPool',
      'com.microsoft:MaxpoolWithMask',
      'com.microsoft.nchwc:MaxPool',
      'com.ms.internal.nhwc:MaxPool',
    ],
    maxPool,
  ),
  ...sameFor(['AveragePool', 'com.microsoft.nchwc:AveragePool', 'com.ms.internal.nhwc:AveragePool'], averagePool),
  ...sameFor(['com.microsoft:QLinearAveragePool', 'com.ms.internal.nhwc:QLinearAveragePool'], qlinearAveragePool),
  LpPool: lpPool,
  ...sameFor(['GlobalMaxPool', 'com.microsoft.nchwc:GlobalMaxPool', 'com.ms.internal.nhwc:GlobalMaxPool'], globalMaxPool),
  ...sameFor(
    ['GlobalAveragePool', 'com.microsoft.nchwc:GlobalAveragePool', 'com.ms.internal.nhwc:GlobalAveragePool'],
    globalAveragePool,
  ),
  GlobalLpPool: globalLpPool,
  ...sameFor(
    ['com.microsoft:QLinearGlobalAveragePool', 'com.ms.internal.nhwc:QLinearGlobalAveragePool'],
    qlinearGlobalAveragePool,
  ),
  MaxUnpool: maxUnpool,
  MaxRoiPool: maxRoiPool,
})
