import { expect, test } from 'vitest'
import type { SentStream } from './stream-log.ts'
import { stallsOf } from './stream-stalls.ts'

test('more stalls than a call takes arguments', () => {
  // Three gaps of 1 ms, then one of 20: each fourth is a stall of 19.
  const stalls = 150_000
  const chunksMs = [0]
  for (let k = 0; k < 4 * stalls; k++) chunksMs.push(chunksMs.at(-1)! + (k % 4 === 3 ? 20 : 1))
  const stream = { times: { chunksMs } } as unknown as SentStream
  expect(stallsOf([stream], [stream])).toMatchObject({ stalls, longestMs: 19, meanMs: 19 })
})
