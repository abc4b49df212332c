import fs from 'node:fs'
import path from 'node:path'
import { InputError } from '@whyslow/graph/input-error.ts'
import { describe, expect, test } from 'vitest'
import { scratch } from '../../../../test/support/made-folders.ts'
import { benchOf, candidate, idOf, known, measured, planWith, setupOf } from '../../test/support/scripted-search.ts'
import type { Bench } from './bench.ts'
import type { Candidate } from './candidate.ts'
import { answersInParts, search } from './search.ts'

const cleanModel = () => {
  const folder = scratch()
  fs.writeFileSync(path.join(folder, 'model.onnx'), '')
  return folder
}

describe('the search', () => {
  test('keeps what is faster and equal, each on top of what was kept', async () => {
    const { bench, timed } = benchOf({ 2: { perTokenMs: 5 }, 3: { perTokenMs: 4 }, 4: { perTokenMs: 9 } })
    const { tried, kept } = await search(planWith(bench, [candidate('two', 2), candidate('four', 4), candidate('three', 3)]))
    expect(tried.map(({ remedy, outcome }) => [remedy, outcome])).toEqual([
      ['two', 'kept'],
      // 9 against the original's 10 is faster, against 5 it is not.
      ['four', 'not faster'],
      ['three', 'kept'],
    ])
    expect(kept.map(({ id, setup }) => [id, idOf(setup)])).toEqual([
      ['two', 2],
      ['three', 3],
    ])
    expect(tried[0]!.timePerTokenRatio!.value).toBeCloseTo(0.5, 1)
    expect(tried[0]!.reason).toMatch(
      /^a token takes 0\.\d+ of the time .*; all tokens are equal \(2 prompts × 8 tokens, greedy\)$/,
    )
    // Two pairs show that four is no gain; the sides take turns.
    expect(timed.slice(0, 4)).toEqual([1, 2, 2, 1])
    // Two pairs that are half as long leave no doubt: the next is tried.
    expect(tried[0]!.reason).toMatch(/\(0\.\d+–0\.\d+ in 2 pairs\)/)
    expect(tried[0]!.timePerTokenRatio!.high).toBeLessThan(0.6)
    expect(timed.slice(4, 6)).toEqual([2, 4])
    expect(timed.filter((id) => id === 4)).toHaveLength(2)
  })

  test('the first token alone may be what gains, and must not be what loses', async () => {
    const { bench } = benchOf({ 2: { firstMs: 50 }, 3: { perTokenMs: 5, firstMs: 300 } })
    const { tried } = await search(planWith(bench, [candidate('prefix', 2), candidate('slow start', 3)]))
    expect(tried.map(({ outcome }) => outcome)).toEqual(['kept', 'not faster'])
  })

  test('what differs is refused, though it is faster: after a look at fewer tokens than the proof', async () => {
    const { bench } = benchOf({ 2: { perTokenMs: 5, differsFrom: 3 }, 3: { perTokenMs: 5, differsFrom: 8 } })
    const { tried } = await search(planWith(bench, [candidate('seen', 2), candidate('unseen', 3)]))
    expect(tried.map(({ outcome }) => outcome)).toEqual(['not equal', 'kept'])
  })

  test('what is lossy passes at near ties with perplexity within the limit; what comes after it is judged as lossy', async () => {
    const lossy = (gap: number, nats: number) =>
      benchOf({ 3: { perTokenMs: 5, differsFrom: 4, gap, nats }, 4: { perTokenMs: 4, differsFrom: 4 } }).bench
    const outcomes = async (bench: Bench) =>
      (await search(planWith(bench, [candidate('int8', 3, 'lossy'), candidate('four', 4)]))).tried.map(({ outcome }) => outcome)
    expect(await outcomes(lossy(0.1, 1005))).toEqual(['kept', 'kept'])
    expect((await outcomes(lossy(2, 1005)))[0]).toBe('not equal')
    expect((await outcomes(lossy(0.1, 1050)))[0]).toBe('not equal')
  })

  test('what is lossy is read in one pair before its tokens are judged, and in more only if they pass', async () => {
    const readings = async (gap: number) => {
      const { bench, timed } = benchOf({ 3: { perTokenMs: 9, differsFrom: 4, gap } })
      await search(planWith(bench, [candidate('int8', 3, 'lossy')]))
      return timed
    }
    expect(await readings(2)).toEqual([1, 3])
    // A tenth is no clear gain: as many pairs as a decision takes.
    expect(await readings(0.1)).toEqual([1, 3, 3, 1, 1, 3, 3, 1])
  })

  test('what is lossless answers what the lossy setup before it answers, whatever loss is allowed', async () => {
    const { bench } = benchOf({
      3: { perTokenMs: 6, differsFrom: 6 },
      4: { perTokenMs: 4, differsFrom: 2 },
      5: { perTokenMs: 4, differsFrom: 6 },
    })
    const gate = { maxLoss: 0.5, allowsOthers: true }
    const { tried } = await search(
      planWith(bench, [candidate('int8', 3, 'lossy'), candidate('strange loop', 4), candidate('loop', 5)], { gate }),
    )
    expect(tried.map(({ outcome }) => outcome)).toEqual(['kept', 'not equal', 'kept'])
    expect(tried[2]!.reason).toContain('compared with what was kept before it, all tokens are equal')
  })

  test('a graph that is rewritten behind a lossy one is judged like that, if rounding changes its tokens', async () => {
    const outcomes = async (gap: number, nats: number) => {
      const { bench } = benchOf({
        ...{ 3: { perTokenMs: 6, differsFrom: 6, gap }, 4: { perTokenMs: 4, differsFrom: 5, nats } },
        ...{ 5: { perTokenMs: 3, differsFrom: 5 }, 6: { perTokenMs: 2, differsFrom: 4 } },
      })
      const rewriting = {
        ...candidate('attention', 4),
        apply: async () => ({ setup: { ...setupOf(4), source: 'other' }, changes: [] }),
      }
      const { tried } = await search(
        planWith(bench, [candidate('int8', 3, 'lossy'), rewriting, candidate('loop', 5), candidate('other loop', 6)]),
      )
      return tried.slice(1).map(({ outcome, reason }) => [outcome, /compared.*|perplexity.*/.exec(reason)?.[0]])
    }
    const equal = 'compared with what was kept before it, all tokens are equal (2 prompts × 8 tokens, greedy)'
    expect(await outcomes(0.1, 1005)).toEqual([
      ['kept', 'perplexity rises by 0.50 %'],
      // What comes after it answers what it answers.
      ['kept', equal],
      ['not equal', 'compared with what was kept before it, 0 of 2 prompts × 8 tokens are equal token by token'],
    ])
    expect((await outcomes(0.1, 1050))[0]).toEqual(['not equal', 'perplexity rises by 5.1 %, more than the 1.0 % allowed'])
  })

  test('what is undecided has a second turn once something else was kept, and its row is that of the second', async () => {
    let times = 0
    const { bench } = benchOf({ 3: { perTokenMs: 5 } })
    const doubtful: Candidate = {
      ...candidate('doubtful', 2),
      apply: async (setup) => ({ setup: { ...setup, source: 'rewritten' }, changes: [] }),
    }
    const noisy: Bench = {
      ...bench,
      async times(setup, ...rest) {
        const read = await bench.times(setup, ...rest)
        if (setup.source !== 'rewritten' || read.outcome !== 'measured') return read
        // Behind 3 it takes half; before it, pairs disagree.
        const share = setup.options.threads === 3 ? 0.5 : [0.8, 1.2, 0.95][times++ % 3]!
        return measured({ ...read.value, perTokenMs: read.value.perTokenMs * share })
      },
    }
    const { tried, kept } = await search(planWith(noisy, [doubtful, candidate('three', 3)]))
    expect(tried.map(({ remedy, outcome }) => [remedy, outcome])).toEqual([
      ['doubtful', 'kept'],
      ['three', 'kept'],
    ])
    expect(kept.map(({ id }) => id)).toEqual(['three', 'doubtful'])
    const alone = await search(planWith(noisy, [doubtful]))
    expect(alone.tried.map(({ outcome }) => outcome)).toEqual(['not faster'])
  })

  test('a second turn that does not apply leaves the row of the first, and less careful ways have theirs after it', async () => {
    const { bench } = benchOf({ 2: { perTokenMs: 9.7 }, 3: { perTokenMs: 5 }, 4: { perTokenMs: 4 } })
    const noisy: Bench = {
      ...bench,
      async times(setup, ...rest) {
        const read = await bench.times(setup, ...rest)
        const share = setup.options.threads === 2 ? [0.8, 1.2, 0.95][times++ % 3]! : 1
        return read.outcome === 'measured' ? measured({ ...read.value, perTokenMs: read.value.perTokenMs * share }) : read
      },
    }
    let times = 0
    const once = (id: string, to: number): Candidate => ({
      ...{ ...candidate(id, to), family: 'bits' },
      apply: async (setup) =>
        setup.options.threads === 1 ? candidate(id, to).apply(setup, known) : { reason: 'the weights were changed already' },
    })
    const { tried } = await search(planWith(noisy, [once('bits-32', 2), once('bits-128', 4), candidate('three', 3)]))
    expect(tried.map(({ outcome, reason }) => [outcome, reason.slice(0, 32)])).toEqual([
      ['not faster', expect.stringMatching(/^a token takes 0\.9\d/)],
      ['does not apply', 'the weights were changed already'],
      ['kept', expect.any(String)],
    ])
  })

  test('one pair without a gain is not the last word on what is lossy, unless it takes far longer', async () => {
    const timesOf = async (share: number) => {
      const { bench, timed } = benchOf({ 3: { perTokenMs: 10 * share, firstMs: 100 * share } })
      await search(planWith(bench, [candidate('int8', 3, 'lossy')]))
      return timed.length
    }
    expect([await timesOf(1.1), await timesOf(1.3)]).toEqual([4, 2])
  })

  test('what breaks is one row, and an abort ends the search', async () => {
    const { bench } = benchOf({ 2: { perTokenMs: 5 } })
    const broken: Candidate = { ...candidate('broken', 3), apply: () => Promise.reject(new TypeError('no ids\n  at x')) }
    const { tried } = await search(planWith(bench, [broken, candidate('two', 2)]))
    expect(tried.map(({ outcome, reason }) => [outcome, reason.slice(0, 6)])).toEqual([
      ['failed', 'no ids'],
      ['kept', 'a toke'],
    ])
    const stop = new AbortController()
    const stopping: Candidate = { ...broken, apply: async () => Promise.reject(stop.abort(new Error('stopped'))) }
    await expect(search(planWith(bench, [stopping], { signal: stop.signal }))).rejects.toThrow('stopped')
  })

  test('what a metric cannot score is one row, and the search goes on', async () => {
    const { bench } = benchOf({ 2: { perTokenMs: 5 }, 3: { perTokenMs: 5 } })
    const withTexts: Bench = {
      ...bench,
      answers: async (setup, prompts, tokens) => {
        const answered = await bench.answers(setup, prompts, tokens)
        return answered.outcome === 'measured'
          ? measured(answered.value.map((answer) => ({ ...answer, text: String(idOf(setup)) })))
          : answered
      },
    }
    const score = async ([text]: readonly string[]) => {
      if (text === '3') throw new InputError('--metric score.mjs: it gave NaN, not a finite number')
      return { value: 1, lowerIsBetter: false }
    }
    const metric = { of: { name: 'score.mjs', count: 2, score }, before: { value: 1, lowerIsBetter: false } }
    const { tried } = await search(
      planWith(withTexts, [candidate('int4', 3, 'lossy'), candidate('int8', 2, 'lossy')], { metric }),
    )
    expect(tried.map(({ outcome }) => outcome)).toEqual(['failed', 'kept'])
    expect(tried[0]!.reason).toContain('it gave NaN')
  })

  test('many prompts are answered by a process for each twenty of them', async () => {
    const { bench } = benchOf({})
    const asked: number[] = []
    const counting: Pick<Bench, 'answers'> = {
      answers: (setup, prompts, tokens) => {
        asked.push(prompts.length)
        return bench.answers(setup, prompts, tokens)
      },
    }
    const answered = await answersInParts(
      counting,
      setupOf(1),
      Array.from({ length: 45 }, (_, k) => [k]),
      2,
    )
    expect(asked).toEqual([20, 20, 5])
    expect(answered.outcome === 'measured' && answered.value.map(({ prompt }) => prompt[0])).toEqual(
      Array.from({ length: 45 }, (_, k) => k),
    )
  })

  test('the files of what is not kept are removed at once', async () => {
    const { bench } = benchOf({ 2: { perTokenMs: 5 }, 3: { perTokenMs: 9 } })
    const [kept, lost] = [cleanModel(), cleanModel()]
    const writing = (one: Candidate, folder: string): Candidate => ({
      ...one,
      apply: async (...given) => ({ ...(await one.apply(...given)), folder }) as Awaited<ReturnType<Candidate['apply']>>,
    })
    await search(planWith(bench, [writing(candidate('two', 2), kept), writing(candidate('three', 3), lost)]))
    expect([kept, lost].map((folder) => fs.existsSync(folder))).toEqual([true, false])
  })

  test('of several ways the less careful ones are not tried after one that is no gain', async () => {
    const { bench } = benchOf({ 2: { perTokenMs: 9.99 }, 3: { perTokenMs: 5 } })
    const of = (one: Candidate): Candidate => ({ ...one, family: 'bits' })
    const { tried } = await search(
      planWith(bench, [of(candidate('bits-32', 2)), of(candidate('bits-128', 3)), candidate('other', 3)]),
    )
    expect(tried.map(({ outcome }) => outcome)).toEqual(['not faster', 'does not apply', 'kept'])
    expect(tried[1]!.reason).toBe('bits-32 is not faster, which is more careful')
  })

  test('what fails, does not apply or has no time left is one row with its reason', async () => {
    const { bench } = benchOf({ 2: { fails: 'ended by SIGSEGV' } })
    let left = 2
    const { tried, kept } = await search(
      planWith(bench, [candidate('crash', 2), candidate('same', 1), candidate('late', 5)], { hasTime: () => left-- > 0 }),
    )
    expect(tried.map(({ outcome, reason }) => [outcome, reason])).toEqual([
      ['failed', 'ended by SIGSEGV'],
      ['does not apply', 'it is so'],
      ['does not apply', 'the budget ended before it; give --budget for more time'],
    ])
    expect(kept).toEqual([])
  })
})
