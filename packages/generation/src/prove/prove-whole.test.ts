import { InputError } from '@whyslow/graph/input-error.ts'
import { describe, expect, test } from 'vitest'
import {
  ANSWERS,
  benchOf,
  candidate,
  idOf,
  measured,
  planWith,
  type Script,
  setupOf,
} from '../../test/support/scripted-search.ts'
import type { LoopSetup } from '../loop/loop.ts'
import type { Bench } from './bench.ts'
import type { Candidate } from './candidate.ts'
import { proveWhole } from './prove-whole.ts'
import { search } from './search.ts'

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
