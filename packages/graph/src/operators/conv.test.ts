import { expect, test } from 'vitest'
import { checkOperator, inputUseFacts, nodeContext, reasonUnknown } from '../../test/support/operators/check-operator.ts'
import { estimateCost } from './index.ts'

test('Conv with bias', () => {
  // y 1x4x6x6 = 144 outputs of 3 * 3 * 3 = 27 MACs: 3888. Bias: 144 additions.
  // x 3*8*8 = 192, w 108, b 4, y 144: 448 elements, 1792 B; weights (108 + 4) * 4 = 448 B
  checkOperator(
    { operator: 'Conv', inputs: ['1x3x8x8', '!4x3x3x3', '!4'], outputs: ['1x4x6x6'] },
    { macs: 3888, simpleOps: 144, specialOps: 0, bytes: 1792, streamingBytes: 1792, weightBytes: 448, arithmetic: 'float32' },
  )
})

test('depthwise Conv reads C / group from the weight', () => {
  // y 1x8x8x8 = 512 outputs of 1 * 3 * 3 = 9 MACs
  checkOperator(
    { operator: 'Conv', inputs: ['1x8x8x8', '8x1x3x3'], outputs: ['1x8x8x8'], attributes: { group: 8 } },
    { macs: 4608, simpleOps: 0 },
  )
})

test('one- and three-dimensional Conv', () => {
  // 2x5x10 = 100 outputs of 4 * 3 = 12; 1x2x2x2x2 = 16 outputs of 1 * 27
  checkOperator({ operator: 'Conv', inputs: ['2x4x12', '5x4x3'], outputs: ['2x5x10'] }, { macs: 1200 })
  checkOperator({ operator: 'Conv', inputs: ['1x1x4x4x4', '2x1x3x3x3'], outputs: ['1x2x2x2x2'] }, { macs: 432 })
})

test('a 1x1 Conv with stride 2 reads a quarter of its input', () => {
  // x 1x4x8x8 = 256 elements, of which 4x4 of 8x8 positions: 64; w 8; y 1x2x4x4 = 32: 104 elements, 416 B; MACs 32 * 4
  checkOperator(
    { operator: 'Conv', inputs: ['1x4x8x8', '2x4x1x1'], outputs: ['1x2x4x4'], attributes: { strides: [2, 2] } },
    { macs: 128, bytes: 416 },
  )
})

test('channels last: the gaps are between axes 1 and 2', () => {
  // as above with x 1x8x8x4, y 1x4x4x2
  checkOperator(
    { operator: 'com.ms.internal.nhwc:Conv', inputs: ['1x8x8x4', '2x4x1x1'], outputs: ['1x4x4x2'] },
    { macs: 128, bytes: 416 },
  )
})

test('FusedConv adds Z and its activation', () => {
  // 144 outputs: bias, sum and ReLU are 3 operations each; HardSwish is 5
  const node = { operator: 'com.microsoft:FusedConv', inputs: ['1x3x8x8', '4x3x3x3', '4', '1x4x6x6'], outputs: ['1x4x6x6'] }
  checkOperator({ ...node, attributes: { activation: 'Relu' } }, { macs: 3888, simpleOps: 432 })
  checkOperator({ ...node, attributes: { activation: 'HardSwish' } }, { simpleOps: 1008 })
  // sigmoid: 2 simple beside bias and sum, 2 special
  checkOperator({ ...node, attributes: { activation: 'Sigmoid' } }, { simpleOps: 576, specialOps: 288 })
  expect(reasonUnknown({ ...node, attributes: { activation: 'Sinus' } })).toContain("activation 'Sinus'")
})

test('NCHWc Conv as given', () => {
  // 1x16x6x6 = 576 outputs of 27
  checkOperator(
    { operator: 'com.microsoft.nchwc:Conv', inputs: ['1x3x8x8', '16x3x3x3', '16'], outputs: ['1x16x6x6'] },
    { macs: 15552, simpleOps: 576 },
  )
})

test('ConvInteger: one byte an element, and sums for a zero point of the weights', () => {
  // 3888 MACs; x 192 + w 108 bytes, zero point 1 byte each, y 144 * 4 = 576: 878 B. Window sums: 36 positions * 27 = 972, and one
  // correction per output: 144
  const types = { outputs: ['int32:1x4x6x6'], operator: 'ConvInteger' }
  checkOperator(
    { ...types, inputs: ['uint8:1x3x8x8', 'int8:4x3x3x3', 'uint8:', 'int8:'] },
    { macs: 3888, simpleOps: 1116, bytes: 878, arithmetic: 'int8' },
  )
  checkOperator({ ...types, inputs: ['uint8:1x3x8x8', 'int8:4x3x3x3', 'uint8:', '!int8:=0'] }, { simpleOps: 0 })
})

test('QLinearConv takes its weight from input 3 and requantizes', () => {
  // 144 outputs: requantize 3, bias 1. x 192 + w 108 + y 144 at one byte, bias 16, three scales 12, three zero points 3: 475 B
  const inputs = ['uint8:1x3x8x8', '', 'uint8:', 'int8:4x3x3x3', '', '!int8:=0', '', 'uint8:', 'int32:4']
  checkOperator(
    { operator: 'QLinearConv', inputs, outputs: ['uint8:1x4x6x6'] },
    { macs: 3888, simpleOps: 576, bytes: 475, arithmetic: 'int8' },
  )
})

test('DeformConv samples each tap bilinearly', () => {
  // y 1x2x3x3 = 18 outputs of 2 * 4 = 8 MACs: 144. Taps: 9 positions * 4 = 36, in 2 channels, 4 MACs each: 288.
  // Places: 36 * 8; no mask, no bias
  checkOperator(
    { operator: 'DeformConv', inputs: ['1x2x4x4', '2x2x2x2', '1x8x3x3'], outputs: ['1x2x3x3'] },
    { macs: 432, simpleOps: 288 },
  )
})

test('a missing type is unknown with its reason', () => {
  expect(reasonUnknown({ operator: 'Conv', inputs: ['1x3x8x8', '?'], outputs: ['1x4x6x6'] })).toBe(
    "the type of input 1 of Conv 'node' is not known",
  )
  const withoutBiasType = nodeContext({ operator: 'Conv', inputs: ['1x3x8x8', '4x3x3x3', '?'], outputs: ['1x4x6x6'] })
  expect(estimateCost(withoutBiasType)).toMatchObject({
    known: true,
    cost: { note: 'bytes without in2, whose size is not known' },
  })
})

// Counts each tap of each output by going through all of them.
test('Conv agrees with counting', () => {
  for (const [channels, group, kernel, stride, pad, size] of [
    [4, 1, 3, 1, 1, 5],
    [4, 2, 3, 2, 0, 7],
    [6, 6, 2, 1, 1, 4],
    [4, 4, 1, 2, 0, 5],
  ] as const) {
    const made = 2 * group
    const out = Math.floor((size + 2 * pad - kernel) / stride) + 1
    let macs = 0
    const touched = new Set<string>()
    for (let m = 0; m < made; m++)
      for (let oy = 0; oy < out; oy++)
        for (let ox = 0; ox < out; ox++)
          for (let c = 0; c < channels / group; c++)
            for (let ky = 0; ky < kernel; ky++)
              for (let kx = 0; kx < kernel; kx++) {
                macs++
                const [y, x] = [oy * stride + ky - pad, ox * stride + kx - pad]
                const channel = Math.floor(m / (made / group)) * (channels / group) + c
                if (y >= 0 && x >= 0 && y < size && x < size) touched.add(`${channel} ${y} ${x}`)
              }
    const weights = made * (channels / group) * kernel * kernel
    checkOperator(
      {
        operator: 'Conv',
        inputs: [`1x${channels}x${size}x${size}`, `${made}x${channels / group}x${kernel}x${kernel}`],
        outputs: [`1x${made}x${out}x${out}`],
        attributes: { group, strides: [stride, stride], pads: [pad, pad, pad, pad] },
      },
      { macs, bytes: 4 * (touched.size + weights + made * out * out) },
    )
  }
})

test('a weight tells the channels of what it is slid over, and one axis of many channels is no signal', () => {
  expect(inputUseFacts({ operator: 'Conv', inputs: ['?', '!8x3x5x5'] })).toEqual({
    rank: 4,
    axes: [
      [0, { meaning: 'batch' }],
      [1, { meaning: 'channels', size: 3 }],
      [2, { meaning: 'height' }],
      [3, { meaning: 'width' }],
    ],
  })
  const along = (channels: number, group = 1) =>
    inputUseFacts({ operator: 'Conv', inputs: ['?', `!8x${channels}x5`], attributes: { group } })!.axes!.map(([, fact]) => fact)
  expect(along(1)).toEqual([{ meaning: 'batch' }, { meaning: 'channels', size: 1 }, { meaning: 'samples' }])
  expect(along(2, 4)).toEqual([{ meaning: 'batch' }, { meaning: 'channels', size: 8 }, { meaning: 'sequence' }])
  expect(inputUseFacts({ operator: 'QLinearConv', inputs: ['?', '!1', '!1', '!8x3x5x5'] })!.axes![1]).toEqual([
    1,
    { meaning: 'channels', size: 3 },
  ])
  expect(inputUseFacts({ operator: 'Conv', inputs: ['?', '?'] })).toBeUndefined()
  expect(inputUseFacts({ operator: 'Conv', inputs: ['?', '!8x3x5x5'] }, 1)).toBeUndefined()
})

test('a causal depthwise convolution: its taps for each output', () => {
  const inputs = ['1x4x10', '!4x1x3', '!4', '1x4x2']
  checkOperator(
    { operator: 'CausalConvWithState', inputs, outputs: ['1x4x10', '1x4x2'] },
    { macs: 120, simpleOps: 40, specialOps: 0 },
  )
  // SiLU: 3 + 2
  checkOperator(
    { operator: 'com.microsoft:CausalConvWithState', inputs, outputs: ['1x4x10', '1x4x2'], attributes: { activation: 'silu' } },
    { macs: 120, simpleOps: 160, specialOps: 80 },
  )
})
