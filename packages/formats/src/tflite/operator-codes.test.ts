import { expect, test } from 'vitest'
import { OPERATORS, optionsNameOf } from './operator-codes.ts'
import { OPTIONS } from './options.ts'

test('an operator has the table of its name, or of its family', () => {
  const named = ['ADD', 'CONV_2D', 'LSTM', 'L2_NORMALIZATION', 'REDUCE_MAX', 'MINIMUM', 'MAX_POOL_2D'] as const
  expect(named.map(optionsNameOf)).toEqual([
    'AddOptions',
    'Conv2DOptions',
    'LSTMOptions',
    'L2NormOptions',
    'ReducerOptions',
    'MaximumMinimumOptions',
    'Pool2DOptions',
  ])
  expect([optionsNameOf('LOGISTIC'), optionsNameOf('TANH')]).toEqual([undefined, undefined])
})

test('every table belongs to an operator', () => {
  const used = new Set(OPERATORS.map(optionsNameOf))
  expect((Object.keys(OPTIONS) as (keyof typeof OPTIONS)[]).filter((name) => !used.has(name))).toEqual(['RandomOptions'])
})
