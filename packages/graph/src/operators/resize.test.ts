import { expect, test } from 'vitest'
import { checkOperator, reasonUnknown } from '../../test/support/operators/check-operator.ts'

const up = { inputs: ['1x2x3x3', '-', '4'], outputs: ['1x2x6x6'] }

test('Resize by mode and by the dimensions that change', () => {
  // 72 outputs: 2 * 2 taps, 4 * 4 taps; nearest copies: 18 + 4 + 72 elements
  checkOperator({ operator: 'Resize', ...up, attributes: { mode: 'linear' } }, { macs: 288 })
  checkOperator({ operator: 'Resize', ...up, attributes: { mode: 'cubic' } }, { macs: 1152 })
  checkOperator({ operator: 'Resize', ...up }, { macs: 0, bytes: 376, movesDataOnly: true })
  // one dimension changes: 36 outputs of 2
  checkOperator(
    { operator: 'Resize', inputs: ['1x2x3x3', '-', '4'], outputs: ['1x2x3x6'], attributes: { mode: 'linear' } },
    { macs: 72 },
  )
  expect(reasonUnknown({ operator: 'Resize', ...up, attributes: { mode: 'lanczos' } })).toContain("'lanczos'")
})

test('antialias widens the window by the factor of shrinking', () => {
  // 1x1x8x8 to 4x4: 16 outputs of (2 * 2)^2
  checkOperator(
    { operator: 'Resize', inputs: ['1x1x8x8', '-', '4'], outputs: ['1x1x4x4'], attributes: { mode: 'linear', antialias: 1 } },
    { macs: 256 },
  )
})

test('nearest downsampling reads what it keeps', () => {
  // 16 of 64 elements, scales 16 B, 16 out
  checkOperator({ operator: 'Upsample', inputs: ['1x1x8x8', '4'], outputs: ['1x1x4x4'] }, { bytes: 64 + 16 + 64 })
})

test('GridSample and AffineGrid', () => {
  // 1x3x2x2 = 12 outputs of 4; 4 points, 2 numbers each, 4 operations a number
  checkOperator({ operator: 'GridSample', inputs: ['1x3x5x5', '1x2x2x2'], outputs: ['1x3x2x2'] }, { macs: 48, simpleOps: 32 })
  checkOperator(
    { operator: 'GridSample', inputs: ['1x3x5x5', '1x2x2x2'], outputs: ['1x3x2x2'], attributes: { mode: 'cubic' } },
    { macs: 192 },
  )
  // 5 * 5 points of 2 numbers, 3 MACs each
  checkOperator({ operator: 'AffineGrid', inputs: ['1x2x3', 'int64:4'], outputs: ['1x5x5x2'] }, { macs: 150 })
})

test('regions', () => {
  // 2x3x2x2 = 24 outputs of 2 * 2 samples of 4 MACs; 96 joined, 24 divided
  const roi = { operator: 'RoiAlign', inputs: ['1x3x16x16', '2x4', 'int64:2'], outputs: ['2x3x2x2'] }
  checkOperator({ ...roi, attributes: { sampling_ratio: 2 } }, { macs: 384, simpleOps: 96, specialOps: 24 })
  checkOperator(roi, { macs: 384, note: 'sampling ratio chosen by each region, counted as 2' })
  checkOperator(
    { operator: 'com.microsoft:CropAndResize', inputs: ['1x3x16x16', '2x4', 'int32:2', 'int32:2'], outputs: ['2x3x2x2'] },
    { macs: 96 },
  )
})
