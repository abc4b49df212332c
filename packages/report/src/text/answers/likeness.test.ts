import { describe, expect, test } from 'vitest'
import { madeUpInputs, madeUpLines, madeUpSentences, sourceWords } from './likeness.ts'

const photo = { of: 'photo', range: [0, 1], why: 'Its batch normalization expects 0 to 1.' } as const
const noise = { of: 'noise', range: null, why: 'Nothing tells what it takes.' } as const
const ones = { of: 'constant', range: [1, 1], why: 'Its name says so.' } as const
const madeUp = (name: string, likeness?: typeof photo | typeof noise | typeof ones) => ({
  name,
  source: 'synthetic' as const,
  ...(likeness && { likeness }),
})

describe('what made-up inputs resemble', () => {
  test('says the range and why', () => {
    expect(madeUpLines([madeUp('image', photo)])).toEqual([
      'Input image: representative (photo), values 0 to 1. Its batch normalization expects 0 to 1.',
    ])
  })

  test('is said once for inputs that are alike, and not for data', () => {
    const given = { name: 'given', source: 'data' as const }
    expect(madeUpLines([madeUp('a', noise), given, madeUp('b', noise), madeUp('image', photo)])).toEqual([
      'Inputs a, b: synthetic (noise). Nothing tells what it takes.',
      'Input image: representative (photo), values 0 to 1. Its batch normalization expects 0 to 1.',
    ])
  })

  test('is said on a terminal with how to give others, once', () => {
    expect(madeUpSentences([madeUp('a', noise), madeUp('image', photo)])).toEqual([
      'Input a: synthetic (noise). Nothing tells what it takes.',
      'Input image: representative (photo), values 0 to 1. Its batch normalization expects 0 to 1. To measure with your own: --data\u00a0PATH',
    ])
    expect(madeUpSentences([{ name: 'given', source: 'data' }])).toEqual([])
  })

  test('is put next to the shape in few words', () => {
    const words = [madeUp('image', photo), madeUp('mask', ones), madeUp('x')].map(sourceWords)
    expect([...words, sourceWords({ source: 'data' })]).toEqual([
      'representative: photo',
      'synthetic: constant',
      'synthetic',
      'data',
    ])
  })

  test('is not known of documents of versions before', () => {
    expect(madeUpLines([madeUp('x')])).toEqual(['Input x: synthetic.'])
  })

  test.each([
    ['representative inputs', [madeUp('image', photo)]],
    ['synthetic inputs', [madeUp('image', photo), madeUp('x', noise)]],
    ['synthetic inputs', [madeUp('x')]],
    ['representative inputs', [madeUp('image', photo), madeUp('mask', ones)]],
    ['synthetic inputs', [madeUp('mask', ones)]],
  ] as const)('%s', (words, inputs) => {
    expect(madeUpInputs(inputs)).toBe(words)
  })
})
