import { expect, test } from 'vitest'
import { flopsOf } from './work-of.ts'

test.each([
  // 2 x 64 x 128 x 32
  [
    'aten::mm',
    [
      [64, 128],
      [128, 32],
    ],
    [],
    524_288,
  ],
  // 2 x 8 x 4 x 2, the bias left out
  ['aten::addmm', [[2], [8, 4], [4, 2]], [], 128],
  // 2 x 3 x 8 x 4 x 5
  [
    'aten::bmm',
    [
      [3, 8, 4],
      [3, 4, 5],
    ],
    [],
    960,
  ],
  // 2 x 6 rows x 4 x 10
  ['aten::linear', [[2, 3, 4], [10, 4], [10]], [], 480],
  // output 1 x 16 x 30 x 30, window of 3 x 3 x 3: 2 x 14,400 x 27
  ['aten::conv2d', [[1, 3, 32, 32], [16, 3, 3, 3], [16]], ['', '', '', '[1, 1]', '[0, 0]', '[1, 1]', '1'], 777_600],
  // stride 2, padding 1: output 1 x 16 x 16 x 16
  ['aten::mkldnn_convolution', [[1, 3, 32, 32], [16, 3, 3, 3], [16]], ['', '', '', '[1, 1]', '[2, 2]', '[1, 1]', '1'], 221_184],
  // scores and values: 2 x 2 x 4 heads x 8 x 8 x (16 + 16)
  [
    'aten::_scaled_dot_product_flash_attention',
    [
      [2, 4, 8, 16],
      [2, 4, 8, 16],
      [2, 4, 8, 16],
    ],
    [],
    32_768,
  ],
])('%s', (operator, shapes, concrete, flops) => {
  expect(flopsOf(operator, shapes, concrete)).toBe(flops)
})

test.each([
  ['an operator without a formula', 'aten::relu', [[3]]],
  ['a product without its shapes', 'aten::mm', []],
  [
    'a convolution whose arguments were not recorded',
    'aten::conv2d',
    [
      [1, 3, 32, 32],
      [16, 3, 3, 3],
    ],
  ],
])('not known: %s', (_, operator, shapes) => {
  expect(flopsOf(operator, shapes)).toBeNull()
})
