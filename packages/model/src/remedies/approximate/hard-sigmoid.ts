// The sigmoid by three straight pieces, max(0, min(1, alpha x + 1/2)), without an exponential. Alpha by least squares over all x, for
// the sigmoid itself and for Swish, x sigmoid(x), where errors far from zero weigh more; or the usual 1/6 (MobileNetV3,
// https://arxiv.org/abs/1905.02244). HardSigmoid: https://onnx.ai/onnx/operators/onnx__HardSigmoid.html

import { node } from '@whyslow/graph/build.ts'
import { isOperator, type Matching, otherOperand, type Replacement, rewriteGraphs } from '@whyslow/graph/rewrite/match.ts'
import { count } from '@whyslow/graph/rewrite/node-names.ts'
import type { GraphView, NodeView } from '@whyslow/graph/types.ts'
import type { NodeProto } from 'onnx-buf'
import { defineRemedy, type Proposal } from '../kit/remedy.ts'

/** Slopes for x sigmoid(x) and for sigmoid(x) at which the summed squared difference over all x is least; `fitAlpha` finds them. */
export const SWISH_ALPHA = 0.17475
export const SIGMOID_ALPHA = 0.192322
const USUAL_ALPHA = 1 / 6

export const hardSigmoid = defineRemedy({
  id: 'hard-sigmoid',
  title: 'Sigmoid and Swish computed by straight pieces',
  treats: ['costly-activations'],
  effect: 'approximate',
  kind: 'rewrite',
  goals: ['latency', 'throughput'],
  apply(setup, evidence) {
    if (evidence.constraints.maxLoss === null) return []
    const alphas = [
      { variant: 'fitted', alphaOf: (isSwish: boolean) => (isSwish ? SWISH_ALPHA : SIGMOID_ALPHA) },
      { variant: 'sixth', alphaOf: () => USUAL_ALPHA },
    ]
    return alphas.flatMap(({ variant, alphaOf }): Proposal[] => {
      const rewritten = rewriteGraphs(setup.model, (matching) =>
        matching.graph.node.flatMap((one) => {
          return isReplaceable(matching, one) ? [harden(one, alphaOf(isSwish(matching, one)))] : []
        }),
      )
      if (rewritten === undefined) return []
      const { model, replaced } = rewritten
      const shown = [...new Set(replaced.map(({ alpha }) => alpha.toFixed(4)))].join(' and ')
      return [
        {
          variant,
          setup: { ...setup, model },
          changes: [`${count(replaced.length, 'Sigmoid')} computed by HardSigmoid with alpha ${shown}`],
          // What an exponential costs compared with a comparison depends on the instruction set.
          predictedSavingMs: null,
          took: (executed) => countHard(executed) >= 1,
        },
      ]
    })
  },
})

/** Not the model's own output: a probability is asked for as it is. */
function isReplaceable({ dtype, isOutput }: Matching, one: NodeProto): boolean {
  return isOperator(one, 'Sigmoid') && dtype(one.input[0]) === 'float32' && !isOutput(one.output[0]!)
}

function isSwish({ onlyReader }: Matching, sigmoid: NodeProto): boolean {
  const reader = onlyReader(sigmoid)
  return isOperator(reader, 'Mul') && otherOperand(reader, sigmoid.output[0]!) === sigmoid.input[0]
}

function harden(sigmoid: NodeProto, alpha: number): Replacement & { readonly alpha: number } {
  const attributes = { alpha: { float: alpha }, beta: { float: 0.5 } }
  const hard = node({ opType: 'HardSigmoid', name: sigmoid.name }, sigmoid.input, sigmoid.output, attributes)
  return { alpha, parts: [sigmoid], remove: new Set([sigmoid]), add: [hard] }
}

/** As nodes of their own, or taken into the Conv or Gemm before. */
function countHard({ nodes }: GraphView): number {
  const inner = nodes.flatMap(({ subgraphs }) => Object.values(subgraphs)).map(countHard)
  const isHard = ({ opType, attributes }: NodeView) => /^Hard(Sigmoid|Swish)$/.test(`${attributes.activation ?? opType}`)
  return nodes.filter(isHard).length + inner.reduce((sum, one) => sum + one, 0)
}

/** Steps and reach of the sum that represents the integral; the tails beyond are below 1e-8. */
const STEP = 0.01
const REACH = 20

/** The alpha for which the sum over x of (x^power (sigmoid(x) - hard(x)))^2 is least, by golden section; good to 1e-6. */
export function fitAlpha(power: 0 | 1): number {
  // Both functions are point-symmetric about (0, 1/2), so half of the axis tells all.
  const loss = (alpha: number): number => {
    let total = 0
    for (let x = STEP / 2; x < REACH; x += STEP) {
      const difference = 1 / (1 + Math.exp(-x)) - Math.min(1, alpha * x + 0.5)
      total += (x ** power * difference) ** 2
    }
    return total
  }
  const ratio = (Math.sqrt(5) - 1) / 2
  let [low, high] = [0.1, 0.3]
  while (high - low > 1e-7) {
    const [left, right] = [high - ratio * (high - low), low + ratio * (high - low)]
    if (loss(left) < loss(right)) high = right
    else low = left
  }
  return (low + high) / 2
}
