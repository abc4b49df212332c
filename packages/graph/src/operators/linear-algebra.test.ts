import { test } from 'vitest'
import { checkOperator } from '../../test/support/operators/check-operator.ts'

test('Det by elimination', () => {
  // n = 4: updates 9 + 4 + 1 = 14, divisions 3 + 2 + 1 = 6, diagonal 3; two matrices
  checkOperator({ operator: 'Det', inputs: ['2x4x4'], outputs: ['2'] }, { macs: 28, specialOps: 12, simpleOps: 6 })
})

test('Inverse and CDist', () => {
  checkOperator({ operator: 'com.microsoft:Inverse', inputs: ['2x4x4'], outputs: ['2x4x4'] }, { macs: 128 })
  // 3 * 5 * 2 products, squares 6 + 10; two additions and a root for each of 15
  checkOperator(
    { operator: 'com.microsoft:CDist', inputs: ['3x2', '5x2'], outputs: ['3x5'], attributes: { metric: 'euclidean' } },
    { macs: 46, simpleOps: 30, specialOps: 15 },
  )
})

test('the cheapest path: three operations at each place', () => {
  checkOperator({ operator: 'com.microsoft:DynamicTimeWarping', inputs: ['3x4'], outputs: ['int32:2x5'] }, { simpleOps: 36 })
})
