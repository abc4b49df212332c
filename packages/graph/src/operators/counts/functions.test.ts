import { expect, test } from 'vitest'
import { evaluateCounts, sumFunctionCounts } from './functions.ts'
import { softmaxOps } from './softmax-ops.ts'

test('so often, and together', () => {
  expect(evaluateCounts({ exp: 2, log: 1 }, 3)).toEqual({ exp: 6, log: 3 })
  expect(evaluateCounts(undefined, 3)).toEqual({})
  expect(sumFunctionCounts({ exp: 1 }, undefined, { exp: 2, tanh: 4 })).toEqual({ exp: 3, tanh: 4 })
})

test('a softmax evaluates exp once for each score', () => {
  expect(softmaxOps(12, 3).functions).toEqual({ exp: 12 })
})
