// Weights and int32 biases of static int8, written: the bias has the scale of the activation times that of the weights.
import { floatTensor, node as makeNode, rawTensor } from '@whyslow/graph/build.ts'
import { affinesForBias, quantizeBias } from './bias.ts'
import { meanError, type WeightOrder } from './bias-correction.ts'
import { bytesOf } from './dynamic.ts'
import type { QuantizationParameters } from './numbers.ts'
import type { QuantizeRewrite } from './rewriting.ts'
import type { Region } from './static-region.ts'
import { dequantizedWeights, pointsOf } from './static-values.ts'
import { type FloatWeights, type QuantizedWeights, type WeightLayout, weightAffines, withAffines } from './weights.ts'

/** Weights and int32 bias of an operator that reads `x`; undefined if they are not finite. */
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
    /** The operator can take a bias if it has none. */
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
  const affines = options.weights === 'int8' ? affinesThatFit(rewriting, given, layout, { own, scale }) : own
  const weights = dequantizedWeights(region, { name: given.name, ...given.weights }, layout, { affines, shared: given.shared })!
  const corrected = given.bias || given.takesBias ? correctedBias(rewriting, given, weights.done) : undefined
  const bias = corrected && dequantizedBias(rewriting, given.hint, quantizeBias(corrected, scale, weights.done.scales))
  return { inputs: [weights.value, ...(bias ? [bias] : [])], sqnrDb: weights.sqnrDb }
}

/** Each enlargement rounds the weights again, and moves the mean that the bias takes back: by less every time. */
const MOST_ENLARGEMENTS = 4

/** Enlarged until the bias that is written fits, the mean that rounding the weights costs in it. */
function affinesThatFit(
  rewriting: QuantizeRewrite,
  given: Corrected & { readonly takesBias: boolean },
  layout: WeightLayout,
  { own, scale }: { readonly own: readonly QuantizationParameters[]; readonly scale: number },
): readonly QuantizationParameters[] {
  let affines = own
  if (!given.bias && !given.takesBias) return own
  for (let k = 0; k < MOST_ENLARGEMENTS; k++) {
    // Without means the bias is as it is, whatever the weights.
    const isKnown = rewriting.choice.means?.get(given.x) !== undefined
    const bias = isKnown ? correctedBias(rewriting, given, withAffines(given.weights, layout, affines)) : given.bias
    const next = bias ? affinesForBias(affines, layout.axis !== null, scale, bias) : affines
    if (next.every((one, channel) => one.scale === affines[channel]!.scale)) return affines
    affines = next
  }
  return affines
}

interface Corrected {
  readonly x: string
  readonly weights: FloatWeights
  readonly bias: Float32Array | undefined
  readonly order: WeightOrder
}

/** The bias with the mean that rounding the weights costs, where the means of what is read are known. */
function correctedBias(
  { choice }: QuantizeRewrite,
  { x, weights, bias, order }: Corrected,
  quantized: QuantizedWeights,
): Float32Array | undefined {
  const means = choice.means?.get(x)
  const lost = means && meanError(weights, quantized, order, means)
  return lost === undefined ? bias : Float32Array.from(lost, (one, output) => one + (bias?.[output] ?? 0))
}

function dequantizedBias(
  { fresh, initializer, add }: QuantizeRewrite,
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
