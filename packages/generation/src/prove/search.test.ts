import fs from 'node:fs'
import path from 'node:path'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { Trial } from '@whyslow/measure/trials/port.ts'
import { describe, expect, test } from 'vitest'
import { scratch } from '../../../../test/support/made-folders.ts'
import type { LoopSetup } from '../loop/loop.ts'
import type { Answer, FedText } from './answers.ts'
import type { Bench } from './bench.ts'
import type { Candidate, Known } from './candidate.ts'
import { proveWhole } from './prove-whole.ts'
import { answersInParts, type SearchPlan, search } from './search.ts'
import { type GeneratorSetup, PLAIN_OPTIONS } from './setup.ts'

/** A setup is told by the threads of its options: what is scripted is by that number. */
const setupOf = (threads: number): GeneratorSetup => ({
  engine: 'e',
  source: 's',
  options: { ...PLAIN_OPTIONS, threads },
  loop: null,
})
const idOf = ({ options }: GeneratorSetup): number => options.threads!

interface Script {
  readonly perTokenMs?: number
  readonly firstMs?: number
  /** Ids that differ from the original's from this index on. */
  readonly differsFrom?: number
  readonly gap?: number
  readonly nats?: number
  readonly fails?: string
}

const measured = <T>(value: T): Trial<T> => ({ outcome: 'measured', value })
const PROMPTS = [
  [1, 2],
  [3, 4],
  [5, 6],
]
const ANSWERS: Answer[] = PROMPTS.map((prompt) => ({ prompt, ids: Array.from({ length: 16 }, (_, k) => k) }))

function benchOf(scripts: Readonly<Record<number, Script>>): { bench: Bench; timed: number[] } {
  const timed: number[] = []
  const of = (setup: GeneratorSetup) => scripts[idOf(setup)] ?? {}
  const bench: Bench = {
    async times(setup) {
      timed.push(idOf(setup))
      const { perTokenMs = 10, firstMs = 100, fails } = of(setup)
      if (fails !== undefined) return { outcome: 'crashed', reason: fails }
      // One process is not like the next.
      const noise = 1 + 0.01 * (timed.length % 3)
      return measured({ openMs: 1, coldFirstMs: 200, firstMs: firstMs * noise, perTokenMs: perTokenMs * noise })
    },
    async answers(setup, prompts, tokens) {
      const { differsFrom = Number.POSITIVE_INFINITY } = of(setup)
      const ids = Array.from({ length: tokens }, (_, k) => (k >= differsFrom ? 99 : k))
      return measured(prompts.map((prompt) => ({ prompt, ids })))
    },
    async rating(setup, texts: readonly FedText[]) {
      const { nats = 1000 } = of(setup)
      return measured({
        nats,
        tokens: 1000,
        gaps: texts.flatMap(({ divergence }) => (divergence === null ? [] : [of(setupOf(3)).gap ?? 0])),
      })
    },
    curve: async () => measured([]),
    encoded: async () => measured([]),
  }
  return { bench, timed }
}

const known: Known = {
  original: setupOf(1),
  answers: ANSWERS,
  texts: [[1, 2, 3]],
  curve: async () => null,
  usableCpus: 2,
  folder: () => '',
}

/** Sets the number; each candidate knows the one before it only by what it is applied to. */
const cleanModel = () => {
  const folder = scratch()
  fs.writeFileSync(path.join(folder, 'model.onnx'), '')
  return folder
}

const candidate = (id: string, to: number, effect: Candidate['effect'] = 'lossless'): Candidate => ({
  ...{ id, title: id, effect },
  apply: async (setup) => (idOf(setup) === to ? { reason: 'it is so' } : { setup: setupOf(to), changes: [`now ${to}`] }),
})

const planWith = (bench: Bench, candidates: readonly Candidate[], changes: Partial<SearchPlan> = {}): SearchPlan => ({
  bench,
  base: setupOf(1),
  reference: setupOf(1),
  candidates,
  look: { prompts: PROMPTS.slice(0, 2), tokens: 8 },
  duel: { promptsOf: () => PROMPTS, tokens: 8, most: 6, endsEarly: true },
  gate: { maxLoss: 0.01, allowsOthers: false },
  metric: null,
  known,
  hasTime: () => true,
  ...changes,
})

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

describe('the last proof', () => {
  const proof = async (scripts: Readonly<Record<number, Script>>, candidates: readonly Candidate[]) => {
    const { bench } = benchOf(scripts)
    const plan = planWith(bench, candidates)
    const { kept } = await search(plan)
    return proveWhole({ ...plan, original: ANSWERS, shipped: async (setup) => setup }, kept)
  }

  test('judges all tokens, and compares with the original', async () => {
    const found = await proof({ 2: { perTokenMs: 5 } }, [candidate('two', 2)])
    expect(found).toMatchObject({
      dropped: [],
      judged: { equality: { prompts: 3, tokensPerPrompt: 16, equal: 3 } },
      compared: { perToken: { verdict: 'faster' } },
    })
  })

  test('drops what the look did not see, and proves the rest again', async () => {
    // 3 differs after the look ends; 4 comes on top of it and is applied to 2 then.
    const found = await proof({ 2: { perTokenMs: 8 }, 3: { perTokenMs: 6, differsFrom: 12, gap: 5 }, 4: { perTokenMs: 4 } }, [
      candidate('two', 2),
      candidate('three', 3, 'lossy'),
      candidate('four', 4),
    ])
    // Judged with the tokens of 4, which are equal, and the rating: nothing to drop.
    expect(found).toMatchObject({ dropped: [], kept: [{ id: 'two' }, { id: 'three' }, { id: 'four' }] })
    const other = await proof({ 2: { perTokenMs: 8 }, 3: { perTokenMs: 6, differsFrom: 12, gap: 5 } }, [
      candidate('two', 2),
      candidate('three', 3, 'lossy'),
    ])
    expect(other).toMatchObject({ dropped: [{ id: 'three' }], kept: [{ id: 'two' }], judged: { passes: true } })
  })

  test('names what no longer applies, or breaks, without what was dropped', async () => {
    const scripts = { 2: { perTokenMs: 8, differsFrom: 12, gap: 5 }, 3: { perTokenMs: 6, differsFrom: 12, gap: 5 } }
    const needing = (id: string, to: number, why: Error): Candidate => ({
      ...candidate(id, to),
      apply: async (setup) => {
        if (idOf(setup) === 1) throw why
        return { setup: setupOf(to), changes: [] }
      },
    })
    const { bench } = benchOf({ ...scripts, 4: { ...scripts[3], perTokenMs: 4 } })
    const candidates = [
      candidate('lossy', 3, 'lossy'),
      needing('fused', 4, new InputError('nothing to fuse')),
      needing('broken', 2, new TypeError('no ids')),
    ]
    const plan = planWith(bench, candidates)
    const kept = candidates.map(({ id, effect }, at) => ({ id, effect, changes: [], setup: setupOf([3, 4, 2][at]!) }))
    expect(await proveWhole({ ...plan, original: ANSWERS, shipped: async (setup) => setup }, kept)).toMatchObject({
      kept: [],
      dropped: [
        { id: 'lossy', outcome: 'not equal' },
        { id: 'fused', outcome: 'does not apply', reason: 'nothing to fuse' },
        { id: 'broken', outcome: 'failed', reason: 'no ids' },
      ],
    })
  })

  describe('takes the plain loop of a lossy graph as the measure of its loop', () => {
    const lookup = { most: 7, least: 2 }
    /** Answers differ from those of the plain loop where a part of the loop is on. */
    const proven = async (differs: (loop: LoopSetup) => boolean) => {
      const { bench } = benchOf({ 3: { perTokenMs: 5 } })
      const answers: Bench['answers'] = async ({ loop }, prompts, tokens) =>
        measured(
          prompts.map((prompt) => ({
            prompt,
            ids: Array.from({ length: tokens }, (_, k) => (loop !== null && differs(loop) && k > 9 ? 99 : k)),
          })),
        )
      const plan = planWith({ ...bench, answers }, [candidate('int8', 3, 'lossy')], {
        gate: { maxLoss: 0.5, allowsOthers: true },
      })
      const kept = [
        { id: 'int8', effect: 'lossy' as const, changes: [], setup: setupOf(3) },
        {
          id: 'prompt-lookup',
          effect: 'lossless' as const,
          changes: [],
          setup: { ...setupOf(3), loop: { prefixCache: false, lookup } },
        },
      ]
      const found = await proveWhole({ ...plan, original: ANSWERS, shipped: async (setup) => setup }, kept)
      if (!('setup' in found)) throw new Error(found.reason)
      return found
    }

    test('and keeps all of it if nothing differs', async () => {
      const { dropped, setup } = await proven(() => false)
      expect({ dropped, loop: setup.loop }).toEqual({ dropped: [], loop: { prefixCache: true, lookup } })
    })

    test('and drops guesses that change tokens', async () => {
      const { kept, dropped, setup } = await proven((loop) => loop.lookup !== null)
      expect(kept.map(({ id }) => id)).toEqual(['int8'])
      expect(dropped).toEqual([
        { id: 'prompt-lookup', outcome: 'not equal', reason: '3 of 3 answers are not those of the plain loop' },
      ])
      expect(setup.loop).toEqual({ prefixCache: true, lookup: null })
    })

    test('and ships no memory of the call before if that changes tokens', async () => {
      const { kept, dropped, setup } = await proven((loop) => loop.prefixCache)
      expect(kept).toHaveLength(2)
      expect(dropped).toEqual([])
      expect(setup.loop).toEqual({ prefixCache: false, lookup })
    })
  })

  test('says why nothing can be shipped', async () => {
    const { bench } = benchOf({})
    const plan = { ...planWith(bench, []), original: ANSWERS }
    expect(await proveWhole({ ...plan, shipped: async () => 'the engine cannot be shipped' }, [])).toEqual({
      reason: 'the engine cannot be shipped',
    })
    const differing = benchOf({ 7: { differsFrom: 0 } })
    expect(await proveWhole({ ...plan, bench: differing.bench, shipped: async () => setupOf(7) }, [])).toMatchObject({
      reason: expect.stringContaining('0 of 3 prompts'),
    })
  })
})
