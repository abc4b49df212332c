import { type Script, scriptedGenerator } from '@whyslow/generation/support/scripted-generator.ts'
import { expect, test } from 'vitest'
import { measureProcess } from './process.ts'
import { cachedShareOf, depthLineOf, prefillRate, severalOf, speedOf } from './summarize.ts'
import type { MeasurePlan, ProcessMeasurement } from './types.ts'

const PLAN: MeasurePlan = {
  prompts: null,
  promptTokens: 100,
  newTokens: 11,
  vocabulary: null,
  leastCalls: 3,
  mostCalls: 3,
  callsMs: 0,
  depths: [0, 500, 1000, 2000],
  several: [1, 2, 4],
  rounds: 2,
  fillMs: 1e9,
  processMs: null,
  naturalStop: true,
  seed: 0,
}

async function processes(scripts: readonly Script[]): Promise<ProcessMeasurement[]> {
  const all: ProcessMeasurement[] = []
  for (const script of scripts) {
    const { open, now } = scriptedGenerator(script)
    all.push(await measureProcess(open, PLAN, { now, garbageMs: async () => 0 }))
  }
  return all
}

const alike = (count: number, script: Script = {}) => processes(Array.from({ length: count }, () => script))

test('medians over processes, with their range', async () => {
  const speed = speedOf(await processes([9, 10, 12].map((fixedMs) => ({ fixedMs, perDepthMs: 0 }))))
  expect(speed.timePerTokenMs).toEqual({ value: expect.closeTo(10), low: expect.closeTo(9), high: expect.closeTo(12) })
  expect(speed.tokensPerSecond!.value).toBeCloseTo(100)
  expect(speed.timeToFirstTokenMs.value).toBeCloseTo(109)
  // 100 tokens in 109 ms.
  expect(speed.prefillTokensPerSecond!.value).toBeCloseTo(917.43)
  expect(speed.openMs!.value).toBe(500)
  expect(speed.naturalStop!.tokens).toBe(40)
})

test('five processes that agree are trusted; three are not as much', async () => {
  expect(speedOf(await alike(5)).trust).toEqual({ grade: 'A', reasons: [] })
  expect(speedOf(await alike(3)).trust.grade).toBe('B')
})

test('jitter is in the percentiles of gaps', async () => {
  // Ten gaps of a call, one of which is 90 ms longer: the p90 is the last that is not.
  const speed = speedOf(await alike(3, { perDepthMs: 0, jitterMs: (token) => (token === 5 ? 90 : 0) }))
  expect(speed.interTokenMs).toEqual({ p50: expect.closeTo(10), p90: expect.closeTo(10), p99: expect.closeTo(100) })
})

test('the line over the context: the planted intercept and slope', async () => {
  const line = depthLineOf(await alike(3))!
  expect(line.interceptMs).toBeCloseTo(10)
  expect(line.slopeMsPerThousand).toBeCloseTo(10)
  expect(line.points.map(({ depth }) => depth)).toEqual([2, 500, 1000, 2000])
})

test('the curve of several tokens is over that of one', async () => {
  const { points } = severalOf(await alike(3, { perDepthMs: 0 }))!
  expect(points.map(({ tokens, ratio }) => [tokens, ratio])).toEqual([
    [1, expect.closeTo(1)],
    [2, expect.closeTo(1.1)],
    [4, expect.closeTo(1.3)],
  ])
})

test('without steps there is no curve of several tokens', async () => {
  expect(severalOf(await alike(2, { hasSteps: false }))).toBeNull()
})

test('tokens from a cache are counted, keep the trust low, and are no tokens of the prefill', async () => {
  const cached = (await alike(5)).map((one) => ({
    ...one,
    calls: one.calls.map((call) => ({ ...call, cachedTokens: 50 })),
  }))
  expect(cachedShareOf(cached)).toBe(0.5)
  expect(speedOf(cached).trust).toEqual({ grade: 'C', reasons: [expect.stringContaining('50 % of the prompt tokens')] })
  expect(prefillRate(cached[0]!.calls[0]!)).toBeCloseTo(458.72)
})
