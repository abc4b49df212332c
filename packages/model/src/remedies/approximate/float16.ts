// The model in float16, for engines that compute in it. On CPUs they do not: onnxruntime has next to no float16 kernels for x86 and puts
// a Cast around every operator, so that the model gets slower (https://github.com/microsoft/onnxruntime/issues/25824).

import { count } from '@whyslow/graph/rewrite/node-names.ts'
import { nodesOf } from '@whyslow/graph/walk.ts'
import { toHalf } from '../../quantize/write/half.ts'
import { profiledTypes } from '../kit/executed-graph.ts'
import { defineRemedy, predictedSaving, rewriteProposal } from '../kit/remedy.ts'
import { countRun } from '../kit/unfused.ts'

const TREATS = ['memory-bound-operators', 'compute-bound-operators']

export const float16 = defineRemedy({
  id: 'float16',
  title: 'Weights and values in float16',
  treats: TREATS,
  effect: 'approximate',
  kind: 'rewrite',
  goals: ['latency', 'throughput', 'memory', 'size'],
  apply(setup, evidence) {
    const computes = evidence.offers.includes('float16')
    if (evidence.constraints.maxLoss === null || (!computes && evidence.goal !== 'size')) return []
    const half = toHalf(setup.model, profiledTypes(evidence.profile))
    if (typeof half === 'string') return []
    const { model, converted, blocked, clamped } = half
    const casts = nodesOf(model.proto).filter(({ opType }) => opType === 'Cast').length
    return rewriteProposal(setup, {
      model,
      changes: [
        `${count(converted, 'operator')} in float16${blocked.length > 0 ? `; in float32 stay ${blocked.join(', ')}` : ''}`,
        ...(clamped > 0 ? [`${count(clamped, 'weight')} beyond ±65504 clamped to it`] : []),
      ],
      predictedSavingMs: computes ? predictedSaving(TREATS, evidence) : null,
      // An engine without such kernels writes a Cast before and behind each operator.
      ...(computes ? { took: (executed) => countRun(executed, /^Cast$/) <= casts } : {}),
    })
  },
})
