import { expect, test } from 'vitest'
import { checkOperator, inputUseFacts } from '../../test/support/operators/check-operator.ts'

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

test('axes are followed through Squeeze and Unsqueeze, with axes as attribute or input', () => {
  expect(inputUseFacts({ operator: 'Squeeze', inputs: ['1x3x1x4'], attributes: { axes: [0, -2] } })).toEqual({ passes: [1, 3] })
  expect(inputUseFacts({ operator: 'Unsqueeze', inputs: ['3x4', '!int64:2=0,-1'] })).toEqual({ passes: [null, 0, 1, null] })
  expect(inputUseFacts({ operator: 'Squeeze', inputs: ['1x3'] })).toBeUndefined()
  expect(inputUseFacts({ operator: 'Identity', inputs: ['?'] })).toEqual({ passes: 'same' })
})

test('the same bits under another type', () => {
  checkOperator({ operator: 'BitCast', inputs: ['float32:4'], outputs: ['int32:4'] }, { simpleOps: 0, bytes: 0 })
})
