import { expect, test } from 'vitest'
import type { MeasuredCall, ProcessMeasurement } from '../../measure/types.ts'
import { callFacts } from './call-facts.ts'

const call = (given: Partial<MeasuredCall> = {}) =>
  ({ ids: null, promptTokens: 12, cachedTokens: 0, parts: {}, ...given }) as unknown as MeasuredCall
const processOf = (...calls: readonly MeasuredCall[]) => ({ calls }) as unknown as ProcessMeasurement
const options = { beams: 4, beamsFrom: 'generation_config.json', searched: 1, cacheCapacity: null, capacityFrom: null }

test('of an engine on this machine: no padding, no guesses, what callers get who set nothing', () => {
  const facts = callFacts({
    found: { kind: 'onnx', options },
    engine: { threadsApart: true },
    processes: [processOf(call(), call())],
  })
  expect(facts).toEqual({
    options,
    prompt: { fedTokens: 12, paddingTokens: 0, place: null },
    speculation: { draftTokens: 0, acceptance: 0, draftCost: 0 },
    threadsApart: true,
  })
})

test('the encoder, and how text was made, as the calls report them', () => {
  const detokenize = (tokens: number) => ({ tokens, earlyMs: 0.1, lateMs: tokens / 100 })
  const encoded = { reads: 'sound', positions: 1500, emptyPositions: 1244, positionMs: 20 } as const
  const calls = [
    call({ parts: { encoderMs: 40 }, encoded, detokenize: detokenize(50) }),
    call({ parts: { encoderMs: 44 }, encoded, detokenize: detokenize(60) }),
  ]
  const facts = callFacts({
    found: { kind: 'transformers-folder', guesses: true },
    engine: { otherWeights: 'PyTorch' },
    processes: [processOf(...calls)],
  })
  expect(facts).toMatchObject({
    encoder: { ms: 42, runs: 1, windows: 1, positions: 1500, emptyPositions: 1244, positionMs: 20 },
    detokenize: detokenize(60),
    threadsApart: false,
  })
  expect(facts).not.toHaveProperty('speculation')
})

test('of an address nothing of this is known', () => {
  expect(callFacts({ found: { kind: 'address' }, engine: {}, processes: [processOf(call())] })).toEqual({})
})

test('drafts of a server: its own counts, and a token without them', () => {
  // 24 new tokens after the first, of which 12 were drafted and right: 12 rounds of 4.
  const drafted = call({ newTokens: 25, drafted: { tokens: 48, accepted: 12 } })
  const undrafted = [call({ perTokenMs: 3 })]
  const of = (process: object) =>
    callFacts({ found: { kind: 'address' }, engine: {}, processes: [{ calls: [drafted, drafted], ...process } as never] })
  expect(of({ undrafted })).toEqual({ speculation: { draftTokens: 4, acceptance: 0.25, draftCost: 0, withoutMs: 3 } })
  // One that drafts all the same is no call without.
  const again = [call({ perTokenMs: 3, drafted: { tokens: 1, accepted: 0 } })]
  expect(of({ undrafted: again }).speculation).toEqual({ draftTokens: 4, acceptance: 0.25, draftCost: 0 })
})

test('padding of the user’s own prompts', () => {
  const padded = [call({ promptTokens: 100, paddingTokens: 60 }), call({ promptTokens: 100, paddingTokens: 60 })]
  const facts = callFacts({ found: { kind: 'onnx' }, engine: {}, processes: [processOf(...padded)] })
  expect(facts.prompt).toEqual({ fedTokens: 100, paddingTokens: 60, place: '--prompts' })
})
