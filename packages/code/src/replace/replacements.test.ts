// Which places are tried, and what of it becomes evidence; no process starts.
import { expect, test } from 'vitest'
import type { PipelineEvidence } from '../evidence.ts'
import type { LoopsQuestion } from './python-loops.ts'
import { hotLines, hotModules, ofAlternatives, tryReplacements } from './replacements.ts'

const line = (at: number, selfMs: number, file = '/app/x.py') => ({
  file,
  line: at,
  function: null,
  selfMs,
  totalMs: null,
  nativeMs: null,
  waitMs: null,
  stage: null,
})
const loop = (first: number, last: number) => ({
  file: '/app/x.py',
  line: first,
  endLine: last,
  function: null,
  pattern: 'elementwise-loop' as const,
  loop: null,
  once: false,
  code: 'for i in range(n):',
  callee: null,
})
const never = () => Promise.reject(new Error('asked'))
const latency = { p50Ms: 100 } as PipelineEvidence['latency']

test('lines that take their share, and loops whose lines do together; others, and other files, stay out', () => {
  const lines = [line(3, 40), line(7, 3), line(8, 3), line(20, 1), line(4, 50, '/app/other.py')]
  expect(hotLines({ lines, patterns: [loop(6, 9), loop(19, 21)], latency }, '/app/x.py')).toEqual([3, 6])
})

test('modules that the program imports have hot lines of their own', () => {
  const lines = [line(3, 40), line(4, 50, '/app/other.py'), line(4, 1, '/app/cold.py')]
  expect(hotModules({ lines, patterns: [], latency }, '/app/x.py')).toEqual([{ file: '/app/other.py', lines: [4] }])
})

test('the interpreter is asked about hot lines, and its answer is told of the file as the user wrote it', async () => {
  const asked: LoopsQuestion[] = []
  const made = {
    rule: 'scalar-loop' as const,
    language: 'python' as const,
    form: 'numpy' as const,
    equal: 'bits' as const,
    ...{ file: '/app/x.py', line: 3, endLine: 4, function: null, code: ['c = a * b'], on: '9 elements of float64' },
    ...{ beforeMs: 10, afterMs: 1, factor: 10, factorLow: 9, factorHigh: 11 },
  }
  const evidence = {
    language: 'python',
    target: { kind: 'script', stages: [], places: [] },
    file: 'x.py',
    lines: [line(3, 40)],
    latency,
    alternatives: [],
  } as unknown as PipelineEvidence
  let runs = 0
  const onRun = () => void runs++
  const given = { file: '/app/x.py', call: null, data: null, python: process.execPath, arguments: ['--fast'], onRun }
  const found = await tryReplacements(evidence, given, {
    javascript: never,
    python: async (question) => {
      asked.push(question)
      return { replacements: [made], refused: [], failed: null, ran: true }
    },
  })
  expect(runs).toBe(1)
  expect(asked[0]).toMatchObject({ isScript: true, arguments: ['--fast'] })
  expect(asked[0]).toMatchObject({ file: '/app/x.py', lines: [3], data: null, interpreter: [process.execPath] })
  const { endLine: _, ...rest } = made
  expect(found).toEqual([{ ...rest, file: 'x.py' }])
  const layout = { ...loop(4, 4), pattern: 'layout-loop' as const }
  const other = await tryReplacements({ ...evidence, patterns: [layout] }, given, {
    javascript: never,
    python: async () => ({ replacements: [made], refused: [], failed: null, ran: true }),
  })
  expect(other).toEqual([{ ...rest, rule: 'layout-shuffle', file: '/app/x.py', line: 4 }])
  const patterns = [
    { ...loop(4, 4), pattern: 'array-regrown' as const },
    { ...loop(3, 3), pattern: 'dataframe-rows' as const },
  ]
  const both = await tryReplacements({ ...evidence, patterns }, given, {
    javascript: never,
    python: async () => ({ replacements: [made], refused: [], failed: null, ran: true }),
  })
  expect(both.map(({ rule, line: at }) => [rule, at])).toEqual([
    ['growing-array', 4],
    ['dataframe-per-row', 3],
  ])
})

test('JavaScript is asked about hot lines of each of its files; a list that grows is another finding', async () => {
  const made = {
    ...{ rule: 'scalar-loop' as const, language: 'javascript' as const, form: 'typed array', equal: 'bits' as const },
    ...{ file: '/app/x.py', line: 3, endLine: 4, function: null, code: ['c[i] = a[i]'], on: '9 elements of lists' },
    ...{ beforeMs: 10, afterMs: 1, factor: 10, factorLow: 9, factorHigh: 11 },
  }
  const evidence = {
    language: 'javascript',
    file: '/app/x.py',
    lines: [line(3, 40), line(9, 50, '/app/other.mjs')],
    patterns: [{ ...loop(4, 4), pattern: 'list-grown' as const }],
    alternatives: [],
    latency,
  } as unknown as PipelineEvidence
  const found = await tryReplacements(
    evidence,
    { file: '/app/x.py', call: null, data: null, python: null },
    {
      python: never,
      javascript: async ({ hot }) => {
        expect([hot('/app/x.py'), hot('/app/other.mjs'), hot('/app/cold.mjs')]).toEqual([[3], [9], []])
        return { replacements: [made], refused: [], failed: null, ran: true }
      },
    },
  )
  expect(found).toMatchObject([{ rule: 'growing-array', line: 4, language: 'javascript' }])
})

test('nothing is asked where nothing is hot', async () => {
  const given = { file: '/app/x.py', call: null, data: null, python: null }
  const cold = { language: 'python', file: 'x.py', lines: [line(3, 1)], latency, alternatives: [] } as unknown as PipelineEvidence
  expect(await tryReplacements(cold, given, { python: never, javascript: never })).toEqual([])
})

test('what was tried in the program’s own process and has lines to paste is a replacement; what differs, or is no faster, is none', () => {
  const one = {
    ...{ rule: 'sequential-calls', file: 'x.py', line: 9, function: 'predict', now: 'one by one', instead: 'as one batch' },
    ...{ nowMs: 40, insteadMs: 2, ratio: 20, ratioLow: 15, ratioHigh: 22, equal: 'rounding' as const },
    ...{ code: ['y = model.predict(np.concatenate(rows))'], on: '64 runs of one row' },
  }
  const { code: _, ...withoutCode } = one
  const alternatives = [one, { ...one, equal: 'different' as const }, { ...one, ratioLow: 1.1 }, withoutCode]
  expect(ofAlternatives({ alternatives, language: 'python' })).toEqual([
    {
      ...{ rule: 'sequential-calls', language: 'python', file: 'x.py', line: 9, function: 'predict', form: 'as one batch' },
      ...{ beforeMs: 40, afterMs: 2, factor: 20, factorLow: 15, factorHigh: 22, equal: 'rounding' },
      ...{ code: one.code, on: one.on },
    },
  ])
})
