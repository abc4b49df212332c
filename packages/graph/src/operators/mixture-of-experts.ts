// Mixtures of experts: each token goes through `k` of the experts, two products with an activation between them.
// onnxruntime docs/ContribOperators.md: MoE, QMoE. Which experts are asked is in the data; bytes are those of as many experts as one
// token asks, the fewest there can be.

import { elementCount } from '../dtype.ts'
import { hasInput, numberAttribute, textAttribute } from './attributes.ts'
import { activationOps } from './counts/activation-ops.ts'
import { evaluateCounts, sumFunctionCounts } from './counts/functions.ts'
import { DEQUANTIZE_OPS } from './counts/quantize-ops.ts'
import { softmaxOps } from './counts/softmax-ops.ts'
import { defineFamily, formula } from './family.ts'
import { tensorBytes } from './work.ts'

interface Inputs {
  readonly fc1: number
  readonly fc1Bias: number
  readonly fc2: number
  readonly fc2Bias: number
  /** Absent if the gate is fused into the first product. */
  readonly fc3: number
  /** Inputs that hold something of each expert. */
  readonly ofExperts: readonly number[]
}

// input [tokens…, D], router_probs [tokens, experts], fc1 [experts, inner (twice that, fused with a gate), D], fc2 [experts, D, inner]
const mixture = (inputs: Inputs, dequantizeOps: number) =>
  formula([0, 1, inputs.fc1, inputs.fc2], [], ([x, router, fc1, fc2], _, context) => {
    const { node } = context
    const k = numberAttribute(node, 'k', 1)
    const name = textAttribute(node, 'activation_type', 'relu')
    const activation = activationOps(name)
    if (activation === undefined) return `its activation '${name}' is not known`
    const [tokens, experts] = router.shape as [number, number]
    const width = x.shape.at(-1)!
    // The packed axis is the last of each: the other one tells the size.
    const first = fc1.shape[1]!
    const inner = name === 'swiglu' && !hasInput(context, inputs.fc3) ? first / 2 : first
    const third = hasInput(context, inputs.fc3) ? inner : 0
    const visits = tokens * k
    const weights = width * (first + third + inner)
    const asked = Math.min(experts, k)
    const routing = softmaxOps(tokens * experts, tokens)
    const biases = (hasInput(context, inputs.fc1Bias) ? first : 0) + (hasInput(context, inputs.fc2Bias) ? width : 0)
    return {
      macs: visits * weights,
      simpleOps:
        visits * (inner * activation.simple + biases + width) +
        routing.simple +
        (tokens > 0 ? asked * weights * dequantizeOps : 0),
      specialOps: visits * inner * activation.special + routing.special,
      functions: sumFunctionCounts(evaluateCounts(activation.functions, visits * inner), routing.functions),
      readBytes: Object.fromEntries(
        [inputs.fc1, inputs.fc2, ...inputs.ofExperts].map((i) => [
          i,
          (tensorBytes(context.inputs[i]) * asked) / Math.max(1, experts),
        ]),
      ),
      arithmetic: elementCount(fc2.shape) > 0 ? x.dtype : 'float32',
      note: 'which experts are asked lies in the data: bytes of as few as can be',
    }
  })

export const mixtureOfExpertsFamily = defineFamily(
  'mixture-of-experts',
  {},
  {
    'com.microsoft:MoE': mixture({ fc1: 2, fc1Bias: 3, fc2: 4, fc2Bias: 5, fc3: 6, ofExperts: [3, 5, 6, 7] }, 0),
    // Scales behind each weight; zero points from input 11 on.
    'com.microsoft:QMoE': mixture(
      { fc1: 2, fc1Bias: 4, fc2: 5, fc2Bias: 7, fc3: 8, ofExperts: [3, 4, 6, 7, 8, 9, 10, 11, 12, 13] },
      DEQUANTIZE_OPS,
    ),
  },
)
