import { expect, test } from 'vitest'
import { readServerStatistics } from './server-statistics.ts'

test('once they are not told, nobody asks again', async () => {
  const answers = [new Map(), new Map(), null]
  let asked = 0
  const { statistics } = await readServerStatistics(async () => answers[asked++] ?? null)
  expect(await statistics!()).not.toBeNull()
  expect([await statistics!(), await statistics!()]).toEqual([null, null])
  expect(asked).toBe(3)
})

test('a server that does not answer has none', async () => {
  const silent = readServerStatistics(() => Promise.reject(new Error('no answer within 1 s')))
  expect(await silent).toEqual({})
})
