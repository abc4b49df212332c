// What a check decides on scripted readings. Baseline 10 ms in every round, the model a given multiple of it.
import { describe, expect, test } from 'vitest'
import type { ContestantRun } from '../measure/timing/rounds.ts'
import type { LatencyBlock } from '../measure/timing/types.ts'
import { decide } from '../report/documents/check.ts'
import { checkAnswer, renderCheck } from '../report/text/verdict-text.ts'
import { check, isClear } from './check.ts'

const run = (...p50s: number[]): ContestantRun => ({
  blocks: p50s.map((p50Ms) => ({ p50Ms, handoffBeforeNs: null, handoffAfterNs: null }) as LatencyBlock),
  failure: null,
})
const base = (rounds: number) => run(...Array.from({ length: rounds }, () => 10))

describe('the decision', () => {
  test.each([
    [1.2, 1.3, 'above'],
    [0.9, 1.1, 'within'],
    [0.9, 1.05, 'within'],
    [1.05, 1.15, 'unclear'],
    [1.1, 1.2, 'unclear'],
  ] as const)('%d to %d beside 1.1 is %s', (ratioLow, ratioHigh, verdict) => {
    expect(decide({ ratioLow, ratioHigh }, 1.1)).toBe(verdict)
  })
})

describe('when it is clear', () => {
  test('steady readings end it after the least rounds, on either side', () => {
    expect(isClear([base(5), run(13, 13.1, 13, 12.9, 13)], 5, 1.1)).toBe(true)
    expect(isClear([base(5), run(10, 10.1, 10, 9.9, 10)], 5, 1.1)).toBe(true)
  })

  test('not before, not on the limit, not while they scatter', () => {
    expect(isClear([base(4), run(13, 13, 13, 13)], 5, 1.1)).toBe(false)
    expect(isClear([base(5), run(11, 11.1, 10.9, 11, 11)], 5, 1.1)).toBe(false)
    // 0.8 to 2 times.
    expect(isClear([base(5), run(8, 20, 12, 9, 16)], 5, 1.1)).toBe(false)
  })

  test('a side that failed ends it', () => {
    expect(isClear([base(1), { blocks: [null], failure: { outcome: 'crashed', reason: 'x' } }], 5, 1.1)).toBe(true)
  })
})

describe('what it says', () => {
  const side = (file: string, p50Ms: number) => ({ file, p50Ms, ciLowMs: p50Ms * 0.99, ciHighMs: p50Ms * 1.01 })
  const document = (ratio: number, verdict: 'within' | 'above' | 'unclear', paired = true) => {
    const facts = {
      schema: 'whyslow-check/1' as const,
      tool: { version: '0.0.0' },
      createdAt: '2026-01-15T09:30:00.000Z',
      verdict,
      failAbove: 1.1,
      ratio,
      ratioLow: ratio * 0.97,
      ratioHigh: ratio * 1.03,
      rounds: paired ? 6 : null,
      model: side('new/model.onnx', 10 * ratio),
      baseline: { ...side('old/model.onnx', 10), paired },
      warnings: ['a warning'],
    }
    return { ...facts, answer: checkAnswer(facts) }
  }
  const text = (...of: Parameters<typeof document>) =>
    renderCheck(document(...of), { width: 80, colour: false }).replace(/\s+/g, ' ')

  test('the ratio, its interval, and the limit', () => {
    expect(text(1.3, 'above')).toContain('new/model.onnx takes 1.30× (1.26–1.34×) the time of old/model.onnx: above 1.1×.')
    expect(text(1, 'within')).toContain('within 1.1×.')
    expect(text(1, 'within')).toContain('Warning: a warning')
  })

  test('unclear is said, with what would help', () => {
    expect(text(1.1, 'unclear')).toMatch(/unclear, since the interval holds 1\.1; nothing is failed for it\..*--rounds 30/)
  })

  test('a report is called another run', () => {
    expect(text(1, 'within', false)).toContain('the intervals of two runs')
  })
})

test('one thing to compare with, and not itself', async () => {
  await expect(check('m.onnx')).rejects.toThrow(/give --baseline base\.onnx, or --against report\.json/)
  await expect(check('m.onnx', { baseline: 'b.onnx', against: 'r.json' })).rejects.toThrow(/compares with one thing/)
  await expect(check('m.onnx', { baseline: 'm.onnx' })).rejects.toThrow(/its own baseline/)
  await expect(check('m.onnx', { against: 'not-there.json' })).rejects.toThrow(/--against not-there\.json: no such file/)
})
