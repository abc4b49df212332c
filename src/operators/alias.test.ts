import { test } from 'vitest'
import { checkOperator } from './check-operator.ts'

test('aliases move nothing', () => {
  for (const operator of ['Reshape', 'Squeeze', 'Flatten', 'Identity', 'Shape', 'Constant', 'com.microsoft:ExpandDims']) {
    checkOperator({ operator, inputs: ['2x3', '!int64:1'], outputs: ['6'] }, { macs: 0, simpleOps: 0, bytes: 0, weightBytes: 0 })
  }
  // even where nothing is known of the types
  checkOperator({ operator: 'Reshape', inputs: ['?', '?'], outputs: ['?'] }, { bytes: 0 })
})

test('Dropout writes its mask where it is asked for', () => {
  checkOperator({ operator: 'Dropout', inputs: ['2x3'], outputs: ['2x3'] }, { bytes: 0 })
  checkOperator({ operator: 'Dropout', inputs: ['2x3'], outputs: ['2x3', 'bool:2x3'] }, { bytes: 6 })
})
