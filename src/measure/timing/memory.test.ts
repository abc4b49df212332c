import { expect, test } from 'vitest'
import { watchMemory } from './memory.ts'

test.runIf(process.platform === 'linux')('what was taken meanwhile is in the peak and in what is kept', () => {
  const memory = watchMemory()
  const taken = Buffer.alloc(32 * 2 ** 20, 1)
  expect(memory.peakBytes()).toBeGreaterThan(30 * 2 ** 20)
  expect(memory.keptBytes()).toBeGreaterThan(30 * 2 ** 20)
  expect(taken.at(-1)).toBe(1)
})
