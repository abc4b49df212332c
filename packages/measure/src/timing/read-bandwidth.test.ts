import { expect, test } from 'vitest'
import { levelThatHolds, measureReadBandwidth, rateTogether } from './read-bandwidth.ts'

test('two threads that read at once give one positive rate', async () => {
  const rate = await measureReadBandwidth({ bytes: 2 * 65536, threads: 2, ms: 5 })
  // Any machine reads a cache faster than 10 MB/s, and none faster than 100 TB/s.
  expect(rate).toBeGreaterThan(1e7)
  expect(rate).toBeLessThan(1e14)
})

test('no more threads read than there are CPUs', async () => {
  const threads = 12
  const warnings: Error[] = []
  const note = (warning: Error) => void warnings.push(warning)
  process.on('warning', note)
  // If twelve read, each of them would be given a twelfth.
  const rate = await measureReadBandwidth({ bytes: threads * 65536, threads, ms: 5 }, 1)
  process.off('warning', note)
  expect(rate).toBeGreaterThan(1e7)
  expect(warnings).toEqual([])
})

/** A pass of 1 MB at each of the times. */
const passes = (startMs: number, ...endsMs: number[]) => ({ bytesPerPass: 1e6, startMs, endsMs })
const every = (ms: number, count: number, from = 0) =>
  passes(from, ...Array.from({ length: count }, (_, k) => from + (k + 1) * ms))

test('two threads at once read twice as much, and two in turns as much as one', () => {
  expect(rateTogether([every(1, 80)])).toBeCloseTo(1e9, -3)
  expect(rateTogether([every(1, 80), every(1, 80)])).toBeCloseTo(2e9, -3)
  // On one CPU each waits 10 ms for the other: single passes are as fast as ever.
  const turns = (first: number) =>
    Array.from({ length: 80 }, (_, k) => k + 1).filter((ms) => Math.floor((ms - 1) / 10) % 2 === first)
  expect(rateTogether([passes(0, ...turns(0), 80), passes(0, ...turns(1))])).toBeLessThan(1.3e9)
})

test('what a thread reads while another has not begun is left out', () => {
  expect(rateTogether([every(1, 80), every(1, 80, 40)])).toBeCloseTo(2e9, -3)
  expect(rateTogether([every(1, 8), every(1, 8, 100)])).toBeNull()
  expect(rateTogether([every(1, 8), null])).toBeNull()
})

const caches = { L1d: 32e3, L2: 1e6, L3: 30e6 }

test.each([
  [900e3, 1, 'L2'],
  [1.5e6, 1, 'L3'],
  [1.5e6, 2, 'L2'],
  [30e6, 2, 'L3'],
  [31e6, 2, 'DRAM'],
])('%d bytes of %d threads are in %s', (bytes, threads, level) => {
  expect(levelThatHolds(bytes, threads, caches)).toBe(level)
})

test('caches that are not known hold nothing', () => {
  expect(levelThatHolds(1, 1, { L2: null, L3: null })).toBe('DRAM')
})
