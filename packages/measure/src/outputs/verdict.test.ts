import { describe, expect, it, test } from 'vitest'
import type { Results, TensorValue } from '../engines/types.ts'
import { compareOutputs } from './compare.ts'
import type { Agreement } from './types.ts'
import { type AllowedLoss, DEFAULT_LOSS_LIMITS, lossOf, verdict } from './verdict.ts'

const values = (numbers: readonly number[]): Results[] => [
  { y: { dtype: 'float32', shape: [1, 1, numbers.length], data: Float32Array.from(numbers) } },
]
const rows = (numbers: readonly number[], classes: number): Results[] => [
  { scores: { dtype: 'float32', shape: [numbers.length / classes, classes], data: Float32Array.from(numbers) } },
]
const labels = (numbers: readonly number[]): TensorValue[] => [
  { dtype: 'int32', shape: [numbers.length], data: Int32Array.from(numbers) },
]

describe('verdict', () => {
  it.each([
    // Of a scale of 100: 5e-5 is 5e-7, 5e-3 is 5e-5, 0.05 is 5e-4.
    ['equal', 0, true, true],
    ['within 1e-6', 5e-5, true, true],
    ['within 1e-4', 5e-3, false, true],
    ['beyond', 0.05, false, false],
  ])('%s', (_, off, exact, rounding) => {
    const agreement = compareOutputs(values([100, 1]), values([100, 1 + off]))
    expect(verdict(agreement, 'exact', null).ok).toBe(exact)
    expect(verdict(agreement, 'rounding', null).ok).toBe(rounding)
  })

  it('says what it saw', () => {
    expect(verdict(compareOutputs(values([1]), values([1])), 'exact', null).reason).toBe('outputs equal bit for bit')
    const off = verdict(compareOutputs(values([2, 1]), values([2, 1.5])), 'rounding', null)
    expect(off.reason).toBe("the output 'y' differs by 0.5, 0.25 of its range (2), more than the 1e-4 of rounding")
    const gone = verdict(compareOutputs(values([1]), [{}]), 'approximate', 1)
    expect(gone).toEqual({ ok: false, reason: "the output 'y' is gone" })
    expect(lossOf(compareOutputs(values([1]), [{}])).loss).toBe(Number.POSITIVE_INFINITY)
  })

  it('refuses a row that decides otherwise, unless it was a tie', () => {
    // The flip moves numbers by 4e-5 of the scale, within rounding; as a tie it is forgiven.
    const tie = compareOutputs(rows([100, 99.999, 0, 0], 2), rows([99.996, 99.999, 0, 0], 2))
    expect(verdict(tie, 'rounding', null).ok).toBe(true)
    // The same class numbers as integers, with nothing that says it was a tie.
    const label = (numbers: number[]): Results[] => [{ y: { dtype: 'int32', shape: [2], data: Int32Array.from(numbers) } }]
    expect(verdict(compareOutputs(label([1, 2]), label([1, 3])), 'rounding', null)).toEqual({
      ok: false,
      reason:
        "the output 'y' decides differently for 50 % of the rows; 'y' holds labels without scores, so every label that differs counts, near ties too",
    })
  })

  it('says of labels without scores that near ties count, where a loss is refused', () => {
    const given = (numbers: number[], scores?: number[]): Results[] => [
      { y: { dtype: 'int32', shape: [4], data: Int32Array.from(numbers) }, ...(scores && rows(scores, 2)[0]) },
    ]
    const said = /top-1 agreement 0\.75.*; 'y' holds labels without scores, so every label that differs counts, near ties too$/
    const labels = compareOutputs(given([1, 0, 1, 1]), given([1, 0, 1, 0]))
    for (const limit of [0.01, DEFAULT_LOSS_LIMITS]) expect(verdict(labels, 'approximate', limit).reason).toMatch(said)
    // Scores next to them say that it was none.
    const scored = compareOutputs(given([1, 0, 1, 1], [0, 1, 1, 0, 0, 1, 0, 1]), given([1, 0, 1, 0], [0, 1, 1, 0, 0, 1, 1, 0]))
    expect(verdict(scored, 'approximate', 0.01).reason).not.toContain('without scores')
    // Nothing is refused that does not differ.
    expect(verdict(compareOutputs(given([1, 0, 1, 1]), given([1, 0, 1, 1])), 'approximate', 0.01).reason).not.toContain(
      'without scores',
    )
  })

  it('lets float16 be off by its own steps', () => {
    const half = (bits: number): Results[] => [{ y: { dtype: 'float16', shape: [1, 1, 1], data: Uint16Array.of(bits) } }]
    // From 1: one step is 2^-10, two are within rounding, three are not.
    const off = (steps: number) => compareOutputs(half(0x3c00), half(0x3c00 + steps))
    expect([1, 2, 3].map((steps) => verdict(off(steps), 'exact', null).ok)).toEqual([true, false, false])
    expect([1, 2, 3].map((steps) => verdict(off(steps), 'rounding', null).ok)).toEqual([true, true, false])
  })

  it('needs --max-loss for what is approximate', () => {
    const agreement = compareOutputs(values([2, 0]), values([2, 0.2]))
    expect(verdict(agreement, 'approximate', null)).toMatchObject({ ok: false, reason: expect.stringMatching(/--max-loss/) })
    // Cosine: 1 / sqrt(1.01) = 0.99504.
    expect(lossOf(agreement)).toEqual({ of: 'cosine', loss: expect.closeTo(1 - 1 / Math.sqrt(1.01), 9) })
    expect(verdict(agreement, 'approximate', 0.01).ok).toBe(true)
    expect(verdict(agreement, 'approximate', 0.001).ok).toBe(false)
  })

  it('judges no loss by outputs that hold nothing', () => {
    for (const nothing of [0, Number.NaN]) {
      const agreement = compareOutputs(values([nothing, 0]), values([nothing, 0]))
      expect(verdict(agreement, 'approximate', 0.01)).toEqual({
        ok: false,
        reason: expect.stringMatching(/hold nothing but 0 or NaN/),
      })
      expect(verdict(agreement, 'rounding', null).ok).toBe(true)
    }
    expect(verdict(compareOutputs(values([0, 1]), values([0, 1])), 'approximate', 0.01).ok).toBe(true)
  })

  it('takes the metric first, then top-1, then the cosine', () => {
    const original = rows([9, 1, 9, 1, 9, 1, 1, 9], 2)
    const candidate = rows([9, 1, 9, 1, 1, 9, 1, 9], 2)
    const decisions = { rows: 4, worse: 1, better: 0 }
    expect(lossOf(compareOutputs(original, candidate))).toEqual({ of: 'top-1 agreement', loss: 0.25, decisions })
    // The label of the changed row was wrong before: a gain, and no loss.
    const gained = compareOutputs(original, candidate, { labels: labels([0, 0, 1, 1]) })
    expect(gained.metric).toEqual({ name: 'accuracy', before: 0.75, after: 1, decisions: { rows: 4, worse: 0, better: 1 } })
    expect(verdict(gained, 'approximate', 0).ok).toBe(true)
    // 0.3 - 0.2 is a little more than 0.1 in binary: the bound itself is within the bound.
    const lost = { ...gained, metric: { name: 'accuracy', before: 0.3, after: 0.2 } } as const
    expect(verdict(lost, 'approximate', 0.1).ok).toBe(true)
    const error = { ...gained, metric: { name: 'mse', before: 1, after: 1.5 } } as const
    expect(lossOf(error)).toEqual({ of: 'mse', loss: 0.5 })
    expect(lossOf({ ...error, metric: { name: 'mse', before: 1, after: Number.NaN } }).loss).toBe(Number.POSITIVE_INFINITY)
  })

  it('does not let boxes break behind scores that stay', () => {
    const detector = (boxes: readonly number[]): Results[] => [
      { ...rows([9, 1], 2)[0], boxes: { dtype: 'float32', shape: [1, 1, 4], data: Float32Array.from(boxes) } },
    ]
    const agreement = compareOutputs(detector([1, 1, 1, 1]), detector([1, 1, -1, -1]))
    expect(agreement.top1).toBe(1)
    expect(verdict(agreement, 'approximate', 0.01)).toMatchObject({ ok: false, reason: expect.stringMatching(/'boxes'.*cosine/) })
  })
})

describe('accuracy on few rows', () => {
  const judged = (rows: number, worse: number, better = 0) => {
    const metric = {
      name: 'accuracy',
      before: 0.9,
      after: 0.9 - (worse - better) / rows,
      decisions: { rows, worse, better },
    } as const
    return verdict({ ...compareOutputs(values([1, 2]), values([1, 3])), metric }, 'approximate', 0.01)
  }

  it('is held with its interval: one decision of a hundred is 1 %, and may be 4.7', () => {
    expect(judged(100, 1)).toEqual({
      ok: false,
      reason:
        'accuracy 0.9 to 0.89: a loss of 0.01, not held to be within --max-loss 0.01; on 100 labelled rows a loss of up to 0.0466 cannot be ruled out, which takes 299 rows at least',
    })
    // Four of a thousand are 0.91 % at most, as are five that others make up for.
    expect(judged(1000, 4)).toEqual({ ok: true, reason: 'accuracy 0.9 to 0.896, within --max-loss 0.01' })
    expect(judged(1000, 5, 5).ok).toBe(true)
    expect(judged(1000, 8).ok).toBe(false)
  })

  it('says what the rows cannot rule out where nothing was lost', () => {
    expect(judged(100, 0)).toMatchObject({
      ok: true,
      reason: expect.stringMatching(/on 100 labelled rows a loss of up to 0\.0295/),
    })
  })
})

describe('agreement on few rows', () => {
  /** Of two classes: the second number decides otherwise in the first `differing` rows. */
  const judged = (count: number, differing: number, limit: AllowedLoss = 0.01) => {
    const original = rows(
      Array.from({ length: 2 * count }, (_, k) => (k % 2 === 0 ? 9 : 1)),
      2,
    )
    const candidate = rows(
      Array.from({ length: 2 * count }, (_, k) => (k < 2 * differing === (k % 2 === 0) ? 1.1 : 9.1)),
      2,
    )
    const agreement = compareOutputs(original, candidate)
    // The cosine is another matter.
    return verdict({ ...agreement, cosine: 1, sqnrDb: 40, outputs: agreement.outputs }, 'approximate', limit)
  }

  it('says what the rows cannot rule out, and how many would', () => {
    expect(judged(8, 0)).toEqual({
      ok: true,
      reason:
        'top-1 agreement 1, within --max-loss 0.01; on 8 rows a loss of up to 0.312 cannot be ruled out, which takes 299 rows at least',
      open: { rows: 8, largestLoss: expect.closeTo(1 - 0.05 ** (1 / 8), 9), rowsNeeded: 299 },
    })
    expect(judged(8, 0, DEFAULT_LOSS_LIMITS).reason).toBe(
      'top-1 agreement 1, cosine of the worst output 1.0000; on 8 rows a loss of up to 0.312 cannot be ruled out, which takes 299 rows at least',
    )
    expect(judged(299, 0)).toEqual({ ok: true, reason: 'top-1 agreement 1, within --max-loss 0.01' })
    expect(judged(299, 0, DEFAULT_LOSS_LIMITS)).not.toHaveProperty('open')
  })

  it('holds a loss that was seen with its interval', () => {
    expect(judged(200, 1)).toMatchObject({
      ok: false,
      reason: expect.stringMatching(
        /^top-1 agreement 0\.995: a loss of 0\.005, not held to be within --max-loss 0\.01; on 200 rows a loss of up to 0\.0235/,
      ),
    })
    expect(judged(200, 1, DEFAULT_LOSS_LIMITS).reason).toMatch(
      /^top-1 agreement 0\.995, not held to be at least 0\.99; on 200 rows/,
    )
    expect(judged(1000, 4).ok).toBe(true)
  })
})

describe('limits by what decides', () => {
  const limits = { metric: 0.01, top1: 0.01, cosine: 0.005 }
  const seen = (given: Partial<Agreement>): Agreement => ({
    mismatch: null,
    equal: false,
    maxAbs: 1,
    maxRelative: 1,
    cosine: 1,
    sqnrDb: 40,
    top1: null,
    metric: null,
    noMetric: null,
    outputs: [],
    ...given,
  })
  const accuracy = (after: number) => ({ name: 'accuracy' as const, before: 0.9, after })

  test.each<[string, Partial<Agreement>, boolean, RegExp]>([
    ['every output near', { cosine: 0.996 }, true, /cosine of the worst output 0\.9960/],
    ['an output too far', { cosine: 0.994 }, false, /cosine of the worst output 0\.994, below 0\.995/],
    ['the same decisions, but an output too far', { top1: 1, cosine: 0.9 }, false, /cosine/],
    ['other decisions', { top1: 0.98, cosine: 1 }, false, /top-1 agreement 0\.98, below 0\.99/],
    ['a metric that holds, whatever the cosine', { metric: accuracy(0.895), cosine: 0.5 }, true, /accuracy 0\.9 to 0\.895/],
    ['a metric that falls', { metric: accuracy(0.88), cosine: 1 }, false, /a loss of 0\.02, above 0\.01/],
  ])('%s', (_, given, ok, reason) => {
    const said = verdict(seen(given), 'approximate', limits)
    expect(said.ok).toBe(ok)
    expect(said.reason).toMatch(reason)
  })
})
