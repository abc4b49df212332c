import { expect, test } from 'vitest'
import { divideSizes, sameShape, symbolSize, times } from './sizes.ts'

test('equal products are equal, whatever their order', () => {
  expect(times([2, 'b', 3, 'a'])).toBe('6*a*b')
  expect(times([times(['a', 3]), times([2, 'b'])])).toBe('6*a*b')
  expect(times([])).toBe(1)
  expect(times(['a'])).toBe('a')
  expect(times([0, 'a'])).toBe(0)
})

test('a quotient stands only where it is whole for every size', () => {
  expect(divideSizes('12*batch', 4)).toBe('3*batch')
  expect(divideSizes('12*batch', 'batch')).toBe(12)
  expect(divideSizes('a*a', 'a')).toBe('a')
  expect(divideSizes('a*b', 'b*a')).toBe(1)
  expect(divideSizes('12*batch', 5)).toBeUndefined()
  expect(divideSizes(12, 'batch')).toBeUndefined()
  expect(divideSizes(12, 0)).toBeUndefined()
})

test('a symbol is one factor, whatever it is called', () => {
  expect(times([symbolSize('2*n'), 3])).toBe('3*2×n')
  expect(divideSizes(times([symbolSize('7'), 'a']), 7)).toBeUndefined()
})

test('shapes are the same only where they are known', () => {
  expect(sameShape(['a', 2], ['a', 2])).toBe(true)
  expect(sameShape(['a', 2], ['b', 2])).toBe(false)
  expect(sameShape(['a'], ['a', 2])).toBe(false)
  expect(sameShape(undefined, undefined)).toBe(false)
})
