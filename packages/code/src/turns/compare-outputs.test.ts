// Two scripted programs: which samples are asked for again, and what is told.
import { expect, test } from 'vitest'
import { compareContestants, type OutputsPlan } from './compare-outputs.ts'
import type { Contestant } from './contestant.ts'
import { encodeValue } from './encode-value.ts'

const plan: OutputsPlan = { samples: 12, limitMs: 1, budgetMs: 1, allowNoise: false, tolerance: null, sameLanguage: true }

/** What it gives for a sample, asked for the first time or again, and how often it was asked. */
function program(gives: (sample: number, isAgain: boolean) => unknown) {
  const asked: number[] = []
  const contestant: Contestant = {
    pid: 1,
    end: async () => {},
    ask: async (request) => {
      if (request.ask !== 'output') throw new Error('not asked for')
      const value = encodeValue(gives(request.sample, asked.includes(request.sample)))
      asked.push(request.sample)
      return { value, timeMs: asked.length, wroteInput: false, copied: true } as never
    },
  }
  return { contestant, asked }
}

test('the same outputs are asked for once, but for the first, whose second call is timed', async () => {
  const [a, b] = [program((k) => ({ score: k })), program((k) => ({ score: k }))]
  const compared = await compareContestants(a.contestant, b.contestant, plan, () => 0)
  expect(compared).toMatchObject({ agreement: 'identical', samples: 12, repeats: { a: true, b: true }, varying: [] })
  expect(compared.firstMs).toEqual({ a: 1, b: 1 })
  expect(compared.timesMs.slice(0, 2)).toEqual([2, 3])
  expect(a.asked).toEqual([0, 0, ...Array.from({ length: 11 }, (_, k) => k + 1)])
})

test('floats that differ are asked for again eight times at most, and five differences are told', async () => {
  const [a, b] = [program((k) => ({ score: k + 0.25 })), program((k) => ({ score: k + 0.75 }))]
  const compared = await compareContestants(a.contestant, b.contestant, plan, () => 0)
  expect(compared).toMatchObject({ agreement: 'different', differingSamples: 12, varying: [] })
  expect(compared.differences).toHaveLength(5)
  expect(a.asked).toHaveLength(12 + 8)
})

test('a float that the first program itself changes from call to call is set apart', async () => {
  const [a, b] = [
    program((k, isAgain) => ({ label: k, tookMs: isAgain ? 0.25 : 0.5 })),
    program((k) => ({ label: k, tookMs: 0.75 })),
  ]
  const compared = await compareContestants(a.contestant, b.contestant, plan, () => 0)
  expect(compared).toMatchObject({ agreement: 'identical', varying: ['.tookMs'], repeats: { a: false, b: true } })
})
