// Activation functions and normalisations. https://github.com/google-ai-edge/LiteRT/tree/main/tflite/kernels (activations.cc, l2norm.cc)

import { binary, scalar, unary, variadicOperator, withNumber } from '@whyslow/graph/builder/broadcast.ts'
import { reduce } from '@whyslow/graph/builder/reduce.ts'
import { activate } from '../../tensorflow/activation-functions.ts'
import { localResponse } from '../../tensorflow/conv.ts'
import { inReal, limit, optionsOf, type WriteOperator, type Writers } from '../operator.ts'
import { inChannelsFirst } from './channels.ts'

const INFINITE = Number.POSITIVE_INFINITY

const single = (opType: string, attributes: Record<string, number | { float: number }> = {}): WriteOperator =>
  inReal(({ builder }, x) => unary(builder, opType, x!, attributes))

const between = (low: number, high: number): WriteOperator => inReal(({ builder }, x) => limit(builder, x!, low, high))

export const ACTIVATION: Writers = {
  RELU: between(0, INFINITE),
  RELU6: between(0, 6),
  RELU_N1_TO_1: between(-1, 1),
  RELU_0_TO_1: between(0, 1),
  LOGISTIC: single('Sigmoid'),
  TANH: single('Tanh'),
  ELU: single('Elu', { alpha: { float: 1 } }),
  HARD_SWISH: single('HardSwish'),
  LEAKY_RELU: inReal((call, x) =>
    unary(call.builder, 'LeakyRelu', x!, { alpha: { float: optionsOf(call, 'LeakyReluOptions').alpha } }),
  ),
  PRELU: inReal(({ builder }, x, slope) => builder.op('PRelu', [x, slope], x!)),
  GELU: inReal((call, x) => activate(call.builder, 'gelu', x!, { approximate: optionsOf(call, 'GeluOptions').approximate })),
  // Beta scales what goes in; the last axis alone.
  SOFTMAX: inReal((call, x) => {
    const { beta } = optionsOf(call, 'SoftmaxOptions')
    const { builder } = call
    return unary(builder, 'Softmax', beta === 1 ? x! : withNumber(builder, 'Mul', x!, beta), { axis: -1 })
  }),
  LOG_SOFTMAX: single('LogSoftmax', { axis: -1 }),
  L2_NORMALIZATION: inReal(({ builder }, x) => {
    const norm = reduce(builder, 'ReduceL2', x!, { axes: [-1], keepDims: true })
    return binary(builder, 'Div', x!, variadicOperator(builder, 'Max', [norm, scalar(builder, 'float32', 1e-6)]))
  }),
  LOCAL_RESPONSE_NORMALIZATION: (call) => {
    const parts = optionsOf(call, 'LocalResponseNormalizationOptions')
    return [inChannelsFirst(call, (x) => localResponse(call.builder, x, parts))]
  },
}
