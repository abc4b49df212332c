// BatchNormalization after a linear operator is folded into its weights: (W x + b - mean) * s + B = (s W) x + (s (b - mean) + B),
// s = scale / sqrt(variance + epsilon), worked out in float64. ONNX Runtime does it at every load (core/optimizer/conv_bn_fusion.cc)
// for Conv, if nothing stands between. https://onnx.ai/onnx/operators/onnx__BatchNormalization.html

import { floatTensor } from '@whyslow/graph/build.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import { selectSeparate } from '@whyslow/graph/rewrite/bypass.ts'
import { floatsOf } from '@whyslow/graph/rewrite/floats.ts'
import { isOperator, type Matching, numberOf, type Replacement } from '@whyslow/graph/rewrite/match.ts'
import { count } from '@whyslow/graph/rewrite/node-names.ts'
import { nodesOf } from '@whyslow/graph/walk.ts'
import type { NodeProto } from 'onnx-buf'
import { defineRemedy } from '../kit/remedy.ts'
import { rewritingRemedy, savingOfRemoving } from '../kit/rewriting.ts'
import { countRun } from '../kit/unfused.ts'

export const convBatchnorm = defineRemedy(
  rewritingRemedy({
    id: 'conv-batchnorm',
    title: 'BatchNormalization is folded into the weights before it',
    treats: ['unfused-operators', 'dispatch-overhead', 'cold-start'],
    effect: 'rounding',
    goals: ['latency', 'throughput', 'load-time', 'memory', 'size'],
    find: (matching, fresh) => selectSeparate(matching.graph.node.map((node) => fold(matching, node, fresh))),
    toTheEnd: true,
    changes: ({ replaced }) => `${count(replaced.length, 'BatchNormalization')} folded into the weights before`,
    saving: savingOfRemoving,
    took: (executed, { model }) =>
      countRun(executed, /^BatchNormalization$/) <=
      nodesOf(model.proto).filter(({ opType }) => opType === 'BatchNormalization').length,
  }),
)

function fold(matching: Matching, norm: NodeProto, fresh: (hint: string) => string): Replacement | undefined {
  const linear = matching.producer(norm.input[0])
  if (!isOperator(linear, 'Conv', 'ConvTranspose', 'Gemm') || matching.onlyReader(linear) !== norm) return undefined
  const affine = affineOf(matching, norm)
  const weights = weightsOf(matching, linear)
  if (affine === undefined || weights === undefined || weights.channels !== affine.scale.length) return undefined
  const { values, shape, channelAt, bias } = weights
  const { scale, mean, shift } = affine
  const scaled = values.map((value, index) => value * scale[channelAt(index)]!)
  const moved = Float32Array.from(scale, (factor, channel) => (bias(channel) - mean[channel]!) * factor + shift[channel]!)
  if (![...scale, ...moved].every(Number.isFinite) || !scaled.every(Number.isFinite)) return undefined
  const [data, weightName] = [linear.input[0]!, linear.input[1]!]
  const weight = floatTensor(fresh(`${weightName}_folded`), shape, scaled)
  const newBias = floatTensor(fresh(`${weightName}_bias_folded`), [moved.length], moved)
  // The bias of a Gemm has taken up beta.
  const attribute = linear.attribute.filter(({ name }) => name !== 'beta')
  const folded = copyWith(linear, { input: [data, weight.name, newBias.name], output: [norm.output[0]!], attribute })
  return { parts: [norm], remove: new Set([linear, norm]), add: [folded], addInitializers: [weight, newBias] }
}

interface Affine {
  readonly scale: Float64Array
  readonly mean: Float32Array
  readonly shift: Float32Array
}

/** (x - mean) * scale + shift per channel, as the node computes it in prediction; undefined if it trains or is not constant. */
function affineOf(matching: Matching, norm: NodeProto): Affine | undefined {
  if (!isOperator(norm, 'BatchNormalization') || matching.opset < 7 || norm.input.length !== 5) return undefined
  // More outputs than one (until opset 13), or training_mode, are for training; spatial=0 (until 8) has parameters per element.
  if (norm.output.slice(1).some((name) => name !== '') || numberOf(norm, 'training_mode', 0) !== 0) return undefined
  if (numberOf(norm, 'spatial', 1) !== 1) return undefined
  const [gamma, shift, mean, variance] = norm.input.slice(1).map((name) => floatsOf(matching, name))
  if (!gamma || !shift || !mean || !variance) return undefined
  if ([shift, mean, variance].some(({ length }) => length !== gamma.length)) return undefined
  const epsilon = numberOf(norm, 'epsilon', 1e-5)
  return { scale: Float64Array.from(gamma, (one, channel) => one / Math.sqrt(variance[channel]! + epsilon)), mean, shift }
}

interface LinearWeights {
  readonly values: Float32Array
  readonly shape: readonly number[]
  readonly channels: number
  /** The output channel that a weight belongs to. */
  readonly channelAt: (index: number) => number
  readonly bias: (channel: number) => number
}

function weightsOf(matching: Matching, linear: NodeProto): LinearWeights | undefined {
  const shape = matching.constant(linear.input[1])?.shape
  const values = floatsOf(matching, linear.input[1])
  if (shape === undefined || values === undefined || shape.length < 2 || values.length === 0) return undefined
  const { channels, channelAt } = channelsOf(linear, shape)
  const given = linear.input[2] ? floatsOf(matching, linear.input[2]) : new Float32Array(1)
  const isScalar = given?.length === 1
  if (given === undefined || (!isScalar && given.length !== channels)) return undefined
  if (linear.opType !== 'Gemm') {
    if (linear.input[2] && given.length !== channels) return undefined
    return { values, shape, channels, channelAt, bias: (channel) => given[isScalar ? 0 : channel]! }
  }
  // Of what Gemm broadcasts, only one number for all and one per column.
  const biasShape = linear.input[2] ? matching.constant(linear.input[2])!.shape : []
  if (!isScalar && biasShape.at(-1) !== channels) return undefined
  const beta = numberOf(linear, 'beta', 1)
  return { values, shape, channels, channelAt, bias: (channel) => beta * given[isScalar ? 0 : channel]! }
}

function channelsOf(linear: NodeProto, shape: readonly number[]): Pick<LinearWeights, 'channels' | 'channelAt'> {
  const [first, second] = [shape[0]!, shape[1]!]
  const inner = shape.slice(2).reduce((product, size) => product * size, 1)
  if (linear.opType === 'Conv') return { channels: first, channelAt: (index) => Math.floor(index / (second * inner)) }
  if (linear.opType === 'Gemm') {
    return numberOf(linear, 'transB', 0) === 0
      ? { channels: second, channelAt: (index) => index % second }
      : { channels: first, channelAt: (index) => Math.floor(index / second) }
  }
  const groups = numberOf(linear, 'group', 1)
  return {
    channels: second * groups,
    channelAt: (index) => {
      const row = Math.floor(index / (second * inner))
      return Math.floor((row * groups) / first) * second + (Math.floor(index / inner) % second)
    },
  }
}
