// The sentence of a ladder.
import { expect, test } from 'vitest'
import type { GapDocument } from '../documents/gap.ts'
import { gapAnswer, renderGap } from './gap-text.ts'

const rung = (id: GapDocument['rungs'][number]['id'], timeMs: number, savedMs: number | null, matters = false) => ({
  ...{ id, title: `rung ${id}`, timeMs, savedMs, matters },
  ...(savedMs === null ? { ratio: null, ratioLow: null, ratioHigh: null } : { ratio: 2, ratioLow: 1.9, ratioHigh: 2.1 }),
})

test('names what matters, the largest first', () => {
  const rungs = [rung('app', 10, null), rung('app-again', 10, 0), rung('no-gap', 9, 1, true), rung('predict-alone', 2, 7, true)]
  expect(gapAnswer({ rungs })).toBe(
    'A call takes 10.0 ms as an application makes it, and 2.00 ms as a benchmark does: what stands around predict costs 7.00 ms, the gap between calls costs 1.00 ms.',
  )
})

test('says so where nothing does', () => {
  const rungs = [rung('app', 10, null), rung('no-gap', 9.9, 0.1)]
  expect(gapAnswer({ rungs })).toContain('no single difference between them is larger than the noise')
  const doc: GapDocument = {
    ...{
      schema: 'whyslow-gap/1',
      tool: { version: '0' },
      createdAt: '',
      answer: gapAnswer({ rungs }),
      file: 'x.py',
      language: 'python',
    },
    ...{ runtime: 'Python 3.12', processes: 3, rungs, warnings: [] },
  }
  expect(renderGap(doc, { width: 80, colour: false })).toContain('1  9.90 ms    99 %  100 µs  2.00×  1.90–2.10')
})
