import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readTimeline } from '../../test/support/recordings/check-reader.ts'
import { byStart, eventsOf, filterEvents } from './events.ts'

test('events by start, the longer first, however they lie in the file', async () => {
  const event = fc.record({ ts: fc.integer({ min: 0, max: 40 }), dur: fc.integer({ min: 1, max: 5 }) })
  await fc.assert(
    // More than an insertion sort is given, and few.
    fc.asyncProperty(fc.array(event, { minLength: 2, maxLength: 200 }), fc.boolean(), async (some, nearly) => {
      const list = nearly ? [...some].sort((a, b) => a.ts - b.ts) : some
      const { timeline } = await readTimeline(list.map((one) => ({ ph: 'X', name: 'a', pid: 1, tid: 1, ...one })))
      const rows = [...byStart(timeline, eventsOf(timeline, 'slice'))].map((at) => [
        timeline.startUs[at]! + list[0]!.ts,
        timeline.durationUs[at]!,
      ])
      const expected = [...list].sort((a, b) => a.ts - b.ts || b.dur - a.dur).map(({ ts, dur }) => [ts, dur])
      expect(rows).toEqual(expected)
    }),
    { numRuns: 40 },
  )
})

test('where all hold, the column itself', () => {
  const events = Uint32Array.of(3, 4, 5)
  expect(filterEvents(events, () => true)).toBe(events)
  expect([...filterEvents(events, (event) => event !== 4)]).toEqual([3, 5])
})
