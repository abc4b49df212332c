// Three answers from pairs, and who is asked when.
import { describe, expect, test } from 'vitest'
import type { Contestant, Request } from './contestant.ts'
import { decide, measurePair } from './take-turns.ts'

const pairs = (ratios: readonly number[]) => ratios.map((ratio) => ({ aMs: 10, bMs: 10 * ratio }))

describe('decide', () => {
  test('faster, slower, no difference', () => {
    expect(decide(pairs([0.5, 0.52, 0.49, 0.51, 0.5])).verdict).toBe('faster')
    expect(decide(pairs([2, 2.1, 1.9, 2, 2.05])).verdict).toBe('slower')
    expect(decide(pairs([0.9, 1.1, 1.05, 0.97, 1.02])).verdict).toBe('no-difference')
  })

  test('a difference nobody would change a program for is none', () => {
    expect(decide(pairs([0.995, 0.9951, 0.9949, 0.995, 0.995, 0.995])).verdict).toBe('no-difference')
  })

  test('three pairs decide nothing', () => {
    expect(decide(pairs([0.5, 0.5, 0.5])).verdict).toBe('no-difference')
  })

  // With normal noise: 2000 comparisons of a thing with itself, at most one in a hundred wrong.
  test('says no difference where there is none', () => {
    let seed = 1
    const random = () => {
      seed = (seed * 48271) % 2147483647
      return seed / 2147483647
    }
    const normal = () => Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random())
    let wrong = 0
    for (let k = 0; k < 1000; k++) {
      const spread = 0.02 + 0.2 * random()
      const ratios = Array.from({ length: k % 2 === 0 ? 8 : 5 }, () => Math.exp(spread * normal()))
      if (decide(pairs(ratios)).verdict !== 'no-difference') wrong++
    }
    expect(wrong).toBeLessThanOrEqual(10)
  })
})

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
