import { expect, test } from 'vitest'
import { checkOperator, inputUseFacts, reasonUnknown } from '../../test/support/operators/check-operator.ts'

test('LSTM over T steps', () => {
  // T 5, B 2, I 3, H 4: 10 * (16 * 3 + 16 * 4) = 1120 MACs. 40 states: 4 joins, 8 biases, sigmoids 3 * 2: 18 each = 720; special:
  // sigmoids 3 * 2, tanh 2: 8 each = 320.
  // bytes: x 30, w 48, r 64, b 32, y 40 elements: 856; R (256 B) is read 4 times more: 1024
  checkOperator(
    {
      operator: 'LSTM',
      inputs: ['5x2x3', '!1x16x3', '!1x16x4', '!1x32'],
      outputs: ['5x1x2x4'],
      attributes: { hidden_size: 4 },
    },
    { macs: 1120, simpleOps: 720, specialOps: 320, bytes: 856, streamingBytes: 1880, weightBytes: 576, serialSteps: 5 },
  )
})

test('both directions, peepholes and batch first', () => {
  // twice 1120, and 3 MACs for each of 80 states
  checkOperator(
    {
      operator: 'LSTM',
      inputs: ['2x5x3', '2x16x3', '2x16x4', '-', '-', '-', '-', '2x12'],
      outputs: ['2x5x2x4'],
      attributes: { hidden_size: 4, direction: 'bidirectional', layout: 1 },
    },
    { macs: 2480, serialSteps: 5 },
  )
})

test('GRU and RNN', () => {
  // 10 * (12 * 3 + 12 * 4) = 840; 40 states: joins 5, sigmoids 2 * 2: 9; special 2 * 2 + 1 = 5
  checkOperator(
    { operator: 'GRU', inputs: ['5x2x3', '1x12x3', '1x12x4'], outputs: ['5x1x2x4'], attributes: { hidden_size: 4 } },
    { macs: 840, simpleOps: 360, specialOps: 200 },
  )
  // 10 * (4 * 3 + 4 * 4) = 280; ReLU: one operation per state
  checkOperator(
    {
      operator: 'RNN',
      inputs: ['5x2x3', '1x4x3', '1x4x4'],
      outputs: ['5x1x2x4'],
      attributes: { hidden_size: 4, activations: ['Relu'] },
    },
    { macs: 280, simpleOps: 40, specialOps: 0 },
  )
  expect(
    reasonUnknown({ operator: 'RNN', inputs: ['5x2x3', '1x4x3', '1x4x4'], outputs: ['?'], attributes: { activations: ['Foo'] } }),
  ).toContain("'Foo'")
})

test('sequence lengths: counted where known, at full length where not', () => {
  // 3 + 5 = 8 rows of 84
  const gru = (lengths: string) => ({
    operator: 'GRU',
    inputs: ['5x2x3', '1x12x3', '1x12x4', '-', lengths],
    outputs: ['5x1x2x4'],
    attributes: { hidden_size: 4 },
  })
  checkOperator(gru('!int32:2=3,5'), { macs: 672 })
  checkOperator(gru('int32:2'), { macs: 840, note: 'every sequence counted at full length' })
})

test('DynamicQuantizeLSTM: weights [D, I, 4H] and [D, H, 4H]', () => {
  // 1120 MACs. 40 states: 4 + 6 = 10 each = 400; quantize 10 * (3 + 4) * 4 = 280; dequantize 10 * 16 * 2 = 320
  checkOperator(
    {
      operator: 'com.microsoft:DynamicQuantizeLSTM',
      inputs: ['5x2x3', '!int8:1x3x16', '!int8:1x4x16'],
      outputs: ['5x1x2x4'],
      attributes: { hidden_size: 4 },
    },
    { macs: 1120, simpleOps: 1000, arithmetic: 'int8', serialSteps: 5 },
  )
})

test('a recurrent operator tells sequence, batch and features, and of its initial state that it is one', () => {
  const inputs = ['?', '!1x16x8', '!1x16x4', '-', '-', '?', '?']
  expect(inputUseFacts({ operator: 'LSTM', inputs })).toEqual({
    rank: 3,
    axes: [
      [1, { meaning: 'batch' }],
      [0, { meaning: 'sequence' }],
      [2, { meaning: 'features', size: 8 }],
    ],
  })
  expect(inputUseFacts({ operator: 'LSTM', inputs, attributes: { layout: 1 } }, 6)).toEqual({
    rank: 3,
    isState: true,
    axes: [
      [0, { meaning: 'batch' }],
      [1, { meaning: 'state', size: 1 }],
      [2, { meaning: 'state', size: 4 }],
    ],
  })
})

test('an LSTM that looks at a memory', () => {
  // 2 steps, 3 in, 4 hidden; a memory of 5 places, 6 wide, compared 7 wide; the layer joins 6 + 4 to 8, which is an input of the step
  checkOperator(
    {
      operator: 'com.microsoft:AttnLSTM',
      inputs: [
        '2x1x3',
        '!1x16x11',
        '!1x16x4',
        '-',
        '-',
        '-',
        '-',
        '-',
        '!1x4x7',
        '!1x6x7',
        '!1x7',
        '1x5x6',
        'int32:1',
        '!1x10x8',
      ],
      outputs: ['2x1x1x4'],
      attributes: { hidden_size: 4 },
    },
    {
      // gates 2 * 16 * (11 + 4), layer 2 * 80, state 2 * 28, memory 5 * 42, looks 10 * (7 + 6)
      macs: 480 + 160 + 56 + 210 + 130,
      // 8 states with 4 and (3 sigmoids of 2); 70 sums; softmax 10 * 4
      simpleOps: 8 * (4 + 6) + 70 + 40,
      // 3 sigmoids of 2 and 2 tanh; 70 tanh; 10 exp, 2 divisions
      specialOps: 8 * 8 + 70 + 12,
      functions: { sigmoid: 24, tanh: 16 + 70, exp: 10 },
      serialSteps: 2,
    },
  )
})
