// Constants that the engine dequantizes at every prediction, since they fuse with nothing: weights quantized alone, weights of operators
// without an int8 kernel, tables of which some rows are read. The same floats, computed once.

import { count } from '@whyslow/graph/rewrite/node-names.ts'
import type { UnfusedReason } from '@whyslow/measure/engines/onnxruntime/int8/unfused.ts'
import { constantDequantizers, constantsInFloat } from '../../quantize/repair/constants-in-float.ts'
import { quantizedGraph, selectDisjoint, withRepairs } from '../../quantize/repair/quantized-graph.ts'
import { defineRemedy, predictedSaving } from '../kit/remedy.ts'

const TREATS = ['unfused-quantization']
/** What the engine computes in float whatever is rewritten, so that the constants may be floats. */
const IN_FLOAT: ReadonlySet<UnfusedReason> = new Set([
  ...(['no-int8-kernel', 'wide-types', 'input-float', 'weights-float', 'several-quantizers'] as const),
  ...(['channel-axis', 'resize-mode', 'opset', 'not-known'] as const),
])

export const constantDequantization = defineRemedy({
  id: 'constant-dequantization',
  title: 'Weights dequantized once instead of at every prediction',
  treats: TREATS,
  effect: 'rounding',
  kind: 'rewrite',
  goals: ['latency', 'throughput'],
  repairs: ({ condition, opType, hasConstants }) =>
    condition === 'weights-only' || (hasConstants && IN_FLOAT.has(condition) && opType !== 'BatchNormalization'),
  apply(setup, evidence) {
    const quantized = quantizedGraph(setup.model)
    if (quantized === undefined) return []
    const executed = evidence.profile?.graph
    const runsAt = new Set(executed?.nodes.flatMap(({ opType, inputs }) => (opType === 'DequantizeLinear' ? [inputs[0]] : [])))
    const runs = ({ inputs }: { readonly inputs: readonly string[] }) =>
      executed === undefined ? undefined : runsAt.has(inputs[0])
    const plain = constantDequantizers(quantized, runs, false)
    const all = constantDequantizers(quantized, runs, true)
    // Requantized such groups are faster still, where a loss is allowed and their ranges are known.
    const variants = [
      { variant: '', nodes: plain },
      { variant: 'of all float groups', nodes: all.length > plain.length ? all : [] },
    ]
    return variants.flatMap(({ variant, nodes }) => {
      const found = selectDisjoint(constantsInFloat(quantized, nodes))
      if (found.length === 0) return []
      return [
        {
          variant,
          setup: { ...setup, model: withRepairs(quantized, found) },
          changes: [`${count(found.length, 'constant')} no longer dequantized at every prediction`],
          predictedSavingMs: predictedSaving(TREATS, evidence),
        },
      ]
    })
  },
})
