import { type Script, scriptedGenerator } from '@whyslow/generation/support/scripted-generator.ts'
import { describe, expect, test } from 'vitest'
import type { CallClocks } from './calls.ts'
import { measureProcess } from './process.ts'
import { threadsIn } from './summarize.ts'
import type { MeasurePlan } from './types.ts'

const PLAN: MeasurePlan = {
  prompts: null,
  promptTokens: 100,
  newTokens: 11,
  vocabulary: null,
  leastCalls: 2,
  mostCalls: 2,
  callsMs: 0,
  depths: [],
  several: [],
  rounds: 3,
  fillMs: 1e9,
  processMs: null,
  naturalStop: false,
  seed: 0,
}

async function measured(script: Script, plan: Partial<MeasurePlan> = {}, garbageMs: CallClocks['garbageMs'] = async () => 0) {
  const scripted = scriptedGenerator(script)
  const process = await measureProcess(scripted.open, { ...PLAN, ...plan }, { now: scripted.now, garbageMs })
  return { process, requests: scripted.requests, starts: scripted.starts, left: scripted.openSequences() }
}

describe('calls', () => {
  test('are over before the curves begin', async () => {
    const scripted = scriptedGenerator({})
    const plan = { ...PLAN, depths: [0, 100], several: [1, 2], naturalStop: true }
    const made: number[] = []
    const { now } = scripted
    const callsMade = () => void made.push(scripted.requests.length, now())
    await measureProcess(scripted.open, plan, { now, garbageMs: async () => 0, callsMade })
    // The first call, two warm ones and the one that ends by itself.
    expect(made).toEqual([4, expect.any(Number)])
    expect(made[1]).toBeLessThan(now())
  })

  test('opening, the first call apart, and the time of a token without the first', async () => {
    const { process, requests } = await measured({ coldMs: 700 })
    expect(process.openMs).toBe(500)
    // 10 ms and 99 tokens more of 1 ms each; a token at depth 101…110 takes 10 + 1.055 ms on average.
    expect(process.cold.firstMs).toBeCloseTo(809)
    expect(process.calls.map(({ firstMs }) => firstMs)).toEqual([expect.closeTo(109), expect.closeTo(109)])
    expect(process.calls[0]!.perTokenMs).toBeCloseTo(11.055)
    expect(process.calls[0]!.gapsMs).toHaveLength(10)
    expect(requests.every(({ newTokens, ignoreEnd }) => newTokens === 11 && ignoreEnd)).toBe(true)
  })

  test('of a slow generator fewer tokens, a shorter natural stop and each depth once; the first call is short always', async () => {
    const slow = await measured({ fixedMs: 1000, endsAfter: 1000 }, { newTokens: 64, naturalStop: true, depths: [0, 50] })
    expect(slow.requests.map(({ newTokens }) => newTokens)).toEqual([16, 9, 9, 36])
    // A first token may be slow once, and its prompt long.
    const quick = await measured({ fixedMs: 10, coldMs: 20_000, perMoreMs: 120 }, { newTokens: 64, depths: [0] })
    expect(quick.requests.map(({ newTokens }) => newTokens)).toEqual([16, 64, 64])
    expect(quick.process.depths[0]!.samplesMs).toHaveLength(3 * slow.process.depths[0]!.samplesMs.length)
  })

  test('a process of limited time: fewer tokens in a call, and no parts once it is over', async () => {
    const parts = { newTokens: 64, naturalStop: true, depths: [0, 50], several: [1, 4] }
    const { process, requests } = await measured({ fixedMs: 1000, endsAfter: 1000 }, { ...parts, processMs: 30_000 })
    // A quarter of it for the tokens of a call, but no fewer than 8. The first call takes 16 s, and two of 8 tokens as long.
    expect(requests.map(({ newTokens }) => newTokens)).toEqual([16, 8, 8])
    expect(process).toMatchObject({ natural: null, prefill: null, depths: [], several: [] })
    expect(process.reasons).toMatchObject({ naturalStop: /--quick/, depthLine: /--quick/, severalTokens: /--quick/ })
    expect(process.tookMs).toBeCloseTo(500 + 16 * 1001.075 + 99 + 2 * (8 * 1001.03 + 99), -2)
    const fits = await measured({ fixedMs: 100 }, { ...parts, processMs: 30_000 })
    expect(fits.requests.map(({ newTokens }) => newTokens)).toEqual([16, 64, 64, 256])
    expect(fits.process.depths).toHaveLength(2)
  })

  test('tokens that are drafted: one more call for which none are, and no such call without', async () => {
    const scripted = scriptedGenerator({})
    const open = async () => {
      const generator = await scripted.open()
      const generate: typeof generator.generate = async (request, onToken) => ({
        ...(await generator.generate(request, onToken)),
        ...(request.drafts === false ? {} : { drafted: { tokens: 8, accepted: 2 } }),
      })
      return { ...generator, generate }
    }
    const process = await measureProcess(open, PLAN, { now: scripted.now, garbageMs: async () => 0 })
    expect(process.calls[0]!.drafted).toEqual({ tokens: 8, accepted: 2 })
    expect(process.undrafted!.map(({ drafted, newTokens }) => [drafted, newTokens])).toEqual([[undefined, 11]])
    expect(scripted.requests.map(({ drafts }) => drafts)).toEqual([undefined, undefined, undefined, false])
    expect((await measured({})).process).not.toHaveProperty('undrafted')
  })

  test('threads that the engine says', async () => {
    const scripted = scriptedGenerator({})
    const open = async () => ({ ...(await scripted.open()), threads: 4 })
    const process = await measureProcess(open, PLAN, { now: scripted.now, garbageMs: async () => 0 })
    expect([process.threads, threadsIn([process], { threads: null }), threadsIn([process], { threads: 2 })]).toEqual([4, 4, 2])
    expect(threadsIn([(await measured({})).process], { threads: null })).toBeNull()
  })

  test('no prompt comes twice, in one process or in two', async () => {
    const all = [await measured({}), await measured({}, { seed: 1000 })].flatMap(({ requests }) => requests)
    const prompts = all.map(({ prompt }) => JSON.stringify(prompt))
    expect(new Set(prompts).size).toBe(6)
    expect(all.every(({ prompt }) => prompt.length === 100 && !(prompt as number[]).includes(7))).toBe(true)
  })

  test('four tokens a chunk: time is by tokens, not by chunks', async () => {
    const { process } = await measured({ bundle: 4, perDepthMs: 0, hasSteps: false }, { newTokens: 128 })
    expect(process.calls[0]!.newTokens).toBe(128)
    expect(process.calls[0]!.perTokenMs).toBeCloseTo(10)
    // The gaps are those of chunks.
    expect(process.calls[0]!.gapsMs[0]).toBeCloseTo(40)
  })

  test('chunks of an unknown number of tokens have no time per token, and the reason is told', async () => {
    const { process } = await measured(
      { bundle: 4, counts: false, hasSteps: false },
      { newTokens: 32, depths: [32], naturalStop: true },
    )
    expect(process.calls[0]).toMatchObject({ newTokens: null, perTokenMs: null, gapsAre: 'chunks' })
    expect(process).toMatchObject({ depths: [], natural: null })
    const unknown = /^the server does not say how many tokens a chunk holds; .*usage/
    for (const part of ['timePerToken', 'depthLine', 'naturalStop']) expect(process.reasons[part]).toMatch(unknown)
  })

  test('a hiccup is in the gaps, and hardly in the time of a token', async () => {
    const { process } = await measured({ jitterMs: (token) => (token === 5 ? 90 : 0), perDepthMs: 0 })
    expect(Math.max(...process.calls[0]!.gapsMs)).toBeCloseTo(100)
    expect(process.calls[0]!.perTokenMs).toBeCloseTo(19)
  })

  test('a call that ends by itself may be longer than the others', async () => {
    const { process, requests } = await measured({ endsAfter: 30 }, { naturalStop: true })
    expect(process.natural).toMatchObject({ tokens: 30 })
    expect(requests.at(-1)).toMatchObject({ ignoreEnd: false, newTokens: 44 })
  })

  test('tokenization before the call is part of the first token', async () => {
    const { process } = await measured({ encodeMs: 5 }, { prompts: ['one two three', 'four five'] })
    expect(process.calls[0]).toMatchObject({ promptTokens: 2, tokenizeMs: 5, firstMs: expect.closeTo(10 + 1 + 5) })
    expect(process.calls[0]!.ids).toHaveLength(2 + 11)
  })

  test('a prompt that nobody can tokenize is refused in a sentence', async () => {
    await expect(measured({}, { prompts: ['one'] })).rejects.toThrow('the model has no tokenizer')
  })

  test('an engine that takes texts alone gets texts, whatever vocabulary it says', async () => {
    const texts = { takesTexts: true, takesIds: false, hasSteps: false } as const
    const madeUp = await measured(texts)
    expect(madeUp.process.vocabulary).toBe(100)
    expect(madeUp.requests.map(({ prompt }) => (prompt as string).split(' ').length)).toEqual([100, 100, 100])
    const users = await measured(texts, { prompts: ['one two'] })
    expect(users.requests.map(({ prompt }) => prompt)).toEqual(['one two', 'one two', 'one two'])
    // A server that takes both is handed the user's text as it is.
    const both = await measured({ ...texts, takesIds: true }, { prompts: ['one two'] })
    expect(both.requests[0]!.prompt).toBe('one two')
  })

  test('garbage is counted by call', async () => {
    // As if a third of the time went into it.
    const { process } = await measured({}, {}, async (fromMs, toMs) => (toMs - fromMs) / 3)
    const { firstMs, totalMs } = process.calls[0]!
    expect(process.calls[0]!.firstGarbageMs).toBeCloseTo(firstMs / 3)
    expect(process.calls[0]!.garbageMs).toBeCloseTo((totalMs - firstMs) / 3)
  })

  test('calls go on until their time is over', async () => {
    // A call takes 109 + 10 × 11.055 ms.
    const { process } = await measured({}, { callsMs: 700, mostCalls: 10 })
    expect(process.calls).toHaveLength(4)
  })
})

describe('steps at a depth', () => {
  test('the planted slope, and the depth in the middle of the timed steps', async () => {
    const { process, left } = await measured({}, { depths: [0, 500, 2000] })
    expect(process.depths.map(({ depth }) => depth)).toEqual([2, 500, 2000])
    expect(process.depths.map(({ samplesMs }) => samplesMs.length)).toEqual([9, 9, 9])
    for (const { depth, samplesMs } of process.depths) {
      const mean = samplesMs.reduce((a, b) => a + b) / samplesMs.length
      expect(mean).toBeCloseTo(10 + depth * 0.01)
    }
    expect(left).toBe(0)
  })

  test('an engine with one sequence measures what it can hold, and says why', async () => {
    const { process, left } = await measured({ sequences: 1 }, { depths: [0, 500] })
    expect(process.depths).toHaveLength(1)
    expect(process.reasons.depthLine).toContain('no more sequences')
    expect(left).toBe(0)
  })

  test('an engine that holds a single sequence passes all depths in each round', async () => {
    const { process, left } = await measured({ sequences: 1, said: 1 }, { depths: [0, 500, 2000] })
    expect(process.depths.map(({ depth, samplesMs }) => [depth, samplesMs.length])).toEqual([
      [2, 9],
      [500, 9],
      [2000, 9],
    ])
    expect(process.depths[2]!.samplesMs[1]).toBeCloseTo(30)
    expect(left).toBe(0)
  })

  test('a context that would take too long to fill is left out', async () => {
    // 498 tokens: 10 + 497 ms.
    const { process } = await measured({}, { depths: [0, 500, 4000], fillMs: 3000 })
    expect(process.depths.map(({ depth }) => depth)).toEqual([2, 500])
    expect(process.reasons.depthLine).toBe('a context of 4000 tokens would take too long to fill')
  })

  test("depths beyond the model's context are left out", async () => {
    const { process } = await measured({ context: 600 }, { depths: [0, 500, 2000] })
    expect(process.depths).toHaveLength(2)
    expect(process.reasons.depthLine).toBe("the model's context has 600 tokens")
  })

  test('the curve of several tokens, all at one depth', async () => {
    const { process } = await measured({}, { several: [1, 4, 16] })
    expect(process.several.map(({ tokens, depth }) => [tokens, depth])).toEqual([
      [1, 100],
      [4, 100],
      [16, 100],
    ])
    expect(process.several.map(({ samplesMs }) => samplesMs[0])).toEqual([11, 14, 26].map((ms) => expect.closeTo(ms)))
  })
})

describe('what fails after the calls costs itself alone', () => {
  const failsAt = (at: number): Script => ({ fails: (request) => request === at && 'the server answers 500' })

  test('the natural stop', async () => {
    const { process } = await measured(failsAt(3), { naturalStop: true, depths: [0, 500], several: [1, 4] })
    expect(process).toMatchObject({ natural: null, reasons: { naturalStop: 'the server answers 500' } })
    expect([process.calls.length, process.depths.length, process.several.length]).toEqual([2, 2, 2])
  })

  test('whole calls at a depth: those before it are kept', async () => {
    const { process } = await measured({ ...failsAt(6), hasSteps: false }, { depths: [32, 256], rounds: 2 })
    expect(process.depths.map(({ samplesMs }) => samplesMs.length)).toEqual([2, 1])
    expect(process.reasons.depthLine).toBe('the server answers 500')
  })

  test('each curve of steps', async () => {
    const { process, left } = await measured({ feedsMost: 50 }, { depths: [0, 20], several: [1, 4] })
    expect(process).toMatchObject({ prefill: null, several: [] })
    expect(process.depths).toHaveLength(2)
    expect(process.reasons).toMatchObject({ prefill: 'no more than 50 at once', severalTokens: 'no more than 50 at once' })
    expect(left).toBe(0)
  })
})

test('the room of a text is less by its planned tokens', async () => {
  const texts = { takesTexts: true, takesIds: false, hasSteps: false, context: 120 } as const
  const { requests } = await measured(texts, { naturalStop: true })
  expect(requests.at(-1)).toMatchObject({ ignoreEnd: false, newTokens: 20 })
})

test('sequences are started for the deepest step, not for the whole context', async () => {
  const { starts } = await measured({ context: 128_000 }, { depths: [0, 500], several: [1, 16] })
  expect(new Set(starts)).toEqual(new Set([508]))
})

test('without steps, calls with prompts of several lengths give the depths', async () => {
  const { process, requests } = await measured({ hasSteps: false }, { depths: [32, 256], rounds: 2, several: [1, 4] })
  expect(process.hasSteps).toBe(false)
  expect(process.several).toEqual([])
  // 24 tokens: their middle is 12 after the prompt.
  expect(process.depths.map(({ depth, samplesMs }) => [depth, samplesMs.length])).toEqual([
    [44, 2],
    [268, 2],
  ])
  expect(process.depths[1]!.samplesMs[0]).toBeCloseTo(10 + 0.01 * (256 + 12))
  expect(requests).toHaveLength(3 + 4)
})
