import { test } from 'vitest'
import { checkOperator } from '../../test/support/operators/check-operator.ts'

test('NonMaxSuppression counts what is certain', () => {
  // 2 classes of 100 scores: 200 thresholds. 10 chosen, 5 a class: 2 * 5 * 4 / 2 = 20 pairs of 12 operations and a division.
  // boxes 1600 B, scores 800 B, selected 10 * 3 * 8 B; at worst 2 * 100 * 99 / 2 overlaps
  checkOperator(
    { operator: 'NonMaxSuppression', inputs: ['1x100x4', '1x2x100'], outputs: ['int64:10x3'] },
    { simpleOps: 440, specialOps: 20, bytes: 2640, note: 'depends on the scores: at worst 9900 overlaps' },
  )
  // nothing chosen
  checkOperator({ operator: 'NonMaxSuppression', inputs: ['1x100x4', '1x2x100'], outputs: ['int64:0x3'] }, { simpleOps: 200 })
})
