import { expect, test } from 'vitest'
import { checkRule, exampleCall, exampleLine, examplePattern, examplePipeline } from '../../test/support/check-rule.ts'
import { diagnosePipeline } from '../diagnose.ts'
import type { PipelineEvidence } from '../evidence.ts'
import type { AlternativeFact } from '../facts.ts'
import { tokenizerDominates } from './tokenizer-dominates.ts'

const given = (timeMs: number) =>
  examplePipeline({
    language: 'python',
    lines: [exampleLine({ selfMs: timeMs })],
    patterns: [examplePattern({ pattern: 'hand-tokenizer' })],
  })

const beside = (more: Partial<AlternativeFact>) => ({
  ...given(5),
  alternatives: [
    {
      ...{ file: 'app.mjs', line: 10, function: 'encode', rule: 'tokenizer-dominates', now: 'encode', code: ['…'] },
      ...{ instead: 'tokenizers with tokenizer.json', equal: 'bits' as const, on: '40 texts' },
      texts: { all: 40, different: 0, compared: 'ids' as const },
      ...{ nowMs: 4, insteadMs: 1, ratio: 4, ratioLow: 3, ratioHigh: 5, ...more },
    },
  ],
})

const ELSEWHERE = exampleCall({ callee: 'tokenizers.Tokenizer.encode', line: 40, timeMs: 6 })

checkRule(tokenizerDominates, {
  found: [
    {
      name: 'half of the time',
      given: given(5),
      expect: {
        timeMs: 5,
        wouldSaveMs: null,
        detail: /takes 5\.00 ms, 50 % of a prediction.*compiled code\).*pip install tokenizers/,
      },
    },
    {
      name: 'in JavaScript: its library is JavaScript',
      given: { ...given(5), language: 'javascript' },
      expect: { detail: /@huggingface\/tokenizers, JavaScript itself/ },
    },
    {
      name: 'by its calls',
      given: examplePipeline({ calls: [exampleCall({ callee: 'tokenizers.Tokenizer.encode' })] }),
      expect: { timeMs: 5 },
    },
    {
      name: 'a library that gives the same ids, a quarter of the time',
      given: beside({}),
      expect: { wouldSaveMs: 3.75, basis: 'measured', detail: /On 40 texts that encode was given, .* 4\.0 times as fast/ },
    },
    {
      name: 'tokens that were compared are called so',
      given: beside({ texts: { all: 40, different: 0, compared: 'tokens' } }),
      expect: { detail: /On 40 texts that encode was given, .* gives the same tokens/ },
    },
    {
      name: 'a library that is slower: a note',
      given: beside({ insteadMs: 8, ratio: 0.5, ratioLow: 0.4, ratioHigh: 0.6 }),
      expect: { wouldSaveMs: 0, basis: 'measured', detail: /the same ids, and is not surely faster/ },
    },
    {
      name: 'a library that may be faster or not: at most 5 − 5 / 1.25 = 1 ms, which nobody knows',
      given: beside({ insteadMs: 4, ratio: 1, ratioLow: 0.9, ratioHigh: 1.25 }),
      expect: { wouldSaveMs: null, atMostMs: 1, savingUnknown: /no difference was certain: at most 1\.00 ms/ },
    },
    {
      name: 'a library that gives other ids',
      given: beside({ equal: 'different', texts: { all: 40, different: 3, compared: 'ids' } }),
      expect: {
        wouldSaveMs: null,
        savingUnknown: 'the library that was run gives other results',
        detail: /gives other ids on 3 of 40 texts: nothing was measured as saved/,
      },
    },
    {
      name: 'what was tried stands where no time was seen: as if nothing was tried',
      given: beside({ line: 30 }),
      expect: { timeMs: 5, wouldSaveMs: null, savingUnknown: 'nothing was run in its place' },
    },
    {
      name: 'what was tried is a small part: measured is that part alone',
      given: { ...beside({}), lines: [exampleLine({ selfMs: 0.2 })], calls: [ELSEWHERE] },
      expect: {
        timeMs: 0.2,
        wouldSaveMs: 0.15,
        basis: 'measured',
        places: [{ file: 'app.mjs', line: 10, function: 'preprocess' }],
      },
    },
    { name: '31 % of the time', given: given(3.1), expect: { timeMs: 3.1 } },
    { name: 'a library that is 6 % faster at least', given: beside({ ratioLow: 1.06 }), expect: { wouldSaveMs: 3.75 } },
    { name: 'a library that is 4 % faster at least', given: beside({ ratioLow: 1.04 }), expect: { wouldSaveMs: null } },
  ],
  clear: [
    { name: 'a tenth of the time', given: given(1) },
    { name: '29 % of the time', given: given(2.9) },
  ],
})

const told = (evidence: PipelineEvidence) =>
  diagnosePipeline(evidence, [tokenizerDominates]).map((one) => {
    if (one.verdict !== 'found') throw new Error(one.verdict)
    const { timeMs, wouldSaveMs, basis, places } = one.finding
    return { timeMs, wouldSaveMs, basis, lines: places.map(({ line }) => line) }
  })

test('what other calls would save stays unknown, at their places', () => {
  const small = { ...beside({}), lines: [exampleLine({ selfMs: 0.5 })], calls: [ELSEWHERE] }
  expect(told(small)).toEqual([
    { timeMs: 0.5, wouldSaveMs: 0.375, basis: 'measured', lines: [10] },
    { timeMs: 5.5, wouldSaveMs: null, basis: 'measured', lines: [40] },
  ])
})

test('of two tokenizers by hand one was tried; less than three tenths of the rest is none', () => {
  const patterns = [
    examplePattern({ pattern: 'hand-tokenizer' }),
    examplePattern({ pattern: 'hand-tokenizer', line: 50, endLine: 55 }),
  ]
  const both = (restMs: number) => ({
    ...beside({}),
    patterns,
    lines: [exampleLine({ selfMs: 2 }), exampleLine({ line: 51, selfMs: restMs })],
  })
  const tried = { timeMs: 2, wouldSaveMs: 1.5, basis: 'measured', lines: [10] }
  expect(told(both(4))).toEqual([tried, { timeMs: 4, wouldSaveMs: null, basis: 'measured', lines: [50] }])
  expect(told(both(2))).toEqual([tried])
})

test('the replacement goes with the time that it was tried for', () => {
  const evidence = { ...beside({}), lines: [exampleLine({ selfMs: 0.5 })], calls: [ELSEWHERE] }
  const { file, line, function: name, on, code } = evidence.alternatives[0]!
  const times = { beforeMs: 4, afterMs: 1, factor: 4, factorLow: 3, factorHigh: 5 }
  const replacement = {
    rule: 'tokenizer-dominates',
    language: 'python' as const,
    file,
    line,
    function: name,
    code,
    form: 'x',
    equal: 'bits' as const,
    on,
    ...times,
  }
  expect(told({ ...evidence, replacements: [replacement] }).map(({ wouldSaveMs }) => wouldSaveMs)).toEqual([0.375, null])
})
