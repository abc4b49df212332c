// Transposed convolution. https://onnx.ai/onnx/operators/onnx__ConvTranspose.html
// MACs = N * C * positions of the INPUT * (M / group) * kernel: each input element is multiplied into one window of the output.
// Taps that `pads` crop away are counted, as padded taps of Conv are.

import { elementCount } from '../dtype.ts'
import type { TensorType } from '../types.ts'
import { hasInput, textAttribute } from './attributes.ts'
import { activationOps } from './counts/activation-ops.ts'
import { evaluateCounts } from './counts/functions.ts'
import { REQUANTIZE_OPS } from './counts/quantize-ops.ts'
import { defineFamily, formula, type OperatorFacts } from './family.ts'
import { spatialAxes } from './input-use.ts'

/** Weight [C, M / group, kernel…]. */
function transposedMacs(x: TensorType, w: TensorType): number {
  return elementCount(x.shape) * elementCount(w.shape.slice(1))
}

const convTranspose = (biasInput: number) =>
  formula([0, 1], [0], ([x, w], [y], context) => {
    const activation = activationOps(textAttribute(context.node, 'activation', 'Identity'))
    if (activation === undefined) return `its activation '${context.node.attributes.activation}' is not known`
    const outputs = elementCount(y.shape)
    return {
      macs: transposedMacs(x, w),
      simpleOps: outputs * ((hasInput(context, biasInput) ? 1 : 0) + activation.simple),
      specialOps: outputs * activation.special,
      functions: evaluateCounts(activation.functions, outputs),
    }
  })

// x, x_scale, x_zero_point, w, w_scale, w_zero_point, y_scale, y_zero_point, bias
const qlinearConvTranspose = formula([0, 3], [0], ([x, w], [y], context) => ({
  macs: transposedMacs(x, w),
  simpleOps: elementCount(y.shape) * (REQUANTIZE_OPS + (hasInput(context, 8) ? 1 : 0)),
  arithmetic: 'int8',
}))

const facts: OperatorFacts = {
  reads: {
    ConvTranspose({ index, shapeOf }) {
      const weight = shapeOf(1)
      return index === 0 && weight ? { rank: weight.length, axes: spatialAxes(weight.length, weight[0]!) } : undefined
    },
  },
}

export const convTransposeFamily = defineFamily('conv-transpose', facts, {
  ConvTranspose: convTranspose(2),
  'com.ms.internal.nhwc:ConvTranspose': convTranspose(2),
  'com.microsoft:ConvTransposeWithDynamicPads': convTranspose(3),
  'com.ms.internal.nhwc:QLinearConvTranspose': qlinearConvTranspose,
})
