// A BatchNormalization behind a quantized convolution, folded as it should have been before quantizing: y = g (conv(x) - mean) + beta is
// a convolution whose weights' scales are multiplied by g, channel by channel, and whose bias is g (bias - mean) + beta. The weights'
// integers stay unchanged, but for a sign; a rounding between the two goes.

import { attribute, floatTensor, rawTensor } from '@whyslow/graph/build.ts'
import { readBytes } from '@whyslow/graph/constants.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import { numberOf } from '@whyslow/graph/rewrite/match.ts'
import type { NodeView } from '@whyslow/graph/types.ts'
import { isDequantize, isQuantize } from '@whyslow/measure/engines/onnxruntime/int8/conversion.ts'
import { conversionNode, type QuantizedGraph, type Repair, realNumbersOf, withInput } from './quantized-graph.ts'

const EPSILON = 1e-5
const LOWEST = -128

/** Conv - BatchNormalization, or Conv - QuantizeLinear - DequantizeLinear - BatchNormalization, with a quantized output. */
export function batchNormalizations(quantized: QuantizedGraph): Repair[] {
  return quantized.at.graph.nodes.flatMap((norm) => {
    const found =
      norm.opType === 'BatchNormalization' && norm.outputs.length === 1 ? convolutionBefore(quantized, norm) : undefined
    return found === undefined ? [] : folded(quantized, norm, found.conv, found.between)
  })
}

function convolutionBefore({ at }: QuantizedGraph, norm: NodeView): { conv: NodeView; between: readonly NodeView[] } | undefined {
  const maker = at.producer(norm.inputs[0])
  if (maker === undefined || at.onlyReader(maker) !== norm) return undefined
  if (maker.opType === 'Conv') return { conv: maker, between: [] }
  const quantize = isDequantize(maker) ? at.producer(maker.inputs[0]) : undefined
  if (!isQuantize(quantize) || at.onlyReader(quantize) !== maker) return undefined
  const conv = at.producer(quantize.inputs[0])
  return conv?.opType === 'Conv' && at.onlyReader(conv) === quantize ? { conv, between: [quantize, maker] } : undefined
}

function folded(quantized: QuantizedGraph, norm: NodeView, conv: NodeView, between: readonly NodeView[]): Repair[] {
  const { protoOf, fresh, matching } = quantized
  const weights = quantized.sourceOf(conv, 1)
  const stored = matching.constant(weights?.node.inputs[0])
  if (quantized.sourceOf(conv, 0) === undefined || weights?.scale === undefined || stored?.dtype !== 'int8') return []
  if (weights.zeroPoint?.some((zero) => zero !== 0) !== false) return []
  const channels = stored.shape[0]!
  if (weights.scale.length > 1 && (weights.scale.length !== channels || weights.axis !== 0)) return []
  const [gamma, beta, mean, variance] = norm.inputs.slice(1).map((name) => realNumbersOf(quantized, name))
  const bias = conv.inputs[2] ? realNumbersOf(quantized, conv.inputs[2]) : new Float32Array(channels)
  if ([gamma, beta, mean, variance, bias].some((values) => values?.length !== channels)) return []
  const epsilon = numberOf(protoOf(norm), 'epsilon', EPSILON)
  const factors = Array.from({ length: channels }, (_, k) => gamma![k]! / Math.sqrt(variance![k]! + epsilon))
  // A channel that is switched off has no scale.
  if (factors.some((factor) => !Number.isFinite(factor) || factor === 0)) return []
  const signed = withSigns(new Int8Array(readBytes(quantized.model, stored).slice().buffer), factors)
  if (signed === undefined) return []
  const scales = factors.map((factor, k) => Math.fround(Math.abs(factor) * weights.scale![weights.scale!.length === 1 ? 0 : k]!))
  const shifted = factors.map((factor, k) => factor * (bias![k]! - mean![k]!) + beta![k]!)
  const hint = conv.outputs[0]!
  const names = ['weights', 'weights_scale', 'weights_zero_point', 'weights_float', 'bias'].map((one) => fresh(`${hint}_${one}`))
  const [values, scale, zero, real, biasName] = names as [string, string, string, string, string]
  const dequantize = copyWith(conversionNode('DequantizeLinear', [values, scale, zero], real), {
    attribute: [attribute('axis', 0)],
  })
  // A float bias is quantized by the engine, or by the repair of biases.
  const merged = copyWith(withInput(withInput(protoOf(conv), 1, real), 2, biasName), { output: [norm.outputs[0]!] })
  return [
    {
      edit: {
        remove: new Set([protoOf(norm), protoOf(conv), ...between.map(protoOf)]),
        add: [dequantize, merged],
        addInitializers: [
          rawTensor(values, 'int8', stored.shape, new Uint8Array(signed.buffer)),
          floatTensor(scale, [channels], scales),
          rawTensor(zero, 'int8', [channels], new Uint8Array(channels)),
          floatTensor(biasName, [channels], shifted),
        ],
      },
      nodes: [norm.outputs[0]!],
    },
  ]
}

/** Channels with a negative factor have their integers negated; undefined if one of those is the lowest, which has no opposite. */
function withSigns(values: Int8Array<ArrayBuffer>, factors: readonly number[]): Int8Array<ArrayBuffer> | undefined {
  const size = values.length / factors.length
  for (const [channel, factor] of factors.entries()) {
    if (factor > 0) continue
    for (let i = channel * size; i < (channel + 1) * size; i++) {
      if (values[i] === LOWEST) return undefined
      values[i] = -values[i]!
    }
  }
  return values
}
