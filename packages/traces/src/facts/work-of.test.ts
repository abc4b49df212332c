import { describe, expect, test } from 'vitest'
import { bytesOf, flopsOf } from './work-of.ts'

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

describe('bytes, each input read once and the output written once', () => {
  test.each<[string, string, number[][], string[], string[], number]>([
    // (64 x 128 + 128 x 32 + 64 x 32) x 4
    [
      'a product',
      'aten::mm',
      [
        [64, 128],
        [128, 32],
      ],
      ['float', 'float'],
      [],
      57_344,
    ],
    // (2 + 8 x 4 + 4 x 2 + 8 x 2) x 2
    ['half precision', 'aten::addmm', [[2], [8, 4], [4, 2]], ['c10::Half', 'c10::Half', 'c10::Half'], [], 116],
    // (24 + 40 + 10 + 60) x 4
    ['a product over rows', 'aten::linear', [[2, 3, 4], [10, 4], [10]], ['float', 'float', 'float'], [], 536],
    // (3 x 32 x 32 + 16 x 27 + 16 + 16 x 30 x 30) x 4
    [
      'a convolution',
      'aten::conv2d',
      [[1, 3, 32, 32], [16, 3, 3, 3], [16]],
      ['float', 'float', 'float'],
      ['', '', '', '[1, 1]', '[0, 0]', '[1, 1]', '1'],
      71_680,
    ],
    // 2 x 64 x 1024 x 4
    ['numbers by themselves', 'aten::clamp_min', [[64, 1024], []], ['float', 'Scalar'], [], 524_288],
    ['in place', 'aten::relu_', [[10]], ['float'], [], 80],
    // (8 x 1 + 4 + 8 x 4) x 4
    ['a broadcast', 'aten::add', [[8, 1], [4], []], ['float', 'float', 'Scalar'], [], 176],
    // reads 10 of 2 bytes, writes 10 of 4
    ['a copy with another type', 'aten::copy_', [[10], [10], []], ['float', 'c10::BFloat16', 'Scalar'], [], 60],
    ['a sum, what it reads', 'aten::sum', [[100]], ['double'], [], 800],
    // 4 tensors of 2 x 4 x 8 x 16
    [
      'attention',
      'aten::_scaled_dot_product_flash_attention',
      [
        [2, 4, 8, 16],
        [2, 4, 8, 16],
        [2, 4, 8, 16],
      ],
      ['float', 'float', 'float'],
      [],
      16_384,
    ],
  ])('%s', (_, operator, shapes, types, concrete, bytes) => {
    expect(bytesOf(operator, shapes, types, concrete)).toBe(bytes)
  })

  test.each<[string, string, number[][], string[]]>([
    ['an operator that may read a part', 'aten::index_select', [[10], [], [3]], ['float', 'Scalar', 'long int']],
    ['a type that is not known', 'aten::relu', [[10]], ['c10::qint99']],
    ['types that were not recorded', 'aten::relu', [[10]], []],
    ['shapes that do not broadcast', 'aten::add', [[3], [4]], ['float', 'float']],
    ['a view', 'aten::transpose', [[3, 4]], ['float']],
  ])('not known: %s', (_, operator, shapes, types) => {
    expect(bytesOf(operator, shapes, types)).toBeNull()
  })
})
