// One experiment, one interval, three answers.
import { describe, expect, test } from 'vitest'
import { decide, pairsInTurns, ratioOver, ratioOverRounds, verdictOf } from './ratios.ts'

describe('pairsInTurns', () => {
  test('alternates who is first, and ends as soon as it is enough', async () => {
    const asked: number[] = []
    const read = (side: 0 | 1) => asked.push(side)
    expect(await pairsInTurns(2, read)).toEqual([
      [1, 2],
      [4, 3],
    ])
    expect(asked).toEqual([0, 1, 1, 0])
    expect(await pairsInTurns(9, read, (pairs) => pairs.length === 3)).toHaveLength(3)
  })
})

describe('decide', () => {
  test('faster, slower, no difference', () => {
    expect(decide([0.5, 0.52, 0.49, 0.51, 0.5]).verdict).toBe('faster')
    expect(decide([2, 2.1, 1.9, 2, 2.05]).verdict).toBe('slower')
    expect(decide([0.9, 1.1, 1.05, 0.97, 1.02]).verdict).toBe('no-difference')
  })

  test('a difference nobody would change a program for is none', () => {
    expect(decide([0.995, 0.9951, 0.9949, 0.995, 0.995, 0.995]).verdict).toBe('no-difference')
  })

  test('three pairs decide nothing, unless the plan says so', () => {
    expect(decide([0.5, 0.5, 0.5]).verdict).toBe('no-difference')
    expect(decide([0.5, 0.51, 0.5], { leastPairs: 3 }).verdict).toBe('faster')
    expect(decide([0.5, 0.51, 0.5, 0.5]).verdict).toBe('faster')
  })

  test('the whole interval is beyond the smallest difference', () => {
    // Logarithms -0.03 ± 0.01: their deviation 0.011 over √6, times t of 99 % (4.03), is 0.018, which leaves 0.988; at ±0.013 it leaves 0.9935.
    const spread = (by: number) => [1, -1, 1, -1, 1, -1].map((sign) => Math.exp(-0.03 + sign * by))
    expect(decide(spread(0.01))).toMatchObject({ verdict: 'faster', ratioHigh: expect.closeTo(0.988, 3) })
    expect(decide(spread(0.013))).toMatchObject({ verdict: 'no-difference', ratioHigh: expect.closeTo(0.9935, 3) })
    expect(decide(spread(0.013), { level: 95 }).verdict).toBe('faster')
    expect(decide(spread(0.01), { least: 0.05 }).verdict).toBe('no-difference')
  })

  test('swapping the two sides swaps the answer', () => {
    for (const edge of [0.985, 0.9899, 0.9901, 0.995])
      for (const [own, other] of [
        ['faster', 'slower'],
        ['no-difference', 'no-difference'],
      ] as const)
        if (verdictOf({ ratioLow: 0.9, ratioHigh: edge }) === own)
          expect(verdictOf({ ratioLow: 1 / edge, ratioHigh: 1 / 0.9 })).toBe(other)
    expect([0.9899, 0.9901].map((ratioHigh) => verdictOf({ ratioLow: 0.9, ratioHigh }))).toEqual(['faster', 'no-difference'])
  })

  test('one wild pair of twelve decides nothing and hides nothing', () => {
    const calm = [0.9, 0.91, 0.9, 0.89, 0.9, 0.9, 0.91, 0.9, 0.89, 0.9, 0.9]
    expect(decide([...calm, 5]).verdict).toBe('faster')
    expect(decide([...calm.map((one) => one / 0.9), 0.2]).verdict).toBe('no-difference')
    // Of eleven nothing is cut off.
    const { verdict: _, ...interval } = decide([...calm.slice(1), 5])
    expect(interval).toEqual(ratioOver([...calm.slice(1), 5], 99))
  })

  // What is promised: of two hundred comparisons of a program with itself at most three are wrong. That is held in 98 of 100 such series, whatever
  // the noise is like: its spread from comparison to comparison, wild pairs, processes in one of two states.
  const noises: readonly [string, (given: Noise) => number][] = [
    ['normal', ({ normal, spread }) => spread * normal()],
    ['with wild pairs', ({ normal, random, spread }) => spread * normal() * (random() < 0.1 ? 10 : 1)],
    ['of two states', ({ normal, random }) => 0.005 * normal() + (random() < 0.3 ? 0.4 : 0) - (random() < 0.3 ? 0.4 : 0)],
    ['skewed to one side for both', ({ random, spread }) => spread * (Math.log(random()) - Math.log(random()))],
  ]
  test.each(noises)('says no difference where there is none: noise %s', (_, noise) => {
    const { random, normal } = generator(7)
    let tooMany = 0
    for (let series = 0; series < 100; series++) {
      let wrong = 0
      for (let k = 0; k < 200; k++) {
        const spread = 0.002 + 0.2 * random() ** 2
        const ratios = Array.from({ length: k % 2 === 0 ? 8 : 5 }, () => Math.exp(noise({ random, normal, spread })))
        if (decide(ratios).verdict !== 'no-difference') wrong++
      }
      if (wrong > 3) tooMany++
    }
    expect(tooMany).toBeLessThanOrEqual(2)
  })

  test('finds a difference of 5 % under noise of 1 %, nineteen times of twenty', () => {
    const { normal } = generator(3)
    const found = Array.from({ length: 200 }, () => decide(Array.from({ length: 8 }, () => 1.05 * Math.exp(0.01 * normal()))))
    expect(found.filter(({ verdict }) => verdict === 'slower').length).toBeGreaterThanOrEqual(190)
  })
})

describe('ratioOverRounds', () => {
  test('trims a round that others disturbed', () => {
    const calm = [0.78, 0.79, 0.8, 0.8, 0.81, 0.82]
    const wild = [...calm.slice(1), 5]
    expect(ratioOver(wild).ratioHigh).toBeGreaterThan(1)
    // One cut off at either end: 0.79 to 0.82 are left to mean 0.805, and ln 0.82 - ln 0.8 = 0.025 is the most that any lies from 0.8.
    expect(ratioOverRounds(wild).ratioHigh).toBeLessThan(0.85)
    expect(ratioOverRounds(wild).ratioLow).toBeGreaterThan(0.76)
    expect(ratioOverRounds(wild.slice(0, 5))).toEqual(ratioOver(wild.slice(0, 5)))
  })

  test('cuts off a fifth at either end', () => {
    const calm = (count: number) => Array.from({ length: count }, (_, k) => 0.8 + 0.001 * k)
    // Two of ten: both wild ones go. Of fourteen, three would be too many: the third is left.
    expect(ratioOverRounds([...calm(8), 5, 5]).ratioHigh).toBeLessThan(0.85)
    expect(ratioOverRounds([...calm(11), 5, 5, 5]).ratioHigh).toBeGreaterThan(1)
  })

  test('trims to the interval of Yuen', () => {
    // Logarithms -1 to 4 without the ends: 0, 1, 2, 3, mean 1.5; moved to the cuts 0, 0, 1, 2, 3, 3: squares about 1.5 are 9.5.
    const { ratio, ratioLow, ratioHigh } = ratioOverRounds([-1, 0, 1, 2, 3, 4].map(Math.exp))
    // t of 3 degrees of freedom is 3.182, times the root of 9.5 / (4 * 3) is 2.831.
    expect([ratioLow, ratioHigh].map((end) => Math.log(end))).toEqual([expect.closeTo(-1.331, 2), expect.closeTo(4.331, 2)])
    expect(ratio).toBeCloseTo((Math.E + Math.E ** 2) / 2)
  })
})

interface Noise {
  readonly random: () => number
  readonly normal: () => number
  /** Of this comparison's pairs. */
  readonly spread: number
}

/** Park and Miller's numbers, and normal ones of them by Box and Muller. */
function generator(seed: number): Pick<Noise, 'random' | 'normal'> {
  let state = seed
  const random = () => {
    state = (state * 48271) % 2147483647
    return state / 2147483647
  }
  return { random, normal: () => Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random()) }
}
