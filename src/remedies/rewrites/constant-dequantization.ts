// Constants that the engine dequantizes at every prediction, since they fuse with nothing: weights quantized alone, weights of operators
// without an int8 kernel, tables of which some rows are read. The same floats, computed once.

import { constantDequantizers, constantsInFloat } from '../../quantize/repair/constants-in-float.ts'
import { disjoint, siteOf, withEdits } from '../../quantize/repair/site.ts'
import { count } from '../../rewrite/node-names.ts'
import { defineRemedy, predictedBy } from '../../rewrite/remedy.ts'

const TREATS = ['unfused-quantization']

export const constantDequantization = defineRemedy({
  id: 'constant-dequantization',
  title: 'Weights dequantized once instead of at every prediction',
  treats: TREATS,
  effect: 'rounding',
  kind: 'rewrite',
  goals: ['latency', 'throughput'],
  apply(setup, evidence) {
    const site = siteOf(setup.model)
    if (site === undefined) return []
    const executed = evidence.profile?.graph
    const runsAt = new Set(executed?.nodes.flatMap(({ opType, inputs }) => (opType === 'DequantizeLinear' ? [inputs[0]] : [])))
    const runs = ({ inputs }: { readonly inputs: readonly string[] }) =>
      executed === undefined ? undefined : runsAt.has(inputs[0])
    const plain = constantDequantizers(site, runs, false)
    const all = constantDequantizers(site, runs, true)
    // Requantized such groups are faster still, where a loss is allowed and their ranges are known.
    const variants = [
      { variant: '', nodes: plain },
      { variant: 'of all float groups', nodes: all.length > plain.length ? all : [] },
    ]
    return variants.flatMap(({ variant, nodes }) => {
      const found = disjoint(constantsInFloat(site, nodes))
      if (found.length === 0) return []
      return [
        {
          variant,
          setup: { ...setup, model: withEdits(site, found) },
          changes: [`${count(found.length, 'constant')} no longer dequantized at every prediction`],
          predictedSavingMs: predictedBy(TREATS, evidence),
        },
      ]
    })
  },
})
