import type { PartsOf, TokenPartId } from '@whyslow/report/documents/generation.ts'
import { expect, test } from 'vitest'
import { type EstimateFacts, elementsRead, estimates } from './estimate.ts'
import { lookupOf, tokensPerRound } from './lookup.ts'

// 400 MB of float32 at 10 GB/s: 40 ms; 60 ms a token after 512, of which 10 ms a thousand are the context's.
const KNOWN: EstimateFacts = {
  model: { dtype: 'float32', bytesPerToken: 400e6, context: 4096 },
  timePerTokenMs: 60,
  depth: 512,
  floor: { bytesPerSecond: 10e9, level: 'DRAM', threads: 2, weightsMs: 40, cacheMsPerThousand: 2, shareOfFloor: 0.7 },
  line: { points: [], interceptMs: 54.88, slopeMsPerThousand: 10, slopeOverFloor: 5 },
  several: null,
  tokenParts: null,
  lookup: null,
}

const at = (known: Partial<EstimateFacts>, what: string, depth: number) =>
  estimates({ ...KNOWN, ...known }).find((one) => one.what === what && one.depth === depth)?.timePerTokenMs

test('types of weights at three depths: weights by their bytes, the rest as it was measured', () => {
  expect(at({}, 'weights in float32', 512)).toBeCloseTo(60)
  expect(at({}, 'weights in float32', 0)).toBeCloseTo(54.88)
  // 100 M elements × 0.625 bytes are 6.25 ms in place of 40.
  expect(at({}, 'weights in int4', 512)).toBeCloseTo(26.25)
  expect(at({}, 'weights in int8', 2048)).toBeCloseTo(60 + 15.36 - 40 + 11.25)
})

test('an int4 body and a float32 head: elements are those of both, and neither is the type of the weights', () => {
  const common = { operator: 'MatMul', scaleBytes: null, blockSize: null, accuracyLevel: null, decodeMs: null }
  const weights = [
    { ...common, node: 'body', role: 'body' as const, dtype: 'int4', elements: 480e6, bytes: 300e6 },
    { ...common, node: 'head', role: 'head' as const, dtype: 'float32', elements: 25e6, bytes: 100e6 },
  ]
  const mixed = { weights, model: { ...KNOWN.model, dtype: 'int4' } }
  expect(elementsRead({ ...KNOWN, ...mixed })).toBe(505e6)
  // 505 M × 0.625 bytes in place of 400 MB; 4 bytes.
  expect(at(mixed, 'weights in int4', 512)).toBeCloseTo(60 - 40 + 31.5625)
  expect(at(mixed, 'weights in float32', 512)).toBeCloseTo(60 - 40 + 202)
  expect(estimates({ ...KNOWN, ...mixed }).map(({ why }) => why)).not.toContain(
    'the type of the weights now, by the line over depth',
  )
})

test("the engine's own kernels, if their rate was measured", () => {
  expect(at({ kernelRates: { int4: 2.5e9 } }, 'weights in int4', 512)).toBeCloseTo(60 - 40 + 25)
})

const parts = (all: Partial<Record<TokenPartId, number>>): PartsOf => ({
  ...{ totalMs: 60, depth: 512 },
  parts: Object.entries(all).map(([id, ms]) => ({ id: id as TokenPartId, ms, how: 'timed', note: null })),
})

test('what the profile has too much is taken from the products', () => {
  const profiled = parts({ weights: 40, matmul: 15, attention: 10, unexplained: -5 })
  // 55 - 5 = 50 ms of products become 25.
  expect(at({ tokenParts: profiled, kernelRates: { int4: 2.5e9 } }, 'weights in int4', 512)).toBeCloseTo(60 - 50 + 25)
})

test('an engine that shows no operators, and is far from the floor: other types are unknown', () => {
  const dark = parts({ weights: 10, engine: 45, unexplained: 5 })
  const slow = { tokenParts: dark, floor: { ...KNOWN.floor!, weightsMs: 10 } }
  expect(estimates({ ...KNOWN, ...slow }).map(({ what }) => what)).toEqual(Array(3).fill('weights in float32'))
  expect(at({ tokenParts: parts({ weights: 40, engine: 15 }) }, 'weights in int4', 512)).toBeCloseTo(26.25)
})

test('an engine that shows no operators, whose kernels were timed without it: products take what these need, within its call', () => {
  const body = { node: 'body', role: 'body' as const, operator: 'MatMulNBits', dtype: 'int4', scaleBytes: null, blockSize: 32 }
  const weightsAt = (accuracyLevel: number | null) => [{ ...body, accuracyLevel, elements: 100e6, bytes: 62.5e6, decodeMs: null }]
  const given = (engine: number, accuracyLevel: number | null = 4) => ({
    model: { ...KNOWN.model, dtype: 'int4', bytesPerToken: 62.5e6 },
    floor: { ...KNOWN.floor!, weightsMs: 6.25 },
    weights: weightsAt(accuracyLevel),
    tokenParts: parts({ weights: 6.25, engine }),
    kernelRates: { float32: 10e9, int4: 2.5e9 },
  })
  // 62.5 MB at 2.5 GB/s are 25 ms; 100 M floats at 10 GB/s 40 ms.
  expect(at(given(45), 'weights in float32', 512)).toBeCloseTo(60 - 25 + 40)
  expect(at(given(10), 'weights in float32', 512)).toBeCloseTo(60 - 16.25 + 40)
  // Another kernel than the one that was timed: the floor is all that is known.
  expect(at(given(45, null), 'weights in float32', 512)).toBeCloseTo(60 - 6.25 + 40)
})

test('a type that nobody knows the size of has no estimate', () => {
  expect(estimates({ ...KNOWN, model: { ...KNOWN.model, dtype: 'IQ1_S' } })).toEqual([])
  expect(estimates({ ...KNOWN, floor: null })).toEqual([])
})

const CURVE = {
  depth: 512,
  points: [
    { tokens: 1, ms: 60, ratio: 1 },
    { tokens: 4, ms: 90, ratio: 1.5 },
    { tokens: 16, ms: 240, ratio: 4 },
  ],
}

test('several sequences share the call', () => {
  expect(at({ several: CURVE }, '4 sequences together', 512)).toBeCloseTo(22.5)
  expect(at({ several: CURVE }, '16 sequences together', 512)).toBeCloseTo(15)
})

test('prompt lookup on a text that repeats itself, and on one that does not', () => {
  const repeated = { ids: [1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 1, 2, 3, 4, 5], promptTokens: 7 }
  const fresh = { ids: [1, 2, 3, 4, 5, 6, 7, 8], promptTokens: 4 }
  // 8 tokens: 3 guesses and the next, twice.
  expect(tokensPerRound({ texts: [repeated] }, 3)).toBe(4)
  expect(tokensPerRound({ texts: [fresh] }, 3)).toBe(1)
  const [best] = estimates({ ...KNOWN, several: CURVE, floor: null, lookup: lookupOf([repeated]) }).slice(-1)
  expect(best).toMatchObject({ what: 'prompt lookup of 3 tokens', timePerTokenMs: 22.5 })
  const [none] = estimates({ ...KNOWN, several: CURVE, floor: null, lookup: lookupOf([fresh]) }).slice(-1)
  expect(none!.why).toContain('not worth it')
})

test('without a generated text nothing is known of lookup', () => {
  expect(lookupOf([])).toBeNull()
  expect(lookupOf([{ ids: [1, 2], promptTokens: 2 }])).toBeNull()
})
