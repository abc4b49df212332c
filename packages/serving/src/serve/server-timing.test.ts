import { expect, test } from 'vitest'
import { serverTiming } from './server-timing.ts'

const timing = { queueMs: 5, handOverMs: 0.5, computeMs: 2, together: 1 }

test('parts are told in the order of time, what is not known is left out', () => {
  expect(serverTiming(timing, { parse: 1, serialize: 0.25 })).toBe(
    'parse;dur=1.0000, queue;dur=5.0000, hand-over;dur=0.5000, compute;dur=2.0000, serialize;dur=0.2500',
  )
  expect(serverTiming(timing, { upload: 3, parse: 1, serialize: 0 })).toMatch(/^upload;dur=3.0000, parse/)
})

test('waiting for others to join is a part of its own, and not of the queue', () => {
  expect(serverTiming({ ...timing, batchWaitMs: 4 }, { parse: 1, serialize: 0 })).toMatch(
    /queue;dur=1\.0000, batch-wait;dur=4\.0000, hand/,
  )
  expect(serverTiming({ ...timing, batchWaitMs: 0 }, { parse: 1, serialize: 0 })).toMatch(
    /queue;dur=5\.0000, batch-wait;dur=0\.0000, hand/,
  )
})
