import { describe, expect, test } from 'vitest'
import { exampleBench, exampleSetup, type World } from '../../test/support/tune/example-bench.ts'
import type { Bench } from './bench.ts'
import { firstLooks, isShortlisted } from './shortlist.ts'

const world = (factors: Readonly<Record<string, number>>, rest: Partial<World> = {}): World => ({
  seed: 1,
  noise: 0,
  timeMs: (has) => Object.entries(factors).reduce((time, [id, factor]) => (has(id) ? time * factor : time), 10),
  ...rest,
})

async function looksAt(bench: Bench, ids: readonly string[], deadlineMs: number | null = null, expected = 0) {
  const base = exampleSetup()
  return firstLooks(
    bench,
    base,
    ids.map((id) => ({ setup: exampleSetup(id), expected })),
    { deadlineMs, onRead: () => {} },
  )
}

describe('a first look', () => {
  test('reads the likely ones twice, the others once, each beside the base', async () => {
    const bench = exampleBench(world({ a: 0.5, b: 1.5, c: 0.99 }))
    const [a, b, c] = await looksAt(bench, ['a', 'b', 'c'])
    expect(a!.ratios.map((ratio) => ratio.toFixed(6))).toEqual(['0.500000', '0.500000'])
    expect(b!.ratios.map((ratio) => ratio.toFixed(6))).toEqual(['1.500000'])
    // Near enough for a second look, and then not worth more.
    expect(c!.ratios).toHaveLength(2)
    expect([a, b, c].map((one) => isShortlisted(one!))).toEqual([true, false, false])
    expect(bench.seen.map(({ key }) => key)).toEqual(['', 'a', 'b', 'c', '', '', 'c', 'a', ''])
  })

  test('one disturbed reading does not leave out what much is expected of', async () => {
    // Of a tenth: 1.08 and 0.9 are near enough, 1.5 is not.
    const made = exampleBench(world({ a: 0.9, b: 1.5 }))
    let reads = 0
    const measure: Bench['measure'] = async (setup) => {
      const trial = await made.measure(setup)
      const isFirst = 'a' in setup.options.configEntries && reads++ === 0
      return trial.outcome === 'measured' && isFirst ? { ...trial, value: { ...trial.value, score: 10.8 } } : trial
    }
    const [a, b] = await looksAt({ ...made, measure }, ['a', 'b'], null, 0.1)
    expect(a!.ratios).toHaveLength(2)
    expect([a, b].map((one) => isShortlisted(one!))).toEqual([true, false])
    expect((await looksAt(exampleBench(world({ c: 1.08 })), ['c']))[0]!.ratios).toHaveLength(1)
  })

  test.each([
    ['a second round', 1.017, 0, 2],
    ['no second round', 1.023, 0, 1],
    ['a second round, since 5.1 % are expected of it', 1.09, 0.051, 2],
    ['no second round, though 5.1 % are expected of it', 1.11, 0.051, 1],
    ['no second round, since no more than 4.9 % are expected of it', 1.09, 0.049, 1],
  ])('%s: it took %d times as long in the first', async (_, ratio, expected, rounds) => {
    const [a] = await looksAt(exampleBench(world({ a: ratio })), ['a'], null, expected)
    expect(a!.ratios).toHaveLength(rounds)
  })

  test.each([
    [[1.017], 0, true],
    [[1.023], 0, false],
    [[0.982, 0.982], 0, true],
    [[0.988, 0.988], 0, false],
    [[1.09, 1.09], 0.051, true],
    [[1.11, 1.11], 0.051, false],
    [[1.09, 1.09], 0.049, false],
  ])('ratios of %j, with a gain of %d expected: judged %s', (ratios, expected, isJudged) => {
    expect(isShortlisted({ ratios, expected, failure: null })).toBe(isJudged)
  })

  test('six go into the second round: the best', async () => {
    const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
    const times = Object.fromEntries(ids.map((id, k) => [id, 0.9 - k / 100]))
    const rounds = (await looksAt(exampleBench(world(times)), ids)).map(({ ratios }) => ratios.length)
    expect(rounds).toEqual([1, 2, 2, 2, 2, 2, 2])
  })

  test('holds a reading against the base on both sides of it: a drift of the machine is no gain', async () => {
    // Each reading is 1 % slower than the one before: the fourth of a group stands 4 % behind the first base and 1 % before the second.
    const made = exampleBench(world({}))
    let turn = 0
    const measure: Bench['measure'] = async (setup) => {
      const trial = await made.measure(setup)
      return trial.outcome === 'measured' ? { ...trial, value: { ...trial.value, score: 10 * 1.01 ** turn++ } } : trial
    }
    const read = await looksAt({ ...made, measure }, ['a', 'b', 'c', 'd'])
    // Base at 1.01^0 and 1.01^5: their geometric mean is 1.01^2.5, the four stand at 1.01^(-1.5, -0.5, 0.5, 1.5).
    for (const [k, one] of read.entries()) expect(Math.log(one.ratios[0]!) / Math.log(1.01)).toBeCloseTo(k - 1.5, 6)
    expect(read.filter(isShortlisted)).toEqual([])
  })

  test('a crash is told, of the candidate and of the base', async () => {
    const bench = exampleBench(world({ a: 0.5 }, { fails: (has) => has('bad') }))
    const [bad, a] = await looksAt(bench, ['bad', 'a'])
    expect(bad).toMatchObject({ ratios: [], failure: { outcome: 'crashed' } })
    expect(isShortlisted(bad!)).toBe(false)
    expect(isShortlisted(a!)).toBe(true)
    const broken = exampleBench(world({}, { fails: (has) => !has('a') }))
    expect((await looksAt(broken, ['a']))[0]).toMatchObject({ ratios: [], failure: { outcome: 'crashed' } })
  })

  test('ends at the deadline: groups that did not begin have neither', async () => {
    const ids = Array.from({ length: 12 }, (_, k) => `r${k}`)
    // A group is four readings and a base of 500; the base before it one more: the second ends at 5500.
    const bench = exampleBench(world({}))
    const read = await looksAt(bench, ids, 4000)
    expect(read.map(({ ratios }) => ratios.length)).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0])
    expect(bench.seen).toHaveLength(11)
    const none = exampleBench(world({}))
    expect(await looksAt(none, ids, -1)).toHaveLength(12)
    expect(none.seen).toEqual([])
  })
})
