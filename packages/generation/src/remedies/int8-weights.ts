// Weights in 8 bits: a token reads a quarter of the bytes, and few models notice.
import { appliesTo, quantizePart } from './kit/quantize.ts'
import { defineGeneratorRemedy } from './kit/remedy.ts'

export const int8Weights = defineGeneratorRemedy({
  id: 'int8-weights',
  title: 'Weights in 8 bits',
  description:
    'Every product but the head reads weights of 8 bits in blocks with a scale each, a quarter of the bytes that a token reads in float32.',
  lossless: false,
  variants: ['32', '128'],
  applies: (target) => appliesTo('body', target),
  rewrite: async (target, variant) =>
    quantizePart('body', target, { bits: 8, symmetric: true, blockSize: Number(variant) as 32 | 128 }),
})
