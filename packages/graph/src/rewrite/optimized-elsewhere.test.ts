import { expect, test } from 'vitest'
import { floatTensor, model, modelInMemory, node, valueInfo } from '../build.ts'
import { nodesGone } from './optimized-elsewhere.ts'

const x = valueInfo('x', 'float32', [2, 2])
const y = valueInfo('y', 'float32', [2, 2])
const initializers = [floatTensor('w', [2, 2], [1, 2, 3, 4]), floatTensor('b', [2], [1, 2])]
const of = (...nodes: ReturnType<typeof node>[]) => modelInMemory(model({ nodes, inputs: [x], outputs: [y], initializers }))
const gone = (before: ReturnType<typeof of>, after: ReturnType<typeof of>) => nodesGone(after, before).map(({ opType }) => opType)

test('what depended on constants alone, or did nothing, is gone', () => {
  const before = of(
    node('Neg', ['w'], ['n']),
    node('Exp', ['n'], ['e']),
    node('Identity', ['x'], ['i']),
    node('MatMul', ['i', 'e'], ['y']),
  )
  expect(gone(before, of(node('MatMul', ['x', 'w'], ['y'])))).toEqual(['Neg', 'Exp', 'Identity'])
  expect(gone(before, before)).toEqual([])
})

test('what another operator took in is not: its time is spent there', () => {
  const before = of(
    node('Identity', ['x'], ['i']),
    node('MatMul', ['i', 'w'], ['m']),
    node('Dropout', ['m'], ['d']),
    node('Add', ['d', 'b'], ['y']),
  )
  expect(gone(before, of(node('Gemm', ['x', 'w', 'b'], ['y'])))).toEqual([])
  expect(gone(before, of(node('MatMul', ['x', 'w'], ['m']), node('Add', ['m', 'b'], ['y'])))).toEqual(['Identity', 'Dropout'])
})
