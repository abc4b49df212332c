import { expect, test } from 'vitest'
import { experiments } from '../../test/support/diagnose/example-evidence.ts'
import { predictSavings, savingsByRemedy } from './foretold.ts'

const rewrite = (remedy: string, ratio: number, more = {}) => ({ kind: 'rewrite', remedy, ratio, ...more }) as const

test('of each operator the best remedy counts, in all its copies', () => {
  const told = predictSavings(
    experiments([
      {
        copies: 3,
        insideMs: 2,
        aloneMs: 2,
        variants: [rewrite('folding', 0.5), rewrite('narrow', 0.25), { kind: 'one-thread', ratio: 0.1 }],
      },
      { insideMs: 1, aloneMs: 1, variants: [rewrite('folding', 0.5)] },
    ]),
  )!
  expect(told.ms).toBeCloseTo(3 * 1.5 + 0.5)
  expect(told.remedies).toEqual(['narrow', 'folding'])
  expect(told.low).toBeCloseTo(told.ms - 0.07)
  expect(told.high).toBeCloseTo(told.ms + 0.07)
})

test('what lies above its neighbours within the model is not promised', () => {
  expect(predictSavings(experiments([{ insideMs: 10, aloneMs: 2, variants: [rewrite('narrow', 0.5)] }]))!.ms).toBeCloseTo(1)
  expect(predictSavings(experiments([{ insideMs: 2, aloneMs: 10, variants: [rewrite('narrow', 0.5)] }]))!.ms).toBeCloseTo(1)
})

test('an unclear ratio promises nothing, and without experiments nothing is known', () => {
  const unclear = experiments([{ variants: [rewrite('narrow', 0.8, { ratioHigh: 1.1 })] }])
  expect(predictSavings(unclear)).toEqual({ ms: 0, low: 0, high: 0, remedies: [] })
  expect(predictSavings(undefined)).toBeNull()
})

test('of each remedy what it gives over all operators, slower ones too', () => {
  const rows = experiments([
    { insideMs: 1, aloneMs: 1, variants: [rewrite('narrow', 0.5), rewrite('narrow', 0.9)] },
    { insideMs: 4, aloneMs: 4, variants: [rewrite('narrow', 1.5), rewrite('slow', 1.5)] },
  ])
  const savings = savingsByRemedy(rows)
  expect(savings.get('narrow')!.ms).toBeCloseTo(0.5 - 2)
  expect(savings.get('slow')!.high).toBeLessThan(0)
})

test('a remedy that was timed on the whole model stands for all operators that it changes', () => {
  const rows = experiments([
    { insideMs: 1, aloneMs: 1, variants: [rewrite('inputs', 0.9), rewrite('narrow', 0.5)] },
    { insideMs: 4, aloneMs: 4, variants: [rewrite('narrow', 0.5)] },
  ])
  const told = predictSavings({ ...rows, wholes: [{ remedy: 'inputs', ms: 6, low: 5, high: 7 }] })!
  expect(told).toMatchObject({ ms: 8, remedies: ['inputs', 'narrow'], onWhole: true })
  expect(told.low).toBeCloseTo(5 + 2 - 0.04)
  expect(savingsByRemedy({ ...rows, wholes: [{ remedy: 'inputs', ms: 6, low: 5, high: 7 }] }).get('inputs')!.ms).toBe(6)
  const unclear = predictSavings({ ...rows, wholes: [{ remedy: 'inputs', ms: 1, low: -1, high: 3 }] })!
  expect(unclear.remedies).toEqual(['narrow'])
  expect(unclear.onWhole).toBeUndefined()
})
