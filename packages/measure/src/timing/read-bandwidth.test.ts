import { expect, test } from 'vitest'
import { levelThatHolds, measureReadBandwidth } from './read-bandwidth.ts'

test('two threads that read at once give one positive rate', async () => {
  const rate = await measureReadBandwidth({ bytes: 2 * 65536, threads: 2, ms: 5 })
  // Any machine reads a cache faster than 10 MB/s, and none faster than 100 TB/s.
  expect(rate).toBeGreaterThan(1e7)
  expect(rate).toBeLessThan(1e14)
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
