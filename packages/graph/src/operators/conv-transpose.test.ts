import { expect, test } from 'vitest'
import { checkOperator, inputUseFacts } from '../../test/support/operators/check-operator.ts'

test('ConvTranspose counts input positions', () => {
  // x 1x3x4x4 = 48 elements, each into 2 * 3 * 3 = 18 outputs: 864 MACs; bias on y 1x2x9x9 = 162.
  // bytes: x 48 + w 54 + b 2 + y 162 = 266 elements, 1064 B
  checkOperator(
    {
      operator: 'ConvTranspose',
      inputs: ['1x3x4x4', '3x2x3x3', '2'],
      outputs: ['1x2x9x9'],
      attributes: { strides: [2, 2] },
    },
    { macs: 864, simpleOps: 162, bytes: 1064 },
  )
})

test('its variants', () => {
  // dynamic pads are input 2, the bias input 3
  checkOperator(
    {
      operator: 'com.microsoft:ConvTransposeWithDynamicPads',
      inputs: ['1x3x4x4', '3x2x3x3', 'int64:4', '2'],
      outputs: ['1x2x9x9'],
    },
    { macs: 864, simpleOps: 162 },
  )
  // requantize 3 of 162 outputs
  checkOperator(
    {
      operator: 'com.ms.internal.nhwc:QLinearConvTranspose',
      inputs: ['uint8:1x4x4x3', '', 'uint8:', 'int8:3x2x3x3', '', 'int8:', '', 'uint8:'],
      outputs: ['uint8:1x9x9x2'],
    },
    { macs: 864, simpleOps: 486, arithmetic: 'int8' },
  )
})

// Scatters each input element over its window, and counts.
test('ConvTranspose agrees with counting', () => {
  for (const [channels, made, group, kernel, stride, size] of [
    [4, 2, 1, 3, 2, 3],
    [4, 6, 2, 2, 2, 4],
    [3, 3, 3, 3, 1, 2],
  ] as const) {
    let macs = 0
    for (let c = 0; c < channels; c++)
      for (let position = 0; position < size * size; position++)
        for (let m = 0; m < made / group; m++) for (let tap = 0; tap < kernel * kernel; tap++) macs++
    const out = (size - 1) * stride + kernel
    checkOperator(
      {
        operator: 'ConvTranspose',
        inputs: [`1x${channels}x${size}x${size}`, `${channels}x${made / group}x${kernel}x${kernel}`],
        outputs: [`1x${made}x${out}x${out}`],
        attributes: { group, strides: [stride, stride] },
      },
      { macs },
    )
  }
})

test('its weight begins with the channels that it reads', () => {
  expect(inputUseFacts({ operator: 'ConvTranspose', inputs: ['?', '!8x3x5x5'] })!.axes![1]).toEqual([
    1,
    { meaning: 'channels', size: 8 },
  ])
})
