// Who is asked when.
import { expect, test } from 'vitest'
import type { Contestant, Request } from './contestant.ts'
import { measurePair } from './take-turns.ts'

test('blocks go A B B A or B A A B, each after the other one rests', async () => {
  const log: string[] = []
  const contestant = (name: string, ms: number): Contestant => ({
    pid: name.charCodeAt(0),
    ask: async (request: Request) => {
      log.push(`${name}${request.ask === 'time' ? request.leastMs : ''}`)
      return { passMs: [ms, ms] } as never
    },
    end: async () => {},
  })
  const time = { ask: 'time', order: [0], leastMs: 9, leastPasses: 2, copies: false } as const
  const plan = {
    time,
    warmUp: { ...time, leastMs: 1 },
    limitMs: 1000,
    rest: async ({ pid }: Contestant) => void log.push(`-${String.fromCharCode(pid)}`),
  }
  const [a, b] = [contestant('a', 4), contestant('b', 2)]
  expect(await measurePair(a, b, { ...plan, first: 'a' })).toEqual({ aMs: expect.closeTo(4), bMs: expect.closeTo(2) })
  expect(log.join(' ')).toBe('-b a1 -a b1 -b a9 -a b9 -a b9 -b a9')
  log.length = 0
  await measurePair(a, b, { ...plan, first: 'b' })
  expect(log.filter((one) => !one.startsWith('-')).join(' ')).toBe('b1 a1 b9 a9 a9 b9')
})
