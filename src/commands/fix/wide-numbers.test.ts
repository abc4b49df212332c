import { expect, test } from 'vitest'
import { int64Tensor, model, modelInMemory, node, valueInfo } from '../../graph/build.ts'
import { viewGraph } from '../../graph/view.ts'
import { hasDoubleEnds, wideNode } from './wide-numbers.ts'

const graphWith = (nodes: Parameters<typeof model>[0]['nodes'], constant: number, dtype: 'int64' | 'float64' = 'int64') =>
  viewGraph(
    modelInMemory(
      model({
        nodes,
        inputs: [valueInfo('x', dtype, [2])],
        outputs: [valueInfo('y', dtype, [2])],
        initializers: [int64Tensor('k', [1], [constant]), int64Tensor('zero', [1], [0])],
      }),
    ),
  )

test.each([
  ['a product with a hash multiplier', node('Mul', ['x', 'k'], ['y']), 2_654_435_761, 'hash'],
  ['a product with a small factor', node('Mul', ['x', 'k'], ['y']), 64, undefined],
  ['a comparison with a late time', node('Greater', ['x', 'k'], ['y']), 1_700_000_000_000, 'hash'],
  ['a sum', node('Add', ['x', 'k'], ['y']), 2 ** 31 - 1, undefined],
  ['bits', node('BitwiseXor', ['x', 'k'], ['y']), 1, 'hash'],
  ['a slice to the end', node('Slice', ['x', 'zero', 'k'], ['y']), 2 ** 62, undefined],
])('%s', (_, made, constant, found) => {
  made.name = 'hash'
  expect(wideNode(graphWith([made], constant))).toBe(found)
})

test('doubles at an end', () => {
  expect(hasDoubleEnds(graphWith([node('Identity', ['x'], ['y'])], 1, 'float64'))).toBe(true)
  expect(hasDoubleEnds(graphWith([node('Identity', ['x'], ['y'])], 1))).toBe(false)
})
