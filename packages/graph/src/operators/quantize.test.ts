import { test } from 'vitest'
import { checkOperator } from '../../test/support/operators/check-operator.ts'

test('five bytes and two operations an element', () => {
  // 12 elements: 48 + 12, scale 4, zero point 1
  checkOperator(
    { operator: 'QuantizeLinear', inputs: ['3x4', '', 'uint8:'], outputs: ['uint8:3x4'] },
    { simpleOps: 24, bytes: 65, arithmetic: 'float32' },
  )
  checkOperator(
    { operator: 'com.microsoft:DequantizeLinear', inputs: ['!int8:3x4', '!', '!int8:'], outputs: ['3x4'] },
    { simpleOps: 24, bytes: 65, weightBytes: 17, arithmetic: 'float32' },
  )
  // packed 4 bits: 6 B
  checkOperator({ operator: 'DequantizeLinear', inputs: ['int4:3x4', ''], outputs: ['3x4'] }, { bytes: 6 + 4 + 48 })
})

test('DynamicQuantizeLinear reads its input twice', () => {
  checkOperator(
    { operator: 'DynamicQuantizeLinear', inputs: ['3x4'], outputs: ['uint8:3x4', '', 'uint8:'] },
    { simpleOps: 48, bytes: 65, streamingBytes: 113 },
  )
})
