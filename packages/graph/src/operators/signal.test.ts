import { expect, test } from 'vitest'
import { checkOperator, inputUseFacts } from '../../test/support/operators/check-operator.ts'

test('DFT: 5 n log2 n per complex transform', () => {
  // 2 signals of 8 points along axis 1: 2 * 5 * 8 * 3 = 240; a real signal half
  checkOperator({ operator: 'DFT', inputs: ['2x8x2'], outputs: ['2x8x2'], attributes: { axis: 1 } }, { simpleOps: 240 })
  checkOperator({ operator: 'DFT', inputs: ['2x8x1'], outputs: ['2x8x2'] }, { simpleOps: 120 })
  // one-sided output, length given, axis as input
  checkOperator({ operator: 'DFT', inputs: ['2x8x1', '!int64:=8', '!int64:=1'], outputs: ['2x5x2'] }, { simpleOps: 120 })
  checkOperator(
    { operator: 'DFT', inputs: ['1x3x2'], outputs: ['1x3x2'], attributes: { axis: 1 } },
    { note: 'a transform of 3 points, no power of two, costs more' },
  )
})

test('DFT along an axis that only the run knows', () => {
  checkOperator(
    { operator: 'DFT', inputs: ['2x8x2', '-', 'int64:'], outputs: ['2x8x2'] },
    { simpleOps: 240, note: 'its axis is not a constant; taken as the last of the signal' },
  )
})

test('STFT', () => {
  // 4 frames of 16 points, real: window 16, transform 5 * 16 * 4 / 2 = 160
  checkOperator({ operator: 'STFT', inputs: ['1x64x1', 'int64:', '16', '!int64:=16'], outputs: ['1x4x9x2'] }, { simpleOps: 704 })
})

test('Rfft and Irfft', () => {
  // 3 * 16 points real: 3 * 160
  checkOperator(
    { operator: 'com.microsoft:Rfft', inputs: ['3x16'], outputs: ['3x9x2'], attributes: { signal_ndim: 1 } },
    { simpleOps: 480 },
  )
  checkOperator(
    { operator: 'com.microsoft:Irfft', inputs: ['3x9x2'], outputs: ['3x16'], attributes: { signal_ndim: 1 } },
    { simpleOps: 480 },
  )
})

test('a short Fourier transform reads samples', () => {
  expect(inputUseFacts({ operator: 'STFT', inputs: ['1x16000', '!int64:'] })).toEqual({ axes: [[1, { meaning: 'samples' }]] })
})
