// What documents show of a run is cut from what it printed: by how sections, findings and trials begin today.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { firstFindings, firstTrials, OUTCOME, sectionsOf } from '../scripts/recording.mjs'
import { ROOT } from './root.ts'

const golden = (name: string) => readFileSync(join(ROOT, 'fixtures/golden', name), 'utf8').trim()

test('of a report: its answer, the first finding, and how far to trust it', () => {
  const shown = sectionsOf(firstFindings(golden('transformer.report.txt'), 1), ['What to fix', 'Trust '])
  expect(shown.split('\n\n').map((section) => section.split('\n')[0]!.slice(0, 11))).toEqual([
    '3.36 ms (3.',
    '…',
    'What to fix',
    'Trust    C:',
  ])
  expect(shown).toMatch(/\n1\. In a batch [\s\S]*\n…\n\nTrust/)
  expect(shown).not.toMatch(/\n2\. |\nEngine |\n…\n\n…/)
})

test('of fix: what was kept, one of the others, and what it came to', () => {
  const outcome = golden('fix.document.txt').split('\n\n')
  const trials = [
    '- spinning off: not kept',
    '- thread-count 1: not kept',
    '+ denormals: 2 ms to 1 ms, kept',
    '- memory-arena: not kept',
  ]
  const shown = sectionsOf(firstTrials(['It is slow.', trials.join('\n'), ...outcome].join('\n\n'), 1), [
    '- ',
    OUTCOME,
    'Written: ',
  ])
  expect(shown.split('\n\n')).toEqual([
    'It is slow.',
    '- spinning off: not kept\n…\n+ denormals: 2 ms to 1 ms, kept\n…',
    outcome[0],
    outcome[1],
    '…',
  ])
})
