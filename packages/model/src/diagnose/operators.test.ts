import { expect, test } from 'vitest'
import { operators, operatorsTake } from './operators.ts'

test('operators are counted by type, the rest summed up', () => {
  const types = ['Conv', 'Gemm', 'Conv', 'Relu', 'Add']
  expect(operators(types, 2)).toEqual({
    detail: '2 Conv, 1 Gemm and 2 more',
    facts: [
      { name: 'Conv', value: 2, unit: 'nodes' },
      { name: 'Gemm', value: 1, unit: 'nodes' },
      { name: 'others', value: 2, unit: 'nodes' },
    ],
  })
  expect([operatorsTake(['Gemm']), operatorsTake(types)].map(({ detail }) => detail)).toEqual([
    '1 Gemm takes',
    '2 Conv, 1 Gemm, 1 Relu and 1 more take',
  ])
})
