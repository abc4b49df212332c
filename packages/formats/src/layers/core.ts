// Dense layers, and those that do nothing when a model predicts. keras/src/layers/core/, …/regularization/
import type { Value } from '@whyslow/graph/builder/graph-builder.ts'
import type { LayerCall, LayerKind } from './layer.ts'
import { activate, arrayOf, biasOf, floatInput, sizeOf, trainableSlots } from './layer-parts.ts'

/** Contracts the last axis at any rank. */
export const dense: LayerKind = {
  classNames: ['Dense', 'TimeDistributedDense'],
  arrays: (config) => trainableSlots('kernel', ...(config.flag('use_bias', config.flag('bias', true)) ? ['bias'] : [])),
  write(call) {
    const { builder } = call
    const x = floatInput(call)
    const kernel = arrayOf(call, 'kernel', [sizeOf(call, x, -1), null])
    const units = kernel.shape[1]!
    const result = { dtype: x.dtype, shape: [...x.shape.slice(0, -1), units] }
    const bias = biasOf(call, units)
    return {
      outputs: [activate(call, product(call, x, { kernel: builder.constant(kernel, 'kernel'), bias, result }))],
      mask: 'kept',
    }
  },
}

function product(
  { builder }: LayerCall,
  x: Value,
  {
    kernel,
    bias,
    result,
  }: { readonly kernel: Value; readonly bias: Value | undefined; readonly result: Pick<Value, 'dtype' | 'shape'> },
): Value {
  if (x.shape.length === 2) return builder.op('Gemm', [x, kernel, bias], result)
  const multiplied = builder.op('MatMul', [x, kernel], result)
  return bias === undefined ? multiplied : builder.op('Add', [multiplied, bias], result)
}

export const activationLayer: LayerKind = {
  classNames: ['Activation'],
  write: (call) => ({ outputs: [activate(call, floatInput(call))], mask: 'kept' }),
}

/** Training alone needs them; they keep masks. */
export const passThrough: LayerKind = {
  classNames: [
    'Dropout',
    'SpatialDropout1D',
    'SpatialDropout2D',
    'SpatialDropout3D',
    'AlphaDropout',
    'GaussianDropout',
    'GaussianNoise',
    'ActivityRegularization',
    'Identity',
  ],
  write: ({ inputs }) => ({ outputs: inputs, mask: 'kept' }),
}
