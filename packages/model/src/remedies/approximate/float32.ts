// A model of float64 in float32. Vectors hold half as many float64, and of those the engine has slower kernels or none of its own: MatMul goes through
// Eigen (onnxruntime/core/providers/cpu/math/matmul.cc). Exporters of scikit-learn and PyTorch keep the type in which a model was trained.

import { sum } from '@whyslow/graph/rewrite/floats.ts'
import { count } from '@whyslow/graph/rewrite/node-names.ts'
import { toSingle } from '../../quantize/write/single.ts'
import { profiledTypes } from '../kit/executed-graph.ts'
import { defineRemedy, type RemedyEvidence, rewriteProposal } from '../kit/remedy.ts'

export const float32 = defineRemedy({
  id: 'float32',
  title: 'Arithmetic in float32 instead of float64',
  treats: ['compute-bound-operators', 'memory-bound-operators'],
  effect: 'approximate',
  kind: 'rewrite',
  goals: ['latency', 'throughput', 'memory', 'size'],
  apply(setup, evidence) {
    if (evidence.constraints.maxLoss === null) return []
    const single = toSingle(setup.model, profiledTypes(evidence.profile))
    if (typeof single === 'string') return []
    const { model, converted, blocked, clamped } = single
    return rewriteProposal(setup, {
      model,
      changes: [
        `${count(converted, 'operator')} in float32${blocked.length > 0 ? `; in float64 stay ${blocked.join(', ')}` : ''}`,
        ...(clamped > 0 ? [`${count(clamped, 'weight')} beyond the largest float32 clamped to it`] : []),
      ],
      predictedSavingMs: savingOf(evidence),
    })
  },
})

/** Half of what operators on float64 take: their vectors and bytes are twice as long as need be. */
function savingOf({ profile, p50Ms }: RemedyEvidence): number | null {
  if (profile === undefined) return null
  const wide = profile.nodes.filter(({ outputTypes: [made] }) => made?.dtype === 'float64')
  return Math.min(sum(wide.map(({ timeMs }) => timeMs)) / 2, p50Ms)
}
