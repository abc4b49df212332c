// GELU written out in pieces becomes the engine's own operator: Gelu for the erf form, FastGelu for the tanh form. The engine fuses
// the two usual orders by itself (onnxruntime/core/optimizer/gelu_fusion.cc, fast_gelu_fusion.cc); here any order of the factors.
// Gelu, FastGelu: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
import { node } from '@whyslow/graph/build.ts'
import { findGelu } from '@whyslow/graph/patterns/gelu.ts'
import { type Replacement, rewriteGraphs } from '@whyslow/graph/rewrite/match.ts'
import { count } from '@whyslow/graph/rewrite/node-names.ts'
import { defineRemedy, rewriteProposal } from '../kit/remedy.ts'
import { countRun, isUnfused, savingByFusing } from '../kit/unfused.ts'

const TREATS = ['unfused-operators', 'costly-activations', 'memory-bound-operators', 'dispatch-overhead']

export const fuseGelu = defineRemedy({
  id: 'fuse-gelu',
  title: 'GELU written in pieces becomes one operator',
  treats: TREATS,
  effect: 'rounding',
  kind: 'rewrite',
  goals: ['latency', 'throughput'],
  apply(setup, evidence) {
    const rewritten = rewriteGraphs(
      setup.model,
      (matching) =>
        matching.graph.node.flatMap((anchor): Replacement[] => {
          const gelu = findGelu(matching, anchor)
          if (gelu === undefined || !isUnfused(evidence, anchor)) return []
          const { form, x, parts, last } = gelu
          const opType = form === 'erf' ? 'Gelu' : 'FastGelu'
          const fused = node({ opType, domain: 'com.microsoft', name: last.name }, [x], [last.output[0]!])
          return [{ parts: [...parts], remove: parts, add: [fused] }]
        }),
      { 'com.microsoft': 1 },
    )
    if (rewritten === undefined) return []
    const { model, replaced } = rewritten
    const parts = replaced.reduce((sum, one) => sum + one.parts.length, 0)
    return rewriteProposal(setup, {
      model,
      changes: [`${count(replaced.length, 'GELU')} in place of ${count(parts, 'node')}`],
      predictedSavingMs: savingByFusing(evidence, TREATS, replaced),
      // With a bias before it, the engine goes on to make BiasGelu of it.
      took: (executed) => countRun(executed, /Gelu$/) >= replaced.length,
    })
  },
})
