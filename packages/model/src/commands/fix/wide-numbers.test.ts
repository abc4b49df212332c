import { int64Tensor, model, modelInMemory, node, valueInfo } from '@whyslow/graph/build.ts'
import type { DType } from '@whyslow/graph/types.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { describe, expect, test } from 'vitest'
import { hasDoubleEnds, wideNode } from './wide-numbers.ts'

type Nodes = Parameters<typeof model>[0]['nodes']

const graphWith = (nodes: Nodes, constant: number, dtype: DType = 'int64') =>
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
const last = (nodes: Nodes, constant = 1, dtype: DType = 'int64') => wideNode(graphWith(nodes, constant, dtype))
const named = (...given: Parameters<typeof node>) => Object.assign(node(...given), { name: 'hash' })

describe('whole numbers that may not fit 32 bits', () => {
  test.each<[string, Nodes, number?]>([
    ['seconds become milliseconds', [named('Mul', ['x', 'k'], ['y'])], 1000],
    ['a square', [named('Mul', ['x', 'x'], ['y'])]],
    [
      'a product behind what hands on',
      [node('Add', ['x', 'k'], ['a']), node('Reshape', ['a', 'zero'], ['b']), named('Mul', ['b', 'x'], ['y'])],
    ],
    ['a power', [named('Pow', ['x', 'k'], ['y'])]],
    ['a comparison with a late time', [named('Greater', ['x', 'k'], ['y'])], 1_700_000_000_000],
    ['bits', [named('BitwiseXor', ['x', 'k'], ['y'])]],
  ])('%s', (_, nodes, constant) => {
    expect(last(nodes, constant)).toBe('hash')
  })

  test.each<[string, Nodes, number?, DType?]>([
    ['ids that choose rows', [node('Gather', ['k', 'x'], ['rows']), named('Mul', ['rows', 'rows'], ['y'])]],
    [
      'floats that are given a shape from an input',
      [node('Cast', ['k'], ['f'], { to: 1 }), node('Expand', ['f', 'x'], ['wide']), named('Mul', ['wide', 'wide'], ['y'])],
    ],
    ['sizes', [node('Shape', ['x'], ['size']), named('Mul', ['size', 'k'], ['y'])], 64],
    ['a mask that becomes floats', [node('Cast', ['x'], ['mask'], { to: 1 }), named('Mul', ['mask', 'mask'], ['y'])]],
    [
      'what is decided',
      [node('Equal', ['x', 'zero'], ['is']), node('Cast', ['is'], ['one'], { to: 7 }), named('Mul', ['one', 'one'], ['y'])],
    ],
    ['a sum', [named('Add', ['x', 'k'], ['y'])], 2 ** 31 - 1],
    ['a slice to the end', [named('Slice', ['x', 'zero', 'k'], ['y'])], 2 ** 62],
    ['a product of floats', [named('Mul', ['x', 'x'], ['y'])], 1, 'float32'],
  ])('but not %s', (_, nodes, constant, dtype) => {
    expect(last(nodes, constant, dtype)).toBeUndefined()
  })
})

test('doubles at an end', () => {
  expect(hasDoubleEnds(graphWith([node('Identity', ['x'], ['y'])], 1, 'float64'))).toBe(true)
  expect(hasDoubleEnds(graphWith([node('Identity', ['x'], ['y'])], 1))).toBe(false)
})
