import picocolors from 'picocolors'
import { describe, expect, test } from 'vitest'
import { exampleTimes, exampleTorch, exampleTrial } from '../../../test/support/example-torch.ts'
import type { TorchSection } from '../../documents/report-torch.ts'
import { moduleGroups } from './modules.ts'
import { torchText } from './torch-text.ts'

const drawn = (given: Partial<TorchSection> = {}, width = 100) =>
  torchText(exampleTorch(given), width, picocolors.createColors(false))
    .map((lines) => lines.join('\n'))
    .join('\n\n')

describe('modules', () => {
  test('of one place in repeated layers are one row; own times add up to the model’s', () => {
    const groups = moduleGroups(exampleTorch())
    expect(groups.map(({ name, count, selfMs }) => [name, count, selfMs])).toEqual([
      ['layers.*.attn', 2, 6],
      ['head', 1, 3],
      ['Net', 1, 1],
    ])
    expect(groups.reduce((sum, { selfMs }) => sum + selfMs, 0)).toBe(10)
    expect(drawn()).toMatch(/layers\.\*\.attn ×2 +Attention +6\.00 ms +60 % +40/)
  })
})

test('dispatch is a share of the model’s time, and is left out where operators were not counted', () => {
  expect(drawn({ dispatchMs: 3 })).toContain('Dispatch: 30 % of the model')
  expect(drawn({ dispatchMs: null })).not.toContain('Dispatch')
})

describe('settings', () => {
  test('each with its times, its first call and how its outputs compare', () => {
    const text = drawn({
      trials: [
        exampleTrial('compile', { title: 'torch.compile', times: exampleTimes(2), firstMs: 9000 }),
        exampleTrial('bfloat16', { times: exampleTimes(1.5), equal: 'different', error: 0.012 }),
        exampleTrial('channels-last', { times: null, reason: 'RuntimeError: no' }),
      ],
    })
    expect(text).toMatch(/torch\.compile +10\.0 ms +5\.00 ms +2\.00× \(1\.96–2\.04\) +9\.00 s +rounding/)
    expect(text).toMatch(/bfloat16 .*differ by 1\.2 %/)
    expect(text).toContain('channels-last: not timed: RuntimeError: no')
  })

  test('a build for a GPU that finds none is told', () => {
    const build = { capability: 'AVX2', onednn: true, openmp: true, mkl: true, cuda: '12.8', gpu: false }
    expect(drawn({ build })).toContain('a build for CUDA 12.8 that finds no GPU')
    expect(drawn()).not.toContain('CUDA')
  })
})

test('no line is wider than the terminal, and a report without PyTorch has none of it', () => {
  expect(
    drawn({}, 80)
      .split('\n')
      .every((line) => line.length <= 80),
  ).toBe(true)
  expect(torchText(null, 80, picocolors.createColors(false))).toEqual([])
})
