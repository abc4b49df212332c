import { expect, test } from 'vitest'
import { isWorthSaying, sayBytes, sayCount, sayMs, sayOperators, sayShare } from './worth.ts'

test('three per cent is worth saying, less is not', () => {
  expect(isWorthSaying(0.3, 10)).toBe(true)
  expect(isWorthSaying(0.29, 10)).toBe(false)
})

test('durations come in the unit a reader expects', () => {
  expect([0.0123, 0.0999, 0.1, 12.345, 999.4, 1250].map(sayMs)).toEqual([
    '12.3 µs',
    '99.9 µs',
    '100 µs',
    '12.3 ms',
    '999 ms',
    '1.25 s',
  ])
})

test('shares and sizes', () => {
  expect([0, 0.004, 0.425, 1].map(sayShare)).toEqual(['0 %', '0.4 %', '43 %', '100 %'])
  expect([12, 4096, 16e6, 2.5e9].map(sayBytes)).toEqual(['12 B', '4.1 kB', '16 MB', '2.5 GB'])
})

test('counts', () => {
  expect([sayCount(1, 'node'), sayCount(2, 'node')]).toEqual(['1 node', '2 nodes'])
  expect(sayOperators(['Conv', 'Gemm', 'Conv', 'Relu', 'Add'], 2)).toBe('2 Conv, 1 Gemm and 2 more')
})
