// What is made of the interpreter's answer; the loops themselves are in test/measured/replacements.test.ts.
import { expect, test } from 'vitest'
import { replacementOf } from './loop-replacement.ts'

const numpy = { language: 'python', form: 'numpy' } as const
const told = {
  line: 7,
  endLine: 8,
  function: null,
  code: ['c = a * b'],
  pairsMs: [
    [100, 2],
    [110, 2],
    [90, 2],
  ] as [number, number][],
  conversionMs: null,
  equal: 'bits' as const,
  elements: 1_000_000,
  kinds: ['float64'],
}

test('the factor is of pairs, with its interval', () => {
  const made = replacementOf(told, 'x.py', numpy)
  expect(made).toMatchObject({ beforeMs: 100, afterMs: 2, factor: 50, on: '1,000,000 elements of float64', code: ['c = a * b'] })
  expect(made.factorLow).toBeLessThan(50)
  expect(made.factorHigh).toBeGreaterThan(50)
})

test('where lists become arrays, what that takes is said', () => {
  const made = replacementOf({ ...told, kinds: ['list of float'], conversionMs: 41.234 }, 'x.py', numpy)
  expect(made.on).toBe('1,000,000 elements of list of float; as arrays from the start (making them of lists takes 41.2 ms, once)')
})

test('where the result is made a list again, that is said', () => {
  const made = replacementOf({ ...told, asList: true }, 'x.py', numpy)
  expect(made.on).toBe('1,000,000 elements of float64; made a list again, for what comes after it')
})
