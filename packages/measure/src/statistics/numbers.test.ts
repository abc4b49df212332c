import { expect, test } from 'vitest'
import {
  bytes,
  count,
  percent,
  perSecond,
  plural,
  rate,
  significant,
  time,
  timesAsFast,
  timeWithInterval,
  unbroken,
} from './numbers.ts'

test.each([
  [41.234, '41.2'],
  [0.045678, '0.0457'],
  [9.996, '10.0'], // rounds up to two whole digits, so one decimal is left of three digits
  [999.6, '1000'],
  [1234.5, '1235'], // whole digits are never dropped
  [-2.345, '-2.35'],
  [0, '0'],
])('%d in three digits is %s', (value, text) => expect(significant(value)).toBe(text))

test.each([
  [0.0113, '11.3 µs'],
  [0.00042, '0.420 µs'],
  [0.9996, '1.00 ms'], // 999.6 µs would read 1000 µs
  [0.9994, '999 µs'],
  [41.24, '41.2 ms'],
  [999.4, '999 ms'],
  [999.6, '1.00 s'],
  [-0.5, '-500 µs'],
  [-8.9e-16, '0 ms'], // left over of a sum
  [0.95e-9, '0 ms'],
  [1.05e-9, '0.00000105 µs'],
  [0, '0 ms'],
])('%d ms is %s', (ms, text) => expect(time(ms)).toBe(text))

test('an interval has the unit and the decimals of its value', () => {
  expect(timeWithInterval(41.24, 40.91, 101.26)).toBe('41.2 ms (40.9–101)') // 101.26 in three digits has no decimals
  expect(timeWithInterval(9.3, 0.2214, 368.31)).toBe('9.30 ms (0.22–368)')
  expect(timeWithInterval(0.9991, 0.98, 1.02)).toBe('999 µs (980–1020)')
})

test.each([
  [0.414, '41 %'],
  [0.004, '<1 %'],
  [-0.031, '-3 %'],
  [-0.001, '0 %'],
  [0, '0 %'],
])('a share of %d is %s', (share, text) => expect(percent(share)).toBe(text))

test('sizes, counts and rates in steps of 1000', () => {
  expect(bytes(102_400_000)).toBe('102 MB')
  expect(bytes(2 ** 30)).toBe('1.07 GB')
  expect(bytes(999_600)).toBe('1.00 MB')
  expect(bytes(60)).toBe('60 B')
  expect(count(812)).toBe('812')
  expect(count(25_557_032)).toBe('25.6 M')
  expect(rate(1.18e11, 'FLOP')).toBe('118 GFLOP/s')
  expect(rate(12.1e9, 'B')).toBe('12.1 GB/s')
})

test('one of something and many', () => {
  expect([plural(1, 'node'), plural(2, 'node'), plural(2, 'process', 'processes')]).toEqual(['1 node', '2 nodes', '2 processes'])
})

test.each([
  [39.94, '39.9'],
  [196.5, '197'],
  [74604.2, '74604'],
])('%d a second is %s', (value, text) => expect(perSecond(value)).toBe(text))

test.each([
  [1.4249, '1.42×'],
  [0.5, '0.50×'],
  [0.0667, '0.07×'],
  [0.0031, '0.003×'],
])('%d times as fast is %s', (speedup, text) => expect(timesAsFast(speedup)).toBe(text))

test('a number stays next to its unit, and next to no other word', () => {
  expect(unbroken('41 % of 3.2 ms, 12 GB/s, 5 more, 2 models')).toBe('41\u00a0% of 3.2\u00a0ms, 12\u00a0GB/s, 5 more, 2 models')
})
