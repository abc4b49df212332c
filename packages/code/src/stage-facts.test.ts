import { expect, test } from 'vitest'
import type { StageFact } from './facts.ts'
import { stageFacts } from './stage-facts.ts'

const NOTHING = {
  cpuMs: null,
  nativeMs: null,
  waitMs: null,
  gcMs: null,
  allocatedBytes: null,
  eventLoopDelayMs: null,
  result: null,
}
const fact = (name: string, given: Partial<StageFact>): StageFact => ({ name, ...NOTHING, ...given })

test('of each number the first kind of process that tells it, and the median of those of that kind', () => {
  const timed = [
    fact('predict', { cpuMs: 3, waitMs: 1 }),
    fact('other', { cpuMs: 7 }),
    fact('predict', { cpuMs: 50 }),
    fact('predict', { cpuMs: 4 }),
  ]
  const profiled = [fact('predict', { cpuMs: 90, nativeMs: 2 })]
  expect(stageFacts([[], timed, profiled], ['predict', 'other', 'absent'])).toEqual([
    fact('predict', { cpuMs: 4, waitMs: 1, nativeMs: 2 }),
    fact('other', { cpuMs: 7 }),
  ])
})
