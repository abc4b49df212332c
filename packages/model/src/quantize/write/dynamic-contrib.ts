// Dynamic int8 of whole operators: LSTM as DynamicQuantizeLSTM, Attention (com.microsoft) as QAttention.
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.DynamicQuantizeLSTM, #com.microsoft.QAttention

import { floatTensor, rawTensor } from '@whyslow/graph/build.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import { isOperator, numberOf } from '@whyslow/graph/rewrite/match.ts'
import { sqnrDb, transposeMatrix } from '@whyslow/graph/rewrite/matrices.ts'
import type { NodeProto } from 'onnx-buf'
import { addWeights, bytesOf, NOT_FINITE, quantizedByRange } from './dynamic.ts'
import { floatConstant, type LayerOutcome, type QuantizeRewrite, readFloats } from './rewriting.ts'
import { type QuantizedWeights, quantizeWeights, weightNoise } from './weights.ts'

export const MICROSOFT = 'com.microsoft'

/** Why an LSTM cannot be; undefined if it can. */
export function whyNotLstm({ matching }: Pick<QuantizeRewrite, 'matching'>, lstm: NodeProto): string | undefined {
  if (!isOperator(lstm, 'LSTM')) return `${lstm.opType} has no kernel with dynamic int8`
  if (numberOf(lstm, 'layout', 0) !== 0) return 'its batch comes first (layout 1)'
  const shapes = [1, 2].map((index) => floatConstant(matching, lstm.input[index])?.shape)
  if (shapes.some((shape) => shape?.length !== 3)) return 'its weights are not float32 constants'
  return shapes.some((shape) => shape!.includes(0)) ? 'its weights are empty' : undefined
}

/** Weights are int8 and symmetric whatever was requested: the kernel takes no zero point of a signed type other than 0. */
export function dynamicLstm(rewriting: QuantizeRewrite, lstm: NodeProto): LayerOutcome {
  const reason = whyNotLstm(rewriting, lstm)
  if (reason !== undefined) return reason
  const parts = [1, 2].map((index) => lstmWeights(rewriting, lstm.input[index]!))
  const [input, recurrent] = [parts[0], parts[1]]
  if (input === undefined || recurrent === undefined) return NOT_FINITE
  const others = [3, 4, 5, 6, 7].map((index) => lstm.input[index] ?? '')
  rewriting.remove(lstm)
  rewriting.add(
    copyWith(lstm, {
      opType: 'DynamicQuantizeLSTM',
      domain: MICROSOFT,
      input: [lstm.input[0]!, input.values, recurrent.values, ...others].concat([
        input.scale,
        input.zeroPoint,
        recurrent.scale,
        recurrent.zeroPoint,
      ]),
      attribute: lstm.attribute.filter(({ name }) => name !== 'layout'),
    }),
  )
  return { precision: 'dynamic', weightSqnrDb: sqnrDb(input.signal + recurrent.signal, input.noise + recurrent.noise) }
}

/** [directions, 4 hidden, inputs] becomes [directions, inputs, 4 hidden]; scales [directions, 4 hidden], or [directions]. */
function lstmWeights(rewriting: QuantizeRewrite, name: string) {
  return rewriting.once(`lstm weights ${name}`, () => {
    const { matching, choice, fresh, initializer } = rewriting
    const constant = floatConstant(matching, name)!
    const [directions, gates, inputs] = constant.shape as [number, number, number]
    const perChannel = choice.options.perChannel
    const shape = perChannel ? [directions * gates, inputs] : [directions, gates * inputs]
    const given = { values: readFloats(matching, constant), shape }
    const quantized = quantizeWeights(given, { type: 'int8', symmetric: true, reduced: choice.options.reduceRange, axis: 0 })
    if (quantized === undefined) return undefined
    const values = new Int8Array(quantized.values.length)
    for (let direction = 0; direction < directions; direction++) {
      const start = direction * gates * inputs
      values.set(transposeMatrix(quantized.values.subarray(start, start + gates * inputs), gates, inputs), start)
    }
    const affineShape = perChannel ? [directions, gates] : [directions]
    return {
      values: initializer(rawTensor(fresh(`${name}_quantized`), 'int8', [directions, inputs, gates], bytesOf(values))),
      scale: initializer(floatTensor(fresh(`${name}_scale`), affineShape, quantized.scales)),
      zeroPoint: initializer(rawTensor(fresh(`${name}_zero_point`), 'int8', affineShape, bytesOf(quantized.zeroPoints))),
      ...weightNoise(given, quantized),
    }
  })
}

/** Why an Attention cannot be; undefined if it can. */
export function whyNotAttention({ matching }: Pick<QuantizeRewrite, 'matching'>, attention: NodeProto): string | undefined {
  if (!isOperator(attention, `${MICROSOFT}:Attention`)) return `${attention.opType} has no kernel with dynamic int8`
  if (attention.attribute.some(({ name }) => name === 'qkv_hidden_sizes')) return 'its query, key and value differ in size'
  if (attention.input.slice(5).some((name) => name !== '')) return 'it has a bias of the attention or shares a buffer'
  const weights = floatConstant(matching, attention.input[1])
  if (weights?.shape.length !== 2 || weights.elementCount === 0) return 'its weights are not a constant float32 matrix'
  return attention.input[2] ? undefined : 'it has no bias, which the int8 kernel wants'
}

export function dynamicAttention(rewriting: QuantizeRewrite, attention: NodeProto): LayerOutcome {
  const reason = whyNotAttention(rewriting, attention)
  if (reason !== undefined) return reason
  const [value, name, bias, mask = '', past = ''] = attention.input as [string, string, string, string?, string?]
  const weights = rewriting.once(`attention weights ${name}`, () => attentionWeights(rewriting, name))
  if (weights === undefined) return NOT_FINITE
  const x = quantizedByRange(rewriting, value)
  const input = [x.quantized, weights.values, bias, x.scale, weights.scale, mask, x.zeroPoint, weights.zeroPoint, past]
  rewriting.remove(attention)
  rewriting.add(copyWith(attention, { opType: 'QAttention', input: past === '' ? input.slice(0, -1) : input }))
  return { precision: 'dynamic', weightSqnrDb: sqnrDb(weights.signal, weights.noise) }
}

/** int8 and symmetric, as for the LSTM. */
function attentionWeights(rewriting: QuantizeRewrite, name: string) {
  const { matching, choice } = rewriting
  const constant = floatConstant(matching, name)!
  const given = { values: readFloats(matching, constant), shape: constant.shape }
  const axis = choice.options.perChannel ? 1 : null
  const quantized: QuantizedWeights | undefined = quantizeWeights(given, {
    type: 'int8',
    symmetric: true,
    reduced: choice.options.reduceRange,
    axis,
  })
  return quantized && { ...addWeights(rewriting, name, quantized), ...weightNoise(given, quantized) }
}
