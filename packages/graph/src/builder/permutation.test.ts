import { expect, test } from 'vitest'
import {
  compose,
  identity,
  inverse,
  isPermutation,
  permutationBetween,
  permuteBack,
  removeAxes,
  samePermutation,
  withNew,
} from './permutation.ts'

const LAST = [0, 2, 3, 1]

test('a permutation and its inverse undo each other', () => {
  expect(inverse(LAST)).toEqual([0, 3, 1, 2])
  expect(compose(LAST, inverse(LAST))).toEqual(identity(4))
  expect(permuteBack(['n', 'h', 'w', 'c'], LAST)).toEqual(['n', 'c', 'h', 'w'])
  expect([isPermutation(LAST, 4), isPermutation([0, 0, 1], 3), isPermutation([0, 1], 3)]).toEqual([true, false, false])
  expect([samePermutation(LAST, [0, 2, 3, 1]), samePermutation(LAST, [0, 2, 3])]).toEqual([true, false])
})

test('turn leads from one order to another', () => {
  const [from, to] = [LAST, [1, 0, 2, 3]]
  expect(compose(from, permutationBetween(from, to))).toEqual(to)
})

test('axes that go leave the others in order, and new ones stand where they are told', () => {
  expect(removeAxes(LAST, [2, 3])).toEqual([0, 1])
  expect(removeAxes(LAST, [0])).toEqual([1, 2, 0])
  expect(withNew([1, 0], new Set([1]))).toEqual([2, 1, 0])
})
