import { expect, test } from 'vitest'
import { checkOperator, inputUseFacts } from '../../test/support/operators/check-operator.ts'

test('BatchNormalization: statistics are constants', () => {
  // 64 elements: multiply, add
  checkOperator(
    { operator: 'BatchNormalization', inputs: ['1x4x4x4', '!4', '!4', '!4', '!4'], outputs: ['1x4x4x4'] },
    { simpleOps: 128, specialOps: 0, bytes: 256 * 2 + 64, weightBytes: 64 },
  )
})

test('LayerNormalization', () => {
  // 6 rows of 8: 48 elements * (5 + scale + bias) = 336; root and division per row: 12; x read again: 192 B
  checkOperator(
    { operator: 'LayerNormalization', inputs: ['2x3x8', '8', '8'], outputs: ['2x3x8'] },
    { simpleOps: 336, specialOps: 12, bytes: 448, streamingBytes: 640 },
  )
  // from axis 1: two rows
  checkOperator(
    { operator: 'LayerNormalization', inputs: ['2x3x8', '3x8'], outputs: ['2x3x8'], attributes: { axis: 1 } },
    { simpleOps: 288, specialOps: 4 },
  )
})

test('without the mean', () => {
  // 48 * (3 + 1)
  for (const operator of ['RMSNormalization', 'SimplifiedLayerNormalization']) {
    checkOperator({ operator, inputs: ['2x3x8', '8'], outputs: ['2x3x8'] }, { simpleOps: 192, specialOps: 12 })
  }
})

test('by channel and by group', () => {
  // 2 * 4 channels of 4: 32 elements * 7, 8 rows
  checkOperator(
    { operator: 'InstanceNormalization', inputs: ['2x4x4', '4', '4'], outputs: ['2x4x4'] },
    { simpleOps: 224, specialOps: 16 },
  )
  // 2 * 2 groups
  checkOperator(
    { operator: 'GroupNormalization', inputs: ['2x4x4', '4', '4'], outputs: ['2x4x4'], attributes: { num_groups: 2 } },
    { simpleOps: 224, specialOps: 8 },
  )
  // SiLU: 3 simple and 2 special more
  checkOperator(
    {
      operator: 'com.microsoft:GroupNorm',
      inputs: ['2x2x2x4', '4', '4'],
      outputs: ['2x2x2x4'],
      attributes: { groups: 2, activation: 1 },
    },
    { simpleOps: 320, specialOps: 72 },
  )
})

test('with a skip connection', () => {
  // 48 * (5 + skip + gamma + beta + bias); x, skip, y and the sum: 4 * 192, three vectors 96
  checkOperator(
    {
      operator: 'com.microsoft:SkipLayerNormalization',
      inputs: ['2x3x8', '2x3x8', '8', '8', '8'],
      outputs: ['2x3x8', '-', '-', '2x3x8'],
    },
    { simpleOps: 432, specialOps: 12, bytes: 864 },
  )
  // 48 * (3 + skip + gamma)
  checkOperator(
    { operator: 'com.microsoft:SkipSimplifiedLayerNormalization', inputs: ['2x3x8', '2x3x8', '8'], outputs: ['2x3x8'] },
    { simpleOps: 240 },
  )
})

test('EmbedLayerNormalization reads rows, not tables', () => {
  // 3 tokens of 8: word and position (two tables, one addition): 24 * (1 + 5 + 2) = 192; ids 12 B, rows 2 * 96, gamma and beta 64, y 96
  const node = { operator: 'com.microsoft:EmbedLayerNormalization', outputs: ['1x3x8'] }
  checkOperator(
    { ...node, inputs: ['int32:1x3', '-', '!1000x8', '!512x8', '-', '8', '8'] },
    { simpleOps: 192, specialOps: 6, bytes: 364, weightBytes: 192 },
  )
  // 8-bit tables: two operations more for each of the two rows, a quarter of the bytes
  checkOperator(
    {
      operator: 'com.microsoft:QEmbedLayerNormalization',
      outputs: ['1x3x8'],
      inputs: ['int32:1x3', '-', 'uint8:1000x8', 'uint8:512x8', '-', 'uint8:8', 'uint8:8'],
    },
    { simpleOps: 192 + 96, bytes: 12 + 48 + 16 + 96 },
  )
})

test('LpNormalization, MeanVarianceNormalization, LRN', () => {
  // 12 elements in 3 rows: 2 each; a division each and a root per row
  checkOperator({ operator: 'LpNormalization', inputs: ['3x4'], outputs: ['3x4'] }, { simpleOps: 24, specialOps: 15 })
  checkOperator(
    { operator: 'LpNormalization', inputs: ['3x4'], outputs: ['3x4'], attributes: { p: 1 } },
    { simpleOps: 24, specialOps: 12 },
  )
  // 2x3x2x2 = 24 elements * 5, one row per channel
  checkOperator(
    { operator: 'MeanVarianceNormalization', inputs: ['2x3x2x2'], outputs: ['2x3x2x2'] },
    { simpleOps: 120, specialOps: 6 },
  )
  // 24 * (5 + 3), power and division
  checkOperator(
    { operator: 'LRN', inputs: ['2x3x2x2'], outputs: ['2x3x2x2'], attributes: { size: 5 } },
    { simpleOps: 192, specialOps: 48 },
  )
})

test('a scale is as long as the axis that it scales, and the axes go on', () => {
  const channels = { axes: [[1, { meaning: 'channels', size: 3 }]], passes: 'same' }
  expect(inputUseFacts({ operator: 'BatchNormalization', inputs: ['?', '!3', '!3', '!3', '!3'] })).toEqual(channels)
  expect(inputUseFacts({ operator: 'LayerNormalization', inputs: ['?', '!64'] })).toEqual({
    axes: [[-1, { size: 64 }]],
    passes: 'same',
  })
  const tables = ['?', '?', '!1000x64', '!512x64', '!2x64']
  expect(
    [0, 1].map((index) => inputUseFacts({ operator: 'com.microsoft:EmbedLayerNormalization', inputs: tables }, index)),
  ).toEqual([
    { tableRows: 1000, maxLength: 512 },
    { tableRows: 2, maxLength: 512 },
  ])
})

test('gated norms', () => {
  // 2 rows of 2 heads of 4: 4 roots and divisions; 3 operations, scale, SiLU 3 and 2, product
  checkOperator(
    { operator: 'com.microsoft:GatedRMSNorm', inputs: ['2x8', '!4', '2x8'], outputs: ['2x8'] },
    { simpleOps: 16 * 8, specialOps: 4 * 2 + 16 * 2 },
  )
  // 3 tokens, 2 copies, 4 wide: 24 products; two norms of 4 operations; per row (6) root of the sum, sigmoid, four more
  checkOperator(
    {
      operator: 'com.microsoft:EngramGate',
      inputs: ['1x3x2x4', '1x3x2x4', '1x3x4', '!2x4', '!2x4'],
      outputs: ['1x3x2x4'],
    },
    { macs: 24, simpleOps: 2 * 24 * 4 + 6 * 6 + 24, specialOps: 6 * 7 },
  )
})
