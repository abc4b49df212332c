// In a process of its own: in one that other files have used, memory that they left is taken first.
import { expect, test } from 'vitest'
import { LINUX } from '../../../../test/needs.ts'
import { watchMemory } from './memory.ts'

test.runIf(process.platform === 'linux')('Linux tells', LINUX, () => {
  const memory = watchMemory()
  // Written to, so that it is resident.
  const written = Buffer.alloc(64e6, 1)
  expect(memory.peakBytes()).toBeGreaterThan(written.length / 2)
})
