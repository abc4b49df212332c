import { expect, test } from 'vitest'
import {
  betterAlternative,
  exampleEvidence,
  examplePoint,
  exampleTarget,
  withParts,
  worseAlternative,
} from '../example-evidence.ts'
import { jsonTensors } from './json-tensors.ts'

const point = (parse: number, compute: number) =>
  withParts(examplePoint(), {
    'server: parse': { slowest: 20, all: parse },
    'server: serialize': { slowest: 1, all: 0.5 },
    'server: compute': { slowest: 3, all: compute },
  })

test('found: text costs more than the prediction', () => {
  const found = jsonTensors.check(exampleEvidence([point(13.3, 2)], {}, { target: exampleTarget({ bodyBytes: 2_940_000 }) }))
  expect(found?.detail).toMatch(
    /^Requests of 2\.94 MB take 13\.30 ms to parse, answers 0\.50 ms to write, and the prediction 2\.00 ms/,
  )
})

test('clear: tensors are raw, the prediction costs more, text costs little, or the server does not tell', () => {
  const raw = exampleTarget({ inputs: { source: 'synthetic', tensors: [], binary: true } })
  expect(jsonTensors.check(exampleEvidence([point(13.3, 2)], {}, { target: raw }))).toBe(null)
  expect(jsonTensors.check(exampleEvidence([point(13.3, 20)]))).toBe(null)
  const little = withParts(examplePoint(), {
    'server: parse': { slowest: 1, all: 0.1 },
    'server: serialize': { slowest: 1, all: 0.1 },
    'server: compute': { slowest: 1, all: 0.1 },
  })
  for (const one of [little, examplePoint()]) expect(jsonTensors.check(exampleEvidence([one]))).toBe(null)
})

test('with the same tensors raw beside it, where that was measured', () => {
  const found = (rawTensors: ReturnType<typeof betterAlternative>) =>
    jsonTensors.check(exampleEvidence([point(13.3, 2)], {}, { rawTensors }))!
  const better = found(betterAlternative({}))
  expect(better.detail).toMatch(
    /With the same tensors as raw bytes: At 30 requests\/s the mean is 5\.00 ms so; as it is, 10\.00 ms before and 10\.00 ms after\.$/,
  )
  expect(better.facts.map(({ name }) => name)).toEqual(['parse', 'serialize', 'compute', 'mean so', 'mean before', 'mean after'])
  expect(better.wouldSaveMs).not.toBe(null)
  expect(found(worseAlternative({})).wouldSaveMs).toBe(null)
  const { before, point: other, after } = betterAlternative({})
  const late = jsonTensors.check(
    exampleEvidence([point(13.3, 2)], {}, { rawTensors: { before, point: { ...other, meanMs: null }, after } }),
  )!
  expect([late.wouldSaveMs, /raw bytes/.test(late.detail)]).toEqual([null, false])
})
