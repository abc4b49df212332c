// A ladder on the terminal.
import { expect, test } from 'vitest'
import type { GapDocument } from '../../documents/gap.ts'
import { renderGap } from './gap-text.ts'

test('rungs in order, and those that were not climbed', () => {
  const doc: GapDocument = {
    ...{
      schema: 'whyslow-gap/1',
      tool: { version: '0' },
      createdAt: '',
      answer: 'a sentence.',
      file: 'x.py',
      language: 'python',
    },
    ...{ runtime: 'Python 3.12', processes: 3, warnings: [] },
    rungs: [
      {
        ...{ id: 'app', title: 'the application', timeMs: 10, savedMs: null },
        ratio: null,
        ratioLow: null,
        ratioHigh: null,
        matters: false,
      },
      {
        ...{ id: 'no-gap', title: 'without gaps', timeMs: 9.9, savedMs: 0.1 },
        ratio: 2,
        ratioLow: 1.9,
        ratioHigh: 2.1,
        matters: false,
      },
    ],
    left: [{ id: 'model-alone', reason: 'no session of an engine was seen at work' }],
  }
  const text = renderGap(doc, { width: 80, colour: false })
  expect(text).toContain('1  9.90 ms   99 %  100 µs  2.00×  1.90–2.10  within the noise')
  expect(text).toContain('not measured  the model alone: no session of an engine was seen at work')
})
