// The head is the largest product of a small model: 28 of SmolLM2's 135 million weights. In 4 bits it makes models repeat themselves
// (onnxruntime#24384), in 8 it does not. A table of embeddings that is tied to it stays in float: a token reads one row of it.
import { appliesTo, quantizePart } from './kit/quantize.ts'
import { defineGeneratorRemedy } from './kit/remedy.ts'

export const int8Head = defineGeneratorRemedy({
  id: 'int8-head',
  title: 'The head in 8 bits',
  description: 'The product that makes the logits reads weights of 8 bits; the table of embeddings stays unchanged.',
  lossless: false,
  variants: ['32', '128'],
  applies: (target) => appliesTo('head', target),
  rewrite: async (target, variant) =>
    quantizePart('head', target, { bits: 8, symmetric: true, blockSize: Number(variant) as 32 | 128 }),
})
