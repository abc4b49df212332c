import { renderTrace } from '@whyslow/report/text/trace-text.ts'
import { expect, test } from 'vitest'
import { readContent } from '../../test/support/recordings/check-reader.ts'
import { factsOf } from '../facts/facts-of.ts'
import { traceReport } from './explain-trace.ts'

const answer = (loadMs: number) => ({
  ...{ done: true, total_duration: (3540 + loadMs) * 1e6, load_duration: loadMs * 1e6, prompt_eval_count: 800 },
  ...{ prompt_eval_duration: 1500e6, eval_count: 50, eval_duration: 2000e6 },
})
const report = async (content: unknown) =>
  traceReport('answers.jsonl', factsOf(await readContent(content)), { createdAt: '2026-11-30T12:00:00Z' })

test('requests: the first token and each after it, what a request is made of, and rules of requests alone', async () => {
  const { answer: said, breakdown, trace, findings, clear, notChecked, areas } = await report([900, 20, 900].map(answer))
  // Loading takes 606.7 ms on average, of 4,146.7 ms.
  expect(said).toBe(
    'The first token takes 2.11 s and each after it 40.0 ms; 48 % of a request goes to the tokens after it; fixing "The model is' +
      ' loaded again for requests" could save at most 11 % (estimated).',
  )
  expect(breakdown.map(({ part, timeMs }) => [part, Math.round(timeMs)])).toEqual([
    ['loading the model', 607],
    ['prompt', 1500],
    ['tokens after it', 2000],
    ['other', 40],
  ])
  expect(breakdown.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9)
  expect(areas.software.share).toBeCloseTo(606.667 / 4146.667, 5)
  expect(trace!.tokens).toMatchObject({ requests: 3, promptTokens: 800, tokenMs: 40, tokensPerSecond: 25, cachedTokens: null })
  expect(findings.map(({ rule }) => rule)).toEqual(['model-reloaded-per-call'])
  expect(clear).toEqual(['prefill-dominates'])
  expect(notChecked.map(({ rule }) => rule)).not.toContain('gpu-idle')
})

test('on the terminal they are milliseconds, since nothing slowed the run', async () => {
  const text = renderTrace(await report([900, 20].map(answer)), { width: 80, colour: false })
  expect(text).toMatch(/^Each token after it\s+40\.0 ms, 25 tokens\/s$/m)
  expect(text).toMatch(/^Prompt\s+800 tokens, 533 tokens\/s$/m)
  expect(text).toMatch(/2\s+requests judged/)
})

test('pieces of several tokens are warned of', async () => {
  const { warnings, trace } = await report({
    completed: 2,
    total_output_tokens: 22,
    mean_ttft_ms: 50,
    mean_tpot_ms: 10,
    mean_itl_ms: 40,
  })
  expect(warnings).toEqual(['a piece of an answer holds 4.0 tokens: gaps between pieces are not times of tokens'])
  expect(trace!.tokens).toMatchObject({ tokenMs: 10, tokensPerChunk: 4 })
})
