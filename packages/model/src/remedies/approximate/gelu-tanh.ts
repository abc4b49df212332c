// GELU by tanh instead of erf: x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))), at most 5e-4 from the exact one.
// Hendrycks and Gimpel, https://arxiv.org/abs/1606.08415; FastGelu: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md

import { node } from '@whyslow/graph/build.ts'
import { findGelu } from '@whyslow/graph/patterns/gelu.ts'
import { attributeOf, isOperator, type Matching, type Replacement } from '@whyslow/graph/rewrite/match.ts'
import { count } from '@whyslow/graph/rewrite/node-names.ts'
import type { NodeProto } from 'onnx-buf'
import { defineRemedy } from '../kit/remedy.ts'
import { rewritingRemedy } from '../kit/rewriting.ts'
import { countRun } from '../kit/unfused.ts'

export const geluTanh = defineRemedy(
  rewritingRemedy({
    id: 'gelu-tanh',
    title: 'GELU computed with tanh instead of erf',
    treats: ['costly-activations', 'unfused-operators'],
    effect: 'approximate',
    find: (matching) => matching.graph.node.flatMap((one) => replacementOf(matching, one) ?? []),
    domains: { 'com.microsoft': 1 },
    changes: ({ replaced }) => `${count(replaced.length, 'GELU')} with erf computed by FastGelu, at most 5e-4 from it`,
    // How the two kernels compare depends on the instruction set.
    saving: () => null,
    took: (executed, { replaced }) => countRun(executed, /^FastGelu$/) >= replaced.length,
  }),
)

function replacementOf(matching: Matching, one: NodeProto): Replacement | undefined {
  const written = isOperator(one, 'Erf') ? findGelu(matching, one) : undefined
  if (written !== undefined) return fast(written.parts, [written.x], written.last)
  const isExact = isOperator(one, 'Gelu') && (attributeOf(one, 'approximate') ?? 'none') === 'none'
  if (!isExact && !isOperator(one, 'com.microsoft:Gelu', 'com.microsoft:BiasGelu')) return undefined
  return matching.dtype(one.output[0]) === 'float32' ? fast(new Set([one]), one.input, one) : undefined
}

function fast(parts: ReadonlySet<NodeProto>, inputs: readonly string[], last: NodeProto): Replacement {
  return {
    parts: [...parts],
    remove: parts,
    add: [node({ opType: 'FastGelu', domain: 'com.microsoft', name: last.name }, inputs, [last.output[0]!])],
  }
}
