import { expect, test } from 'vitest'
import { watchMemory } from './memory.ts'

/** A process of 100 bytes that grows as told, and whose most is known since a reset. */
function process() {
  let [now, most] = [100, 900]
  return {
    bytes: () => now,
    mostBytes: (): number | null => most,
    resetMost() {
      most = now
    },
    becomes(bytes: number) {
      now = bytes
      most = Math.max(most, now)
    },
  }
}

test('the most and what is left are told beyond what was there before, and what came before that does not count', () => {
  const resident = process()
  const memory = watchMemory(resident)
  expect(memory.peakBytes()).toBe(0)
  resident.becomes(160)
  resident.becomes(130)
  expect([memory.peakBytes(), memory.keptBytes()]).toEqual([60, 30])
})

test('after a reset the most is that of what follows, beyond what was there at the start', () => {
  const resident = process()
  const memory = watchMemory(resident)
  resident.becomes(500)
  resident.becomes(130)
  memory.resetPeak()
  resident.becomes(150)
  expect(memory.peakBytes()).toBe(50)
  resident.becomes(20)
  expect(memory.keptBytes()).toBe(0)
})

test('is unknown where the system does not tell', () => {
  expect(watchMemory({ ...process(), mostBytes: () => null }).peakBytes()).toBeNull()
})
