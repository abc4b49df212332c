import { expect, test } from 'vitest'
import { endRun } from './end-process.ts'

/** Above the largest pid of any system. */
const NOBODY = 2 ** 30

test('what a run left is gone when endRun returns: killed processes may go on for a while, and start others', () => {
  const lists = [[NOBODY], [NOBODY, NOBODY + 1], [NOBODY + 1], []]
  const events: string[] = []
  endRun(
    'run',
    () => {
      const list = lists.shift()!
      events.push(`${list.length} left`)
      return list
    },
    () => events.push('pause'),
  )
  expect(events).toEqual(['1 left', 'pause', '2 left', 'pause', '1 left', 'pause', '0 left'])
})

test('a process that cannot be killed does not keep endRun for ever', () => {
  let pauses = 0
  endRun(
    'run',
    () => [NOBODY],
    () => pauses++,
  )
  expect(pauses).toBeGreaterThan(1)
})
