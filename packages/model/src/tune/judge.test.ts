// The judge on made-up machines and on scripted readings.

import type { Trial } from '@whyslow/measure/trials/port.ts'
import { describe, expect, test } from 'vitest'
import {
  changingHandoff,
  exampleBench,
  exampleSetup,
  FAST_NS,
  keyOf,
  SLOW_NS,
  type World,
} from '../../test/support/tune/example-bench.ts'
import type { RemedySetup } from '../remedies/kit/remedy.ts'
import type { Bench, Judgement, Reading } from './bench.ts'
import { type JudgePlan, judge, whyNoGain } from './judge.ts'

const base = exampleSetup()
const candidate = exampleSetup('a')
const GROWTH: JudgePlan = { looks: [3, 4, 5, 6, 7, 8], deadlineMs: null, stopEarly: true, level: 99 }
const PROOF: JudgePlan = { ...GROWTH, looks: [6], stopEarly: false, level: 95 }

type Scripted = Partial<Reading> & { readonly score: number }
const reading = (given: Scripted): Reading => ({
  p50Ms: given.score,
  peakBytes: null,
  handoffNs: null,
  disturbedShare: 0,
  ...given,
})

/** Gives each side's readings in turn, the last one again and again, and remembers who was asked. */
function scripted(bases: readonly Scripted[], candidates: readonly Scripted[], readingMs = 1) {
  const asked: string[] = []
  let now = 0
  const measure = async (setup: RemedySetup): Promise<Trial<Reading>> => {
    const side = setup === base ? 'b' : 'c'
    const turn = asked.filter((one) => one === side).length
    asked.push(side)
    now += readingMs
    const own = side === 'b' ? bases : candidates
    return { outcome: 'measured', value: reading(own[Math.min(turn, own.length - 1)]!) }
  }
  return { bench: { ...exampleBench(quiet()), measure, nowMs: () => now } as Bench, asked }
}

const quiet = (rest: Partial<World> = {}): World => ({ seed: 1, timeMs: () => 10, noise: 0, ...rest })

async function judged(bench: Bench, plan = GROWTH): Promise<Judgement> {
  const trial = await judge(bench, base, candidate, plan)
  if (trial.outcome !== 'measured') throw new Error(trial.outcome)
  return trial.value
}

test.each([
  // Half of the readings of either side are of new arrays, which take 14 where kept ones take 10.
  ['base', { score: 12, byArrays: { kept: 10, anew: 14 } }, { score: 11 }, 'slower', 10 / 11],
  ['candidate', { score: 11 }, { score: 12, byArrays: { kept: 10, anew: 14 } }, 'faster', 1.1],
] as const)('of a side that alone tells arrays apart, kept ones count: the %s', async (_, own, other, verdict, speedup) => {
  const found = await judged(scripted([own], [other]).bench, PROOF)
  expect(found.verdict).toBe(verdict)
  expect(found.speedup).toBeCloseTo(speedup)
  expect(found.beforeMs! / found.afterMs!).toBeCloseTo(speedup)
})

/** Share of seeds for which `holds`. */
async function shareOf(seeds: number, world: (seed: number) => World, holds: (one: Judgement) => boolean, plan = GROWTH) {
  let count = 0
  for (let seed = 1; seed <= seeds; seed++) if (holds(await judged(exampleBench(world(seed)), plan))) count++
  return count / seeds
}

const isFaster = ({ verdict }: Judgement): boolean => verdict === 'faster'

describe('a clear answer', () => {
  test('ends after three pairs, which alternate', async () => {
    // Ratios 0.8, 0.81, 0.8: their logarithms' mean is -0.219 and their deviation 0.0072, and e^(-0.219 + 9.925 * 0.0072 / sqrt(3)) is 0.84.
    const { bench, asked } = scripted([{ score: 10 }], [{ score: 8 }, { score: 8.1 }, { score: 8 }])
    expect(await judged(bench)).toMatchObject({
      verdict: 'faster',
      pairs: 3,
      before: 10,
      after: 8,
      speedup: 1.25,
      reason: null,
    })
    expect(asked.join('')).toBe('bccbbc')
  })

  test('ends after two pairs where no reading of one side is near one of the other, with the range as interval', async () => {
    // 6.9 is below 0.7 times 10, 7.1 is not; one pair alone settles nothing.
    const apart = scripted([{ score: 10 }, { score: 12 }], [{ score: 5 }, { score: 6.9 }])
    expect(await judged(apart.bench)).toMatchObject({ verdict: 'faster', pairs: 2, speedupHigh: 2, after: 5.95 })
    const near = scripted([{ score: 10 }, { score: 12 }], [{ score: 5 }, { score: 7.1 }, { score: 6 }])
    expect((await judged(near.bench)).pairs).toBeGreaterThan(2)
  })

  test('is no after two pairs without a gain worth having, which is 2 %', async () => {
    const { bench, asked } = scripted([{ score: 10 }], [{ score: 9.85 }])
    expect(await judged(bench)).toMatchObject({ verdict: 'no-difference', pairs: 2, reason: null })
    expect(asked).toHaveLength(4)
    expect(await judged(scripted([{ score: 10 }], [{ score: 9.75 }]).bench)).toMatchObject({ verdict: 'faster', pairs: 3 })
  })

  test('is no after four pairs whose mean shows none, whatever single ones say', async () => {
    const { bench } = scripted([{ score: 10 }], [{ score: 9 }, { score: 11 }, { score: 9 }, { score: 11.2 }])
    expect(await judged(bench)).toMatchObject({ verdict: 'no-difference', pairs: 4, reason: null })
    // The median of three is 1.1 already.
    const early = scripted([{ score: 10 }], [{ score: 9 }, { score: 11 }, { score: 11 }, { score: 9 }])
    expect((await judged(early.bench)).pairs).toBe(4)
  })

  test('is waited for up to the most pairs, and never stops early in the last proof', async () => {
    const turns = [6, 11, 6, 11, 6, 11, 6, 11].map((score) => ({ score }))
    const { bench } = scripted([{ score: 10 }], turns)
    expect(await judged(bench)).toMatchObject({ verdict: 'no-difference', pairs: 8, reason: null })
    const clear = scripted([{ score: 10 }], [{ score: 5 }])
    expect(await judged(clear.bench, PROOF)).toMatchObject({ verdict: 'faster', pairs: 6 })
    expect(clear.asked.join('')).toBe('bccbbccbbccb')
  })
})

test('a gain that may be below one percent is none, however sure it is', async () => {
  // Ln of the ratios: mean -0.0215, sd 0.0175, so that the interval ends at e^(-0.0215 + 2.571 * 0.0175 / sqrt(6)) = 0.9969.
  const turns = [9.55, 9.65, 9.78, 9.8, 9.95, 10].map((score) => ({ score }))
  const judgement = await judged(scripted([{ score: 10 }], turns).bench, PROOF)
  expect(judgement).toMatchObject({ verdict: 'no-difference', pairs: 6, reason: null, speedupLow: expect.closeTo(1 / 0.9969, 4) })
  expect(whyNoGain(judgement)).toBe('its gain may be below 1 %, which is not worth a change')
  expect(whyNoGain({ ...judgement, speedupLow: 0.99 })).toBe('no clear gain in 6 pairs')
})

test('a gain that is 1 % at least, however sure it is, and no less', async () => {
  expect((await judged(scripted([{ score: 10 }], [{ score: 9.88 }]).bench, PROOF)).verdict).toBe('faster')
  expect((await judged(scripted([{ score: 10 }], [{ score: 9.92 }]).bench, PROOF)).verdict).toBe('no-difference')
})

describe('the deadline', () => {
  test('no pair starts after it, and a gain needs the least number of pairs', async () => {
    // Pairs end at 20, 40, 60: the third does not start.
    const { bench, asked } = scripted([{ score: 10 }], [{ score: 8 }], 10)
    expect(await judged(bench, { ...GROWTH, deadlineMs: 39 })).toMatchObject({
      verdict: 'no-difference',
      pairs: 2,
      reason: 'no clear gain in 2 pairs, and the budget ended',
    })
    expect(asked).toHaveLength(4)
  })

  test('a pair that would have to be repeated after it counts', async () => {
    const { bench } = scripted([{ score: 10, handoffNs: FAST_NS }], [{ score: 5, handoffNs: SLOW_NS }], 10)
    expect(await judged(bench, { ...GROWTH, deadlineMs: 5 })).toMatchObject({ verdict: 'no-difference', pairs: 1 })
  })
})

describe('states of the machine', () => {
  test('a pair that spans a change is repeated in its own order, twice at most', async () => {
    const fast = { score: 10, handoffNs: FAST_NS }
    const slow = { score: 16, handoffNs: SLOW_NS }
    // The first pair is fast and slow, its repetition fast and fast.
    const { bench, asked } = scripted([fast], [slow, { score: 8, handoffNs: FAST_NS }])
    expect(await judged(bench)).toMatchObject({ verdict: 'faster', pairs: 3, after: 8 })
    expect(asked.join('')).toBe('bcbccbbc')
    const always = scripted([fast], [slow])
    expect((await judged(always.bench, PROOF)).pairs).toBe(6)
    expect(always.asked).toHaveLength(16)
  })

  test('who wins in the fast one and loses in the slow one is not faster, whatever the whole says', async () => {
    // Five fast pairs at 0.7 and a slow one at 1.05: ln -0.357 five times and 0.049, mean -0.289, sd 0.166, so that the 95 % interval
    // ends at e^(-0.289 + 2.571 * 0.166 / sqrt(6)) = 0.89. Two more slow ones, which are asked for, do not move it.
    const bases = [0, 0, 0, 0, 0, 1].map((isSlow) => ({ score: 10, handoffNs: isSlow ? SLOW_NS : FAST_NS }))
    const { bench } = scripted(
      bases,
      bases.map((one) => ({ ...one, score: one.handoffNs === SLOW_NS ? 10.5 : 7 })),
    )
    const judgement = await judged(bench, PROOF)
    expect(judgement.speedupLow).toBeGreaterThan(1)
    expect(judgement).toMatchObject({
      verdict: 'no-difference',
      reason: 'it takes 1.05 times as long while handoffs between threads are slow',
    })
  })

  test('one pair in a state refuses in the last proof alone; two do in the search, too', async () => {
    // Ratios 0.7 but for the pairs in the slow state, at 1.05.
    const world = (slow: readonly number[]) => {
      const bases = Array.from({ length: 12 }, (_, k) => ({ score: 10, handoffNs: slow.includes(k) ? SLOW_NS : FAST_NS }))
      const turns = bases.map((one, k) => ({ ...one, score: slow.includes(k) ? 10.5 : 7.1 + (k % 2) / 10 }))
      return scripted(bases, turns).bench
    }
    const whole: JudgePlan = { ...GROWTH, looks: [3, 4, 5, 6, 7, 8, 12] }
    expect(await judged(world([2]), whole)).toMatchObject({ verdict: 'faster', reason: null })
    expect(await judged(world([1, 2]), whole)).toMatchObject({
      reason: expect.stringMatching(/while handoffs between threads are slow/),
    })
    // Of that state no other comes in six more.
    expect(await judged(world([2]), PROOF)).toMatchObject({
      pairs: 12,
      reason: expect.stringMatching(/while handoffs between threads are slow/),
    })
  })

  test('one such pair in the last proof asks for more of its state, which may settle it either way', async () => {
    // The first pair is slow, and again those from the seventh on.
    const world = (slowRatios: readonly number[]) => {
      const isSlow = (k: number) => k === 0 || k > 5
      const pairs = Array.from({ length: 12 }, (_, k) => k)
      const bases = pairs.map((k) => ({ score: 10, handoffNs: isSlow(k) ? SLOW_NS : FAST_NS }))
      const ratio = (k: number) => (isSlow(k) ? (slowRatios[k === 0 ? 0 : k - 5] ?? 0.7) : 0.71 + (k % 2) / 100)
      return scripted(
        bases,
        pairs.map((k) => ({ score: 10 * ratio(k), handoffNs: isSlow(k) ? SLOW_NS : FAST_NS })),
      ).bench
    }
    // Three of that state decide, whatever the first two say.
    expect(await judged(world([1.05, 0.94, 0.9]), PROOF)).toMatchObject({ verdict: 'faster', pairs: 8, reason: null })
    expect(await judged(world([1.05, 0.94, 1.05]), PROOF)).toMatchObject({ verdict: 'no-difference', pairs: 8 })
    expect(await judged(world([1.05, 1.06, 1.04, 0.7, 0.7, 0.7, 0.7]), PROOF)).toMatchObject({
      verdict: 'no-difference',
      pairs: 8,
      reason: 'it takes 1.05 times as long while handoffs between threads are slow',
    })
  })

  test('a pair that spans a change speaks for neither state', async () => {
    // Two pairs are repeated, five are slow on both sides (9.9 / 16), and the last one spans a change: 11.2 / 10, in neither state.
    const bases = [FAST_NS, FAST_NS, SLOW_NS, SLOW_NS, SLOW_NS, SLOW_NS, SLOW_NS, FAST_NS].map((handoffNs) => ({
      score: handoffNs === SLOW_NS ? 16 : 10,
      handoffNs,
    }))
    const slow = [11, 11, 9.9, 9.9, 9.9, 9.9, 9.9, 11.2].map((score) => ({ score, handoffNs: SLOW_NS }))
    const { bench } = scripted(bases, slow)
    expect(await judged(bench, PROOF)).toMatchObject({ verdict: 'faster', pairs: 6, reason: null })
  })
})

describe('chance', () => {
  const many: JudgePlan = { ...GROWTH, looks: [3, 4, 5, 6, 7, 8, 12] }

  test('one wild process among many hides no gain', async () => {
    // Eleven ratios around 0.8 and one of 1.6: Student's t over all of them reaches past 1. Without the two outermost on either side eight
    // are left, 0.78 to 0.82, and their interval ends at 0.831.
    const turns = [8, 16, 8.4, 7.6, 8, 8.2, 7.9, 8.1, 8, 8.3, 7.7, 8]
    const { bench } = scripted(
      [{ score: 10 }],
      turns.map((score) => ({ score })),
    )
    expect(await judged(bench, many)).toMatchObject({
      verdict: 'faster',
      pairs: 12,
      speedup: 1.25,
      speedupLow: expect.closeTo(1 / 0.831, 3),
    })
  })

  test('one among eleven does: of so few none is cut off', async () => {
    // Ln: mean -0.155 and sd 0.220, so that Student's t ends at e^(-0.155 + 2.228 * 0.220 / sqrt(11)) = 0.992; trimmed, it would at 0.83.
    const turns = [8, 16.5, 8.4, 7.6, 8, 8.2, 7.9, 8.1, 8, 8.3, 7.7]
    const { bench } = scripted(
      [{ score: 10 }],
      turns.map((score) => ({ score })),
    )
    expect(await judged(bench, { ...PROOF, looks: [11] })).toMatchObject({
      verdict: 'no-difference',
      speedupLow: expect.closeTo(1 / 0.992, 3),
    })
  })

  test('three wild ones leave it open', async () => {
    const turns = [8, 16, 8.4, 7.6, 16, 8.2, 7.9, 8.1, 16, 8.3, 7.7, 8]
    const { bench } = scripted(
      [{ score: 10 }],
      turns.map((score) => ({ score })),
    )
    expect(await judged(bench, many)).toMatchObject({ verdict: 'no-difference', pairs: 12 })
  })

  test('between the last early look and the most pairs nothing is decided', async () => {
    // After nine pairs Student's t would call it a gain; it is asked again at twelve, when it is none any more.
    const turns = [8, 16, 8, 8, 8, 8, 8, 8, 8, 16, 16, 16]
    const { bench } = scripted(
      [{ score: 10 }],
      turns.map((score) => ({ score })),
    )
    expect(await judged(bench, many)).toMatchObject({ verdict: 'no-difference', pairs: 12 })
  })

  test('a pair that others disturbed is repeated, three times at most', async () => {
    const disturbed = { score: 16, disturbedShare: 0.3 }
    const once = scripted([{ score: 10 }], [disturbed, { score: 8 }])
    expect(await judged(once.bench)).toMatchObject({ verdict: 'faster', pairs: 3, speedup: 1.25 })
    expect(once.asked.join('')).toBe('bcbccbbc')
    const always = scripted([{ score: 10 }], [{ ...disturbed, score: 8 }])
    expect((await judged(always.bench, PROOF)).pairs).toBe(6)
    expect(always.asked).toHaveLength(18)
  })

  test.each([
    [0.096, 12],
    [0.104, 18],
  ])('of a reading that others took %d of, %d are asked for', async (disturbedShare, readings) => {
    const { bench, asked } = scripted([{ score: 10 }], [{ score: 8, disturbedShare }])
    await judged(bench, PROOF)
    expect(asked).toHaveLength(readings)
  })

  test('a candidate whose best process is slower than the best without it is not faster', async () => {
    // By chance the base drew five slow processes of six; its good ones are faster than any of the candidate's.
    const bases = [13, 13, 10, 13, 13, 13].map((score) => ({ score }))
    const { bench } = scripted(bases, [{ score: 10.3 }])
    const judgement = await judged(bench, PROOF)
    expect(judgement.speedupLow).toBeGreaterThan(1)
    expect(judgement).toMatchObject({
      verdict: 'no-difference',
      reason: 'its best process takes 1.03 times as long as the best one without it',
    })
    // One percent is no difference.
    expect((await judged(scripted(bases, [{ score: 10.06 }]).bench, PROOF)).verdict).toBe('faster')
    expect((await judged(scripted(bases, [{ score: 10.14 }]).bench, PROOF)).verdict).toBe('no-difference')
  })
})

describe('sides that cannot be measured', () => {
  test.each([
    ['a crash of the candidate', 'a'],
    ['a crash of the base', ''],
  ])('%s is the answer', async (_, bad) => {
    const bench = exampleBench(quiet({ fails: (has) => (bad === '' ? !has('a') : has('a')) }))
    expect(await judge(bench, base, candidate, GROWTH)).toMatchObject({ outcome: 'crashed' })
  })
})

describe('noise', () => {
  const noisy = (ratio: number, noise: number) => (seed: number) =>
    quiet({ seed, noise, timeMs: (has) => (has('a') ? 10 * ratio : 10) })

  test('finds a gain where there is none less often than the looks allow', async () => {
    // Six looks of half a percent each: 3 %; of 1000, three standard deviations more are 4.6 %.
    for (const noise of [0.02, 0.05, 0.15]) expect(await shareOf(1000, noisy(1, noise), isFaster)).toBeLessThan(0.046)
    // One look at 95 %: 2.5 % on the one side, and three standard deviations.
    expect(await shareOf(1000, noisy(1, 0.1), isFaster, PROOF)).toBeLessThan(0.04)
  })

  test('a slower one is never found faster', async () => {
    for (const noise of [0.02, 0.05, 0.1]) expect(await shareOf(1000, noisy(1.1, noise), isFaster)).toBeLessThan(0.005)
  })

  test('finds a gain of 1.3 nearly always, and of 1.1 where the machine is steady', async () => {
    expect(await shareOf(300, noisy(1 / 1.3, 0.05), isFaster)).toBeGreaterThan(0.98)
    expect(await shareOf(300, noisy(1 / 1.3, 0.1), isFaster)).toBeGreaterThan(0.85)
    expect(await shareOf(300, noisy(1 / 1.1, 0.02), isFaster)).toBeGreaterThan(0.95)
  })

  test('its interval holds the true speed-up', async () => {
    const holds = ({ speedupLow, speedupHigh }: Judgement) => speedupLow <= 1.5 && speedupHigh >= 1.5
    // 95 %, less three standard deviations of 500.
    expect(await shareOf(500, noisy(1 / 1.5, 0.1), holds, PROOF)).toBeGreaterThan(0.92)
  })

  test('changing states neither make nor hide a gain', async () => {
    const world = (ratio: number) => (seed: number) =>
      quiet({ ...noisy(ratio, 0.05)(seed), handoffNs: changingHandoff(seed, 8000) })
    expect(await shareOf(500, world(1), isFaster)).toBeLessThan(0.03)
    expect(await shareOf(300, world(1 / 1.5), isFaster)).toBeGreaterThan(0.85)
  })
})

test('the made-up machine gives the same readings for the same seed, and others for another', async () => {
  const scores = async (seed: number) => {
    const bench = exampleBench(quiet({ seed, noise: 0.1 }))
    const one = await bench.measure(base)
    return one.outcome === 'measured' ? one.value.score : null
  }
  expect(await scores(1)).toBe(await scores(1))
  expect(await scores(1)).not.toBe(await scores(2))
  expect(keyOf(exampleSetup('b', 'a'))).toBe('a+b')
})
