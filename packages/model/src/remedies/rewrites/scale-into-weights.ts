// A product, quotient, sum or difference with constants next to a linear operator moves into its weights and bias:
//   (x W + b) * c = x (W c) + b c        (x * c + s) W + b = x (c W) + (s W + b)
// c for every column or row, or one number. The engine folds single numbers into MatMul and what follows a Conv; not the rest
// (onnxruntime/core/optimizer/matmul_scale_fusion.cc, conv_mul_fusion.cc). Standardization in front of a network is the usual case.
import { sum } from '@whyslow/graph/rewrite/floats.ts'
import { count } from '@whyslow/graph/rewrite/node-names.ts'
import { foldScales } from '../kit/fold-scales.ts'
import { defineRemedy, predictedSaving, rewriteProposal } from '../kit/remedy.ts'
import { timesOf } from '../kit/unfused.ts'

const TREATS = ['unfused-operators', 'memory-bound-operators', 'dispatch-overhead']

export const scaleIntoWeights = defineRemedy({
  id: 'scale-into-weights',
  title: 'Constant factors and sums are folded into neighbouring weights',
  treats: TREATS,
  effect: 'rounding',
  kind: 'rewrite',
  goals: ['latency', 'throughput'],
  apply(setup, evidence) {
    const { model, folded } = foldScales(setup.model, evidence)
    if (folded.length === 0) return []
    const opTypes = [...new Set(folded.map(({ opType }) => opType))].sort()
    const times = timesOf(evidence, folded)
    return rewriteProposal(setup, {
      model,
      changes: [`${count(folded.length, 'node')} (${opTypes.join(', ')}) folded into the weights of linear operators`],
      predictedSavingMs:
        evidence.profile === undefined ? predictedSaving(TREATS, evidence) : Math.min(sum(times), evidence.p50Ms),
    })
  },
})
