// Weights and int32 biases of static int8, written: the bias has the scale of the activation times that of the weights.
import { floatTensor, node as makeNode, rawTensor } from '../../graph/build.ts'
import { affinesForBias, quantizeBias } from './bias.ts'
import { meanLost, type WeightOrder } from './bias-correction.ts'
import { bytesOf } from './dynamic.ts'
import type { Rewriting } from './rewriting.ts'
import type { Region } from './static-region.ts'
import { dequantizedWeights, pointsOf } from './static-values.ts'
import { type FloatWeights, type QuantizedWeights, type WeightLayout, weightAffines } from './weights.ts'

/** Weights and int32 bias of an operator that reads `x`; undefined where they are not finite. */
export function weightsAndBias(
  region: Region,
  given: {
    readonly x: string
    readonly weights: FloatWeights
    readonly axis: number
    readonly name: string
    /** The weights are the constant of that name as it is. */
    readonly shared: boolean
    readonly bias: Float32Array | undefined
    readonly hint: string
    readonly order: WeightOrder
    /** The operator can take a bias where it has none. */
    readonly takesBias: boolean
  },
) {
  const { rewriting } = region
  const { options } = rewriting.choice
  const { scale } = pointsOf(region, given.x).affine
  // Integer kernels want one zero point for all channels.
  const symmetric = options.perChannel || options.weightsSymmetric
  const axis = options.perChannel ? given.axis : null
  const layout: WeightLayout = { type: options.weights, symmetric, reduced: options.reduceRange, axis }
  const own = weightAffines(given.weights, layout)
  if (own === undefined || given.bias?.every(Number.isFinite) === false) return undefined
  const affines = given.bias && options.weights === 'int8' ? affinesForBias(own, options.perChannel, scale, given.bias) : own
  const weights = dequantizedWeights(region, { name: given.name, ...given.weights }, layout, { affines, shared: given.shared })!
  const corrected = given.bias || given.takesBias ? correctedBias(rewriting, given, weights.done) : undefined
  const bias = corrected && dequantizedBias(rewriting, given.hint, quantizeBias(corrected, scale, weights.done.scales))
  return { inputs: [weights.value, ...(bias ? [bias] : [])], sqnrDb: weights.sqnrDb }
}

/** The bias with the mean that rounding the weights costs, where the means of what is read are known. */
function correctedBias(
  { choice }: Rewriting,
  { x, weights, bias, order }: { x: string; weights: FloatWeights; bias: Float32Array | undefined; order: WeightOrder },
  quantized: QuantizedWeights,
): Float32Array | undefined {
  const means = choice.means?.get(x)
  const lost = means && meanLost(weights, quantized, order, means)
  return lost === undefined ? bias : Float32Array.from(lost, (one, output) => one + (bias?.[output] ?? 0))
}

function dequantizedBias(
  { fresh, initializer, add }: Rewriting,
  hint: string,
  { values, scales }: ReturnType<typeof quantizeBias>,
): string {
  const perChannel = scales.length > 1
  const inputs = [
    initializer(rawTensor(fresh(`${hint}_quantized`), 'int32', [values.length], bytesOf(values))),
    initializer(floatTensor(fresh(`${hint}_quantized_scale`), perChannel ? [scales.length] : [], scales)),
    initializer(
      rawTensor(
        fresh(`${hint}_quantized_zero_point`),
        'int32',
        perChannel ? [scales.length] : [],
        bytesOf(new Int32Array(scales.length)),
      ),
    ),
  ]
  const name = fresh(`${hint}_dequantized`)
  add(
    makeNode(
      { opType: 'DequantizeLinear', name: fresh(`${hint}_DequantizeLinear`) },
      inputs,
      [name],
      perChannel ? { axis: 0 } : {},
    ),
  )
  return name
}
