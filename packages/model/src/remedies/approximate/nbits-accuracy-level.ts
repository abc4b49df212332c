import { INT8_LEVEL, withInt8Products } from '@whyslow/graph/rewrite/int8-products.ts'
import { count } from '@whyslow/graph/rewrite/node-names.ts'
import { defineRemedy, rewriteProposal } from '../kit/remedy.ts'

export const nbitsAccuracyLevel = defineRemedy({
  id: 'nbits-accuracy-level',
  title: 'Products with few-bit weights multiplied in int8',
  treats: ['unfused-quantization'],
  effect: 'approximate',
  kind: 'rewrite',
  goals: ['latency', 'throughput'],
  repairs: ({ condition }) => condition === 'float-products',
  apply(setup) {
    const rewritten = withInt8Products(setup.model)
    if (rewritten === undefined) return []
    const { model, products } = rewritten
    return rewriteProposal(setup, {
      model,
      changes: [`accuracy_level ${INT8_LEVEL} for ${count(products, 'product')} with few-bit weights: multiplied in int8`],
      predictedSavingMs: null,
      took: ({ nodes }) =>
        nodes.every(({ opType, attributes }) => opType !== 'MatMulNBits' || attributes.accuracy_level === INT8_LEVEL),
    })
  },
})
