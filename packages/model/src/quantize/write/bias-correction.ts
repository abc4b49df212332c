// Bias correction: rounding the weights of an output channel shifts its mean by sum (w - w') E[x], which the bias can take back. Needs
// the mean of each channel that is read, on samples. Nagel et al., https://arxiv.org/abs/1906.04721, section 4.2.
import type { ChannelMeans } from './choice.ts'
import type { FloatWeights, QuantizedWeights } from './weights.ts'

/** Which numbers of the weights multiply which channel of what is read. */
export type WeightOrder =
  /** [outputs, inputs of a group, ...] */
  | { readonly kind: 'convolution'; readonly groups: number }
  /** [inputs, outputs], or [outputs, inputs] where turned. */
  | { readonly kind: 'matrix'; readonly turned: boolean }

/**
 * What is to be added to each output's bias: the mean that quantized weights lose. Undefined if there are not as many means as
 * channels.
 */
export function meanError(
  weights: FloatWeights,
  quantized: QuantizedWeights,
  order: WeightOrder,
  { means }: ChannelMeans,
): Float64Array | undefined {
  const { values, shape } = weights
  const [first, second] = [shape[0]!, shape[1]!]
  const inner = shape.slice(2).reduce((all, size) => all * size, 1)
  const turned = order.kind === 'convolution' || order.turned
  const outputs = turned ? first : second
  const groups = order.kind === 'convolution' ? order.groups : 1
  if (means.length !== (turned ? second : first) * groups) return undefined
  const lost = new Float64Array(outputs)
  const perChannel = quantized.scales.length > 1
  for (let row = 0, at = 0; row < first; row++) {
    for (let column = 0; column < second; column++) {
      const output = turned ? row : column
      const input = turned ? column + second * Math.floor((row * groups) / first) : row
      const [scale, point] = [quantized.scales[perChannel ? output : 0]!, quantized.zeroPoints[perChannel ? output : 0]!]
      let difference = 0
      for (const end = at + inner; at < end; at++) difference += values[at]! - scale * (quantized.values[at]! - point)
      lost[output]! += difference * means[input]!
    }
  }
  return lost
}
