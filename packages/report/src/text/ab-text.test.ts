// Rows of the two programs within the width of the terminal.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { AbDocument, AbSide } from '../documents/ab.ts'
import { renderAb } from './ab-text.ts'

const golden = JSON.parse(
  readFileSync(new URL('../../../../fixtures/golden/ab-fix.document.json', import.meta.url), 'utf8'),
) as AbDocument
const handler = (side: AbSide): AbSide => ({ ...side, loadMs: 4800, call: ['request', 'predict_churn', 'response'] })

test('what both run stands below the table if its rows would be too long', () => {
  const lines = (doc: AbDocument) => renderAb(doc, { width: 80, colour: false }).split('\n')
  expect(lines(golden).some((line) => line.endsWith('predict on Python 3.11.7'))).toBe(true)
  const long = lines({ ...golden, a: handler(golden.a), b: handler(golden.b) })
  expect(long).toContain('Both run request, predict_churn, response on Python 3.11.7.')
  expect(Math.max(...long.map((line) => line.length))).toBeLessThanOrEqual(80)
})

test.each<[string, Partial<AbDocument>]>([
  ['results differ', { outputs: { ...golden.outputs, agreement: 'different', differingSamples: 1 } }],
  ['the changed program is slower', { verdict: 'slower' }],
  ['the changed program is not certainly faster', { verdict: 'no-difference' }],
])('nothing that is written has a reason and a next step: %s', (reason, rest) => {
  const document = { ...golden, ...rest, fix: { ...golden.fix!, shipped: null } }
  const text = renderAb(document, { width: 200, colour: false })
  expect(text).toContain(`Nothing was written: ${reason}. What is slow in it: whyslow ${golden.a.file}\n`)
})
