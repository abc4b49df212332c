// MatMulNBits multiplies in int8 on CPUs at accuracy_level 4 alone; at any other it unpacks its weights to float first.
// onnxruntime/contrib_ops/cpu/quantization/matmul_nbits.cc
import { attribute } from '@whyslow/graph/build.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import { isOperator, numberOf, rewriteGraphs } from '@whyslow/graph/rewrite/match.ts'
import { count } from '@whyslow/graph/rewrite/node-names.ts'
import { defineRemedy, rewriteProposal } from '../kit/remedy.ts'

const INT8 = 4

export const nbitsAccuracyLevel = defineRemedy({
  id: 'nbits-accuracy-level',
  title: 'Products with few-bit weights multiplied in int8',
  treats: ['unfused-quantization'],
  effect: 'approximate',
  kind: 'rewrite',
  goals: ['latency', 'throughput'],
  repairs: ({ condition }) => condition === 'float-products',
  apply(setup) {
    const rewritten = rewriteGraphs(setup.model, ({ graph }) =>
      graph.node
        .filter((node) => isOperator(node, 'com.microsoft:MatMulNBits') && numberOf(node, 'accuracy_level', 0) !== INT8)
        .map((node) => {
          const others = node.attribute.filter(({ name }) => name !== 'accuracy_level')
          const add = [copyWith(node, { attribute: [...others, attribute('accuracy_level', INT8)] })]
          return { parts: [node], remove: new Set([node]), add }
        }),
    )
    if (rewritten === undefined) return []
    const { model, replaced } = rewritten
    return rewriteProposal(setup, {
      model,
      changes: [`accuracy_level ${INT8} for ${count(replaced.length, 'product')} with few-bit weights: multiplied in int8`],
      predictedSavingMs: null,
      took: ({ nodes }) =>
        nodes.every(({ opType, attributes }) => opType !== 'MatMulNBits' || attributes.accuracy_level === INT8),
    })
  },
})
