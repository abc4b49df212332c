// Whether the program is run again for its tokenizers; no process starts.
import { expect, test, vi } from 'vitest'
import { examplePattern, examplePipeline } from '../../test/support/example-pipeline.ts'
import type { PipelineEvidence } from '../evidence.ts'
import { tryTokenizers } from './tokenizers.ts'

const askOnce = vi.fn()

/** How often it was run, by what is told of runs. */
async function runs(evidence: PipelineEvidence, answer: unknown): Promise<number> {
  askOnce.mockReset().mockResolvedValue(answer)
  let count = 0
  const given = { file: '/app/app.py', call: null, data: null, python: process.execPath, onRun: () => void count++ }
  expect(await tryTokenizers(evidence, given, askOnce)).toEqual([])
  return count
}

test('of Python: not without a place, nor where the library is not there', async () => {
  const python = examplePipeline({ language: 'python', patterns: [examplePattern({ pattern: 'hand-tokenizer' })] })
  expect(await runs({ ...python, patterns: [] }, { ran: true, rows: [] })).toBe(0)
  expect(askOnce).not.toHaveBeenCalled()
  expect(await runs(python, { ran: false, rows: [] })).toBe(0)
  expect(await runs(python, { ran: true, rows: [] })).toBe(1)
  expect(await runs(python, 'its process ended before it answered')).toBe(1)
})
