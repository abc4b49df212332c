import { expect, test } from 'vitest'
import { ABSENT_AFTER_SECONDS, announcementOf, readAnnouncement } from './announcement.ts'
import { MOST_SKEW_MS } from './signature.ts'

const self = { machine: 'x64-avx2-2c', agent: 'host-1' }
const key = 'a key of the whole fleet'
const nowMs = Date.parse('2026-01-01T00:00:00.000Z')
const said = announcementOf(self, key, nowMs)
const unsigned = "it is not signed with the fleet's key"

test('an agent is read as it announced itself, with a key and without', () => {
  expect(readAnnouncement(said, key, nowMs)).toEqual({ ...self, fault: null })
  expect(readAnnouncement(announcementOf(self, null, nowMs), null, nowMs + 1e12)).toEqual({ ...self, fault: null })
  // Who has no key on the loopback interface waits for those that have one, too.
  expect(readAnnouncement(said, null, nowMs)).toEqual({ ...self, fault: null })
})

test.each([
  ['not signed', announcementOf(self, null, nowMs)],
  ["signed with another fleet's key", announcementOf(self, 'the key of another fleet', nowMs)],
  ['of another machine', said.replace('x64-avx2-2c', 'x64-avx2-4c')],
  ['made young again', said.replace('2026-01-01', '2026-01-02')],
])('one that is %s is not of the fleet', (_, text) => {
  expect(readAnnouncement(text, key, nowMs)).toMatchObject({ fault: unsigned })
})

test('one that is put there again later is old, and clocks may differ by ten minutes', () => {
  const latest = nowMs + ABSENT_AFTER_SECONDS * 1000 + MOST_SKEW_MS
  expect([nowMs - MOST_SKEW_MS, latest].map((at) => readAnnouncement(said, key, at)?.fault)).toEqual([null, null])
  expect(readAnnouncement(said, key, latest + 1)?.fault).toMatch(/^it was issued 11 minutes ago, and is taken for 1 minute/)
  expect(readAnnouncement(said, key, nowMs - MOST_SKEW_MS - 1)?.fault).toMatch(/in the future/)
})

test.each(['', '{', 'null', '[]', '{"machine":1,"agent":"a"}', undefined])('%j is no announcement', (text) => {
  expect(readAnnouncement(text, key, nowMs)).toBeUndefined()
})
