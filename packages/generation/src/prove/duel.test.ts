import { expect, test } from 'vitest'
import { MOST_PAIRS, PROOF_PAIRS } from './budget.ts'
import { type Duel, duel, isDoubtful } from './duel.ts'
import { type GeneratorSetup, PLAIN_OPTIONS } from './setup.ts'

const base: GeneratorSetup = { engine: 'e', source: 'model', options: PLAIN_OPTIONS, loop: null }
const candidate: GeneratorSetup = { ...base, source: 'another' }

/** Pairs that were read, and the verdict, where the candidate takes so many times the base's 10 ms a token and 100 ms for the first one. */
async function dueled(perToken: number, first: number, endsEarly = true) {
  const times = async (setup: GeneratorSetup) => {
    const [a, b] = setup === candidate ? [perToken, first] : [1, 1]
    return { outcome: 'measured', value: { openMs: 1, coldFirstMs: 1, perTokenMs: 10 * a, firstMs: 100 * b } } as const
  }
  const trial = await duel(base, candidate, { bench: { times }, promptsOf: () => [], tokens: 8, most: MOST_PAIRS, endsEarly })
  if (trial.outcome !== 'measured') throw new Error(trial.outcome)
  return [trial.value.readings.length, trial.value.perToken.verdict]
}

test.each([
  ['a gain of a little more than a fifth', 0.79, 1, 2],
  ['a gain of a little less', 0.81, 1, 3],
  ['a gain of a little more than a tenth', 0.89, 1, 3],
  ['a gain of a little less than a tenth', 0.91, 1, 4],
  ['a first token that takes a little longer', 0.5, 1.02, 2],
  ['a first token that takes longer', 0.5, 1.04, 4],
])('%s is taken as faster after as many pairs as it takes', async (_, perToken, first, pairs) => {
  expect(await dueled(perToken, first)).toEqual([pairs, 'faster'])
})

/** Pairs that were read, and the verdict, of a candidate that takes 0.9 of the time but for pairs in which something disturbs one side. */
async function disturbed(factors: Readonly<Record<number, number>>, most: number, endsEarly: boolean) {
  let reading = 0
  const times = async (setup: GeneratorSetup) => {
    const pair = Math.floor(reading++ / 2)
    const factor = setup === candidate ? 0.91 * (factors[pair] ?? 1) : 1
    return { outcome: 'measured', value: { openMs: 1, coldFirstMs: 1, perTokenMs: 10 * factor, firstMs: 100 } } as const
  }
  const trial = await duel(base, candidate, { bench: { times }, promptsOf: () => [], tokens: 8, most, endsEarly })
  if (trial.outcome !== 'measured') throw new Error(trial.outcome)
  return [trial.value.readings.length, trial.value.perToken.verdict]
}

test('one disturbed pair of five does not hide a gain, and two do', async () => {
  expect(await disturbed({ 1: 2 }, 6, true)).toEqual([5, 'faster'])
  expect(await disturbed({ 0: 2, 1: 2 }, 6, true)).toEqual([2, 'no-difference'])
  expect(await disturbed({ 0: 2, 4: 2 }, 6, true)).toEqual([6, 'no-difference'])
})

test('the last proof tells a gain in spite of a disturbed pair, with more of them', async () => {
  expect(await disturbed({ 2: 2 }, 11, false)).toEqual([11, 'no-difference'])
  expect(await disturbed({ 2: 2 }, PROOF_PAIRS, false)).toEqual([12, 'faster'])
  // Four hide it.
  expect(await disturbed({ 2: 2, 3: 2, 4: 2, 5: 2 }, PROOF_PAIRS, false)).toEqual([12, 'no-difference'])
})

test('what shows no gain is given up after two pairs, what is shipped after as many as there are', async () => {
  expect(await dueled(1.01, 1)).toEqual([2, 'no-difference'])
  expect(await dueled(0.99, 1)).toEqual([3, 'no-difference'])
  expect(await dueled(0.98, 1)).toEqual([4, 'faster'])
  expect((await dueled(1, 1, false))[0]).toBe(6)
  expect(await dueled(0.5, 1, false)).toEqual([4, 'faster'])
})

test('a pair that another could not turn into a gain is not doubtful', () => {
  const found = (ratio: number) => {
    const [base, other] = [1, ratio].map((factor) => ({ openMs: 1, coldFirstMs: 1, perTokenMs: 10 * factor, firstMs: 100 }))
    return { perToken: { ratio }, readings: [[base, other]] } as unknown as Duel
  }
  expect([0.99, 1.24, 1.26].map((ratio) => isDoubtful(found(ratio)))).toEqual([false, true, false])
})
