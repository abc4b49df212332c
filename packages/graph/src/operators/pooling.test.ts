import { expect, test } from 'vitest'
import { checkOperator, inputUseFacts, reasonUnknown } from '../../test/support/operators/check-operator.ts'

test('MaxPool', () => {
  // y 1x2x4x4 = 32 windows of 9; x 2 * 9 * 9 = 162 elements, all touched (3 * 4 = 12 >= 9); 194 elements, 776 B
  const attributes = { kernel_shape: [3, 3], strides: [2, 2] }
  checkOperator(
    { operator: 'MaxPool', inputs: ['1x2x9x9'], outputs: ['1x2x4x4'], attributes },
    { macs: 0, simpleOps: 288, specialOps: 0, bytes: 776 },
  )
  // the indices are 32 int64 more
  checkOperator(
    { operator: 'MaxPool', inputs: ['1x2x9x9'], outputs: ['1x2x4x4', 'int64:1x2x4x4'], attributes },
    { simpleOps: 288, bytes: 776 + 256 },
  )
})

test('channels last: gaps lie between axes 1 and 2', () => {
  // 4x4 windows of 1x1 over 8x8: a quarter of 8 * 8 * 3 = 192 bytes, and 48 out
  checkOperator(
    {
      operator: 'com.microsoft:NhwcMaxPool',
      inputs: ['uint8:1x8x8x3'],
      outputs: ['uint8:1x4x4x3'],
      attributes: { kernel_shape: [1, 1], strides: [2, 2] },
    },
    { simpleOps: 48, bytes: 96 },
  )
})

test('averages divide once per output', () => {
  const pool = { inputs: ['1x2x4x4'], outputs: ['1x2x2x2'], attributes: { kernel_shape: [2, 2], strides: [2, 2] } }
  // 8 outputs of 4
  checkOperator({ operator: 'AveragePool', ...pool }, { simpleOps: 32, specialOps: 8 })
  checkOperator({ operator: 'com.microsoft.nchwc:AveragePool', ...pool }, { simpleOps: 32, specialOps: 8 })
  checkOperator({ operator: 'GlobalAveragePool', inputs: ['1x2x4x4'], outputs: ['1x2x1x1'] }, { simpleOps: 32, specialOps: 2 })
  checkOperator({ operator: 'GlobalMaxPool', inputs: ['1x2x4x4'], outputs: ['1x2x1x1'] }, { simpleOps: 32, specialOps: 0 })
})

test('LpPool: two operations per tap, a root for p = 2, powers for others', () => {
  const pool = { operator: 'LpPool', inputs: ['1x2x4x4'], outputs: ['1x2x2x2'] }
  checkOperator({ ...pool, attributes: { kernel_shape: [2, 2] } }, { simpleOps: 64, specialOps: 8 })
  checkOperator({ ...pool, attributes: { kernel_shape: [2, 2], p: 1 } }, { simpleOps: 64, specialOps: 0 })
  checkOperator({ ...pool, attributes: { kernel_shape: [2, 2], p: 3 } }, { simpleOps: 64, specialOps: 40 })
  expect(reasonUnknown(pool)).toContain('no kernel_shape')
  checkOperator({ operator: 'GlobalLpPool', inputs: ['1x2x4x4'], outputs: ['1x2x1x1'] }, { simpleOps: 64, specialOps: 2 })
})

test('quantized', () => {
  // 8 outputs of 4 taps, 32 inputs dequantized 2, 8 requantized 3
  checkOperator(
    {
      operator: 'com.microsoft:QLinearAveragePool',
      inputs: ['uint8:1x2x4x4', '', 'uint8:', '', 'uint8:'],
      outputs: ['uint8:1x2x2x2'],
      attributes: { kernel_shape: [2, 2], strides: [2, 2] },
    },
    { simpleOps: 120, specialOps: 8 },
  )
  // 32 additions, 2 * 3; x 32, y 2, scales 8, zero points 2
  checkOperator(
    {
      operator: 'com.microsoft:QLinearGlobalAveragePool',
      inputs: ['uint8:1x4x4x2', '', 'uint8:', '', 'uint8:'],
      outputs: ['uint8:1x1x1x2'],
      attributes: { channels_last: 1 },
    },
    { simpleOps: 38, bytes: 44, arithmetic: 'int8' },
  )
})

test('MaxUnpool writes the whole output', () => {
  // x 4 * 4, indices 4 * 8, y 16 * 4
  checkOperator(
    { operator: 'MaxUnpool', inputs: ['1x1x2x2', 'int64:1x1x2x2'], outputs: ['1x1x4x4'], attributes: { kernel_shape: [2, 2] } },
    { simpleOps: 0, bytes: 112 },
  )
})

// Goes through every window and marks what it reads.
test('agrees with counting', () => {
  for (const [size, kernel, stride] of [
    [7, 3, 2],
    [7, 2, 3],
    [6, 1, 2],
    [5, 5, 1],
  ] as const) {
    const out = Math.floor((size - kernel) / stride) + 1
    let taps = 0
    const touched = new Set<number>()
    for (let oy = 0; oy < out; oy++)
      for (let ox = 0; ox < out; ox++)
        for (let ky = 0; ky < kernel; ky++)
          for (let kx = 0; kx < kernel; kx++) {
            taps++
            touched.add((oy * stride + ky) * size + ox * stride + kx)
          }
    checkOperator(
      {
        operator: 'MaxPool',
        inputs: [`1x1x${size}x${size}`],
        outputs: [`1x1x${out}x${out}`],
        attributes: { kernel_shape: [kernel, kernel], strides: [stride, stride] },
      },
      { simpleOps: taps, bytes: 4 * (touched.size + out * out) },
    )
  }
})

test('windows slide over a picture, a signal or a volume', () => {
  expect(inputUseFacts({ operator: 'MaxPool', inputs: ['1x3x8x8'] })!.axes!.map(([, { meaning }]) => meaning)).toEqual([
    'batch',
    'channels',
    'height',
    'width',
  ])
  expect(inputUseFacts({ operator: 'MaxPool', inputs: ['1x3x8'] })!.axes![2]).toEqual([2, { meaning: 'samples' }])
  expect(inputUseFacts({ operator: 'MaxPool', inputs: ['?'] })).toEqual({ axes: [] })
})

test('regions: one pixel per output is certain', () => {
  // 2 regions, 3 channels, 2 * 2 places; as many pixels read
  checkOperator(
    { operator: 'MaxRoiPool', inputs: ['1x3x8x8', '2x5'], outputs: ['2x3x2x2'] },
    { simpleOps: 24, bytes: 96 + 40 + 96 },
  )
})
