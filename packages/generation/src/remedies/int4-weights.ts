// Weights in 4 bits: a token reads an eighth of the bytes. Blocks of 32 keep more of the weights, blocks of 128 read fewer scales.
import { appliesTo, quantizePart } from './kit/quantize.ts'
import { defineGeneratorRemedy } from './kit/remedy.ts'

const LAYOUTS = {
  '32': { blockSize: 32, symmetric: true },
  '32-zero-points': { blockSize: 32, symmetric: false },
  '128': { blockSize: 128, symmetric: true },
  '128-zero-points': { blockSize: 128, symmetric: false },
} as const

export const int4Weights = defineGeneratorRemedy({
  id: 'int4-weights',
  title: 'Weights in 4 bits',
  description:
    'Every product but the head reads weights of 4 bits in blocks with a scale each, an eighth of the bytes that a token reads in float32.',
  lossless: false,
  variants: Object.keys(LAYOUTS),
  applies: (target) => appliesTo('body', target),
  rewrite: async (target, variant) =>
    quantizePart('body', target, { bits: 4, search: true, ...LAYOUTS[variant as keyof typeof LAYOUTS] }),
})
