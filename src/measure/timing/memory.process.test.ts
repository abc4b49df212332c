// In a process of its own: in one that other files have used, memory that they left is taken first.
import { expect, test } from 'vitest'
import { watchMemory } from './memory.ts'

test.runIf(process.platform === 'linux')('Linux tells', () => {
  const memory = watchMemory()
  // Written to, so that it is resident.
  const written = Buffer.alloc(64e6, 1)
  expect(memory.peakBytes()).toBeGreaterThan(written.length / 2)
})
