// SkipLayerNormalization as a sum and a LayerNormalization. On x86 the engine's fused kernel goes through a row number by number
// (onnxruntime/contrib_ops/cpu/bert/skip_layer_norm.cc), its LayerNormalization by vectors, so that one pass more is faster. Where the engine
// fuses by itself, as it does where it knows the shapes (onnxruntime/core/optimizer/skip_layer_norm_fusion.cc), the sum is written as Sum, which
// it does not look for. SkipLayerNormalization: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md

import { node } from '@whyslow/graph/build.ts'
import { isOperator, type Matching, numberOf, type Replacement } from '@whyslow/graph/rewrite/match.ts'
import { count } from '@whyslow/graph/rewrite/node-names.ts'
import { sameShape } from '@whyslow/graph/rewrite/sizes.ts'
import type { NodeProto } from 'onnx-buf'
import { defineRemedy, type RemedyEvidence } from '../kit/remedy.ts'
import { rewritingRemedy } from '../kit/rewriting.ts'

const SKIP = 'SkipLayerNormalization'
/** Since when Sum broadcasts, as it does a bias. */
const LEAST_OPSET = 8

export const splitSkipLayerNorm = defineRemedy(
  rewritingRemedy({
    id: 'split-skip-layer-norm',
    title: 'A residual sum runs apart from the normalization that it was fused into',
    treats: ['slow-normalization', 'memory-bound-operators'],
    effect: 'rounding',
    find(matching, fresh, evidence) {
      if (matching.opset < LEAST_OPSET) return []
      const fused = fusedByEngine(evidence)
      return matching.graph.node.flatMap((one) => split(matching, one, fresh) ?? asSum(matching, one, fused) ?? [])
    },
    changes: ({ replaced }) => `${count(replaced.length, 'residual sum')} computed separately from the normalization after it`,
    // Only the operators alone tell.
    saving: () => null,
  }),
)

/** The user's nodes in what the engine fused. */
function fusedByEngine({ profile }: RemedyEvidence): ReadonlySet<string> {
  return new Set((profile?.nodes ?? []).flatMap(({ opType, origin }) => (opType === SKIP && origin.length > 1 ? origin : [])))
}

/** The operator as the model has it. */
function split({ dtype }: Matching, one: NodeProto, fresh: (hint: string) => string): Replacement | undefined {
  if (!isOperator(one, `com.microsoft:${SKIP}`) || dtype(one.input[0]) !== 'float32') return undefined
  const [input, skip, scale, shift = '', bias = ''] = one.input
  const [result, mean = '', deviation = '', sum = ''] = one.output
  if (mean !== '' || deviation !== '' || !result || !scale) return undefined
  const added = sum || fresh(`${result}_sum`)
  const name = one.name || result
  const attributes = { axis: -1, epsilon: { float: numberOf(one, 'epsilon', 1e-12) } }
  return {
    parts: [one],
    remove: new Set([one]),
    add: [
      node({ opType: 'Sum', name: fresh(`${name}_sum`) }, [input!, skip!, ...(bias === '' ? [] : [bias])], [added]),
      node({ opType: 'LayerNormalization', name }, [added, scale, ...(shift === '' ? [] : [shift])], [result], attributes),
    ],
  }
}

/** A sum of two values that the engine takes into a normalization. */
function asSum({ constant, dtype, shape }: Matching, one: NodeProto, fused: ReadonlySet<string>): Replacement | undefined {
  const [a, b] = one.input
  if (!isOperator(one, 'Add') || !fused.has(one.name || one.output[0]!)) return undefined
  if (dtype(a) !== 'float32' || constant(a) !== undefined || constant(b) !== undefined || !sameShape(shape(a), shape(b)))
    return undefined
  return { parts: [one], remove: new Set([one]), add: [node({ opType: 'Sum', name: one.name }, one.input, one.output)] }
}
