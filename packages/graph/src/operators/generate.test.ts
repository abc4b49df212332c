import { test } from 'vitest'
import { checkOperator } from '../../test/support/operators/check-operator.ts'

test('what is made is written', () => {
  checkOperator({ operator: 'ConstantOfShape', inputs: ['int64:2'], outputs: ['2x3'] }, { simpleOps: 0, bytes: 40 })
  checkOperator({ operator: 'Range', inputs: ['', '', ''], outputs: ['10'] }, { simpleOps: 10, bytes: 52 })
  // the shape of the input alone is used
  checkOperator({ operator: 'EyeLike', inputs: ['3x3'], outputs: ['3x3'] }, { bytes: 36 })
})

test('windows and random numbers', () => {
  checkOperator({ operator: 'HannWindow', inputs: ['int32:'], outputs: ['10'] }, { simpleOps: 30, specialOps: 10 })
  checkOperator({ operator: 'BlackmanWindow', inputs: ['int32:'], outputs: ['10'] }, { simpleOps: 50, specialOps: 20 })
  checkOperator({ operator: 'RandomNormal', outputs: ['10'] }, { simpleOps: 20, specialOps: 20, bytes: 40 })
  // 8 classes: 3 operations and an exp each; 5 samples with 3 comparisons
  checkOperator({ operator: 'Multinomial', inputs: ['1x8'], outputs: ['int32:1x5'] }, { simpleOps: 39, specialOps: 8 })
})
