import { test } from 'vitest'
import { checkOperator } from '../../test/support/operators/check-operator.ts'

test('hashes', () => {
  // one block of 4 bytes: 9, and 8 at the end; two for 8 bytes
  checkOperator({ operator: 'com.microsoft:MurmurHash3', inputs: ['int32:10'], outputs: ['int32:10'] }, { simpleOps: 170 })
  checkOperator({ operator: 'com.microsoft:MurmurHash3', inputs: ['int64:10'], outputs: ['int32:10'] }, { simpleOps: 260 })
  // 3 products, joined twice, for each of 7 ids; 4 remainders each
  checkOperator(
    {
      operator: 'com.microsoft:NGramHashMapping',
      inputs: ['int64:1x7', '!int64:3', '!int64:4'],
      outputs: ['int64:1x7x4'],
      attributes: { max_ngram_size: 3 },
    },
    { simpleOps: 35, specialOps: 28 },
  )
})

test('what was said before', () => {
  // two texts of 9 words: 9 - 3 places in each
  checkOperator(
    {
      operator: 'com.microsoft:NGramRepeatBlock',
      inputs: ['int64:2x9', '2x50'],
      outputs: ['2x50'],
      attributes: { ngram_size: 3 },
    },
    { simpleOps: 12, bytes: 144 + 800 },
  )
  checkOperator(
    { operator: 'com.microsoft:BifurcationDetector', inputs: ['int64:5', 'int64:3', 'int64:'], outputs: ['int64:4', 'int64:'] },
    { simpleOps: 0, bytes: 8 * 14 },
  )
})

test('words from their letters', () => {
  // 2 words of 6 letters, 4 filters of 3 letters, letters 5 wide: 4 places, 32 numbers of 15 products; bias and largest, tanh
  checkOperator(
    { operator: 'com.microsoft:WordConvEmbedding', inputs: ['int32:2x6', '!4x1x3x5', '!4', '!100x5'], outputs: ['2x4'] },
    { macs: 480, simpleOps: 64, specialOps: 32, bytes: 48 + 240 + 16 + 240 + 32, arithmetic: 'float32' },
  )
})
