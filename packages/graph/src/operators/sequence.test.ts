import { test } from 'vitest'
import { checkOperator } from '../../test/support/operators/check-operator.ts'

test('sequences: the bytes of what is known', () => {
  checkOperator(
    { operator: 'SequenceAt', inputs: ['?', 'int64:'], outputs: ['2x3'] },
    { macs: 0, simpleOps: 0, bytes: 32, note: 'bytes without in0, whose size is not known' },
  )
})

test('strings have no size here', () => {
  checkOperator(
    { operator: 'StringNormalizer', inputs: ['string:3'], outputs: ['string:3'] },
    { bytes: 0, note: 'work on strings is not counted; bytes without in0, out0, whose size is not known' },
  )
})

test('an encoded image: its bytes and its pixels', () => {
  checkOperator({ operator: 'ImageDecoder', inputs: ['uint8:100'], outputs: ['uint8:4x4x3'] }, { bytes: 148, simpleOps: 0 })
})
