// Operators that gain nothing from being quantized, given back to float32: pairs of conversions between float operators, which only
// round, and ConvInteger, which has no fused kernel and runs several times slower than a float convolution.

import { floatPairs } from '../../quantize/repair/float-pairs.ts'
import { integerConvolutions } from '../../quantize/repair/integer-chains.ts'
import { disjoint, siteOf, withEdits } from '../../quantize/repair/site.ts'
import { count } from '../../rewrite/node-names.ts'
import { defineRemedy, predictedBy } from '../../rewrite/remedy.ts'

const TREATS = ['unfused-quantization']

export const selectiveDequantization = defineRemedy({
  id: 'selective-dequantization',
  title: 'Operators that gain nothing in int8 given back to float32',
  treats: TREATS,
  effect: 'approximate',
  kind: 'rewrite',
  goals: ['latency', 'throughput'],
  apply(setup, evidence) {
    const site = siteOf(setup.model)
    if (site === undefined) return []
    const [pairs, convolutions] = [disjoint(floatPairs(site)), disjoint(integerConvolutions(site))]
    if (pairs.length + convolutions.length === 0) return []
    const model = withEdits(site, [...pairs, ...convolutions])
    return [
      {
        variant: '',
        setup: { ...setup, model },
        changes: [
          ...(pairs.length > 0 ? [`${count(pairs.length, 'pair')} of conversions between float operators taken out`] : []),
          ...(convolutions.length > 0 ? [`${count(convolutions.length, 'integer convolution')} computed in float32`] : []),
        ],
        predictedSavingMs: predictedBy(TREATS, evidence),
      },
    ]
  },
})
