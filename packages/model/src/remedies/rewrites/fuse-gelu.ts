// GELU written out in pieces becomes the engine's own operator: Gelu for the erf form, FastGelu for the tanh form. The engine fuses
// the two usual orders by itself (onnxruntime/core/optimizer/gelu_fusion.cc, fast_gelu_fusion.cc); here any order of the factors.
// Gelu, FastGelu: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
import { node } from '@whyslow/graph/build.ts'
import { findGelu } from '@whyslow/graph/patterns/gelu.ts'
import type { Replacement } from '@whyslow/graph/rewrite/match.ts'
import { count } from '@whyslow/graph/rewrite/node-names.ts'
import { defineRemedy } from '../kit/remedy.ts'
import { rewritingRemedy, savingOfFusing } from '../kit/rewriting.ts'
import { countRun, isUnfused } from '../kit/unfused.ts'

export const fuseGelu = defineRemedy(
  rewritingRemedy({
    id: 'fuse-gelu',
    title: 'GELU written in pieces becomes one operator',
    treats: ['unfused-operators', 'costly-activations', 'memory-bound-operators', 'dispatch-overhead'],
    effect: 'rounding',
    find: (matching, _, evidence) =>
      matching.graph.node.flatMap((anchor): Replacement[] => {
        const gelu = findGelu(matching, anchor)
        if (gelu === undefined || !isUnfused(evidence, anchor)) return []
        const { form, x, parts, last } = gelu
        const opType = form === 'erf' ? 'Gelu' : 'FastGelu'
        const fused = node({ opType, domain: 'com.microsoft', name: last.name }, [x], [last.output[0]!])
        return [{ parts: [...parts], remove: parts, add: [fused] }]
      }),
    domains: { 'com.microsoft': 1 },
    changes: ({ replaced, parts }) => `${count(replaced.length, 'GELU')} instead of ${count(parts.length, 'node')}`,
    saving: savingOfFusing,
    // With a bias before it, the engine goes on to make BiasGelu of it.
    took: (executed, { replaced }) => countRun(executed, /Gelu$/) >= replaced.length,
  }),
)
