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
  const calls = [
    call({ parts: { encoderMs: 40 }, detokenize: detokenize(50) }),
    call({ parts: { encoderMs: 44 }, detokenize: detokenize(60) }),
  ]
  const facts = callFacts({
    found: { kind: 'transformers-folder', guesses: true },
    engine: { otherWeights: 'PyTorch' },
    processes: [processOf(...calls)],
  })
  expect(facts).toMatchObject({
    encoder: { ms: 42, runs: 1, windows: 1, positions: 12, emptyPositions: 0, positionMs: null },
    detokenize: detokenize(60),
    threadsApart: false,
  })
  expect(facts).not.toHaveProperty('speculation')
})

test('of an address nothing of this is known', () => {
  expect(callFacts({ found: { kind: 'address' }, engine: {}, processes: [processOf(call())] })).toEqual({})
})
