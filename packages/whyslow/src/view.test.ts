// What `view` refuses, before anything is served: each with what to type in its place.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { UsageError } from '@whyslow/command/terminal/usage-error.ts'
import { afterAll, expect, test } from 'vitest'
import { runView } from './view.ts'

const folder = mkdtempSync(join(tmpdir(), 'test-whyslow-view-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const DOCUMENTS: Readonly<Record<string, object>> = {
  report: { schema: 'whyslow-report/1' },
  code: { schema: 'whyslow-report/1', pipeline: { file: 'app.mjs' } },
  load: { schema: 'whyslow-load/1' },
  ab: { schema: 'whyslow-ab/1' },
  lint: { schema: 'whyslow-lint/1' },
  newer: { schema: 'whyslow-load/2' },
  evidence: { schema: 'whyslow-evidence/1' },
  check: { schema: 'whyslow-check/1' },
}

const fileOf = (name: string): string => join(folder, `${name}.json`)
for (const [name, document] of Object.entries(DOCUMENTS)) writeFileSync(fileOf(name), JSON.stringify(document))

const silent = { width: 80, colour: false, showsProgress: false, print: async () => {}, say: () => {} }

test.each([
  [['report', 'load'], /report\.json is a report of a model, .*load\.json is a run under load: .*whyslow view .*report\.json/],
  [['code', 'report'], /code\.json is a report of your own code, .*report\.json is a report of a model: /],
  [['ab', 'ab'], /\(a result of ab\) have no page side by side; .*whyslow ab FIRST SECOND/],
  [['lint', 'lint'], /\(a result of lint\) .*each by itself: whyslow view /],
  [['newer'], /version 2 of the document is newer than this whyslow/],
  [['evidence'], /whyslow explain makes a report of it/],
  [['check'], /kind check has no page yet/],
  [['report', 'report', 'report'], /more at once: whyslow fleet report/],
])('%j is one line, and nothing is served', async (names, message) => {
  const files = names.map(fileOf)
  const refused = await runView(files, { open: false }, { screen: silent, signal: AbortSignal.abort() }).catch((error) => error)
  expect(refused).toBeInstanceOf(UsageError)
  expect(refused.message).toMatch(message)
  expect(refused.message).not.toContain('\n')
})
