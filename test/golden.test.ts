// From recorded measurements to what is printed, byte for byte: evidence of eight models (docs: fixtures/README.md) is diagnosed and
// rendered again, and documents of other commands are drawn again. A difference leaves a `-changed` file; WHYSLOW_BLESS=1 accepts it.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'
import { explain } from '../src/commands/explain.ts'
import { readEvidence } from '../src/evidence/file.ts'
import type { DistillDocument } from '../src/report/documents/distill.ts'
import type { ReportDocument } from '../src/report/documents/report.ts'
import { renderAb } from '../src/report/text/ab-text.ts'
import { renderComparison } from '../src/report/text/comparison-text.ts'
import { renderDistill } from '../src/report/text/distill-text.ts'
import { renderGap } from '../src/report/text/gap/gap-text.ts'
import { renderJson } from '../src/report/text/json.ts'
import { renderLint } from '../src/report/text/lint-text.ts'
import { renderLoad } from '../src/report/text/load-text.ts'
import { renderPipeline } from '../src/report/text/pipeline-text.ts'
import { renderStudy } from '../src/report/text/study-text.ts'
import { renderTerminal } from '../src/report/text/terminal.ts'
import { renderFix } from '../src/report/text/trials.ts'
import { BLESSES } from './blessing.ts'
import { ROOT } from './sources.ts'

const FOLDER = join(ROOT, 'fixtures/golden')
const BLESS = 'WHYSLOW_BLESS=1 npx vitest run --project unit test/golden'
const AT_80 = { width: 80, colour: false }
const temporary = mkdtempSync(join(tmpdir(), 'test-whyslow-golden-'))
afterAll(() => rmSync(temporary, { recursive: true, force: true }))

const names = (ending: string) =>
  readdirSync(FOLDER).flatMap((name) => (name.endsWith(ending) ? [name.slice(0, -ending.length)] : []))

function checkGolden(name: string, text: string): void {
  const [, stem, ending] = /^(.*)\.(json|txt)$/.exec(name)!
  const [golden, changed] = [join(FOLDER, name), join(FOLDER, `${stem}-changed.${ending}`)]
  if (BLESSES) writeFileSync(golden, text)
  const known = existsSync(golden) ? readFileSync(golden, 'utf8') : ''
  if (text === known) rmSync(changed, { force: true })
  else writeFileSync(changed, text)
  expect(
    text === known,
    `it differs: see ${changed}. Where it should (a new rule is named in every report), ${BLESS} writes all of them again`,
  ).toBe(true)
}

describe.each(names('.evidence.json.gz'))('evidence of %s', (name) => {
  const file = join(temporary, `${name}.json`)
  writeFileSync(file, gunzipSync(readFileSync(join(FOLDER, `${name}.evidence.json.gz`))))
  const report = explain(readEvidence(file))

  test('gives the report that it gave', () => checkGolden(`${name}.report.json`, renderJson(report)))
  test('is drawn as it was', () => checkGolden(`${name}.report.txt`, renderTerminal(report, AT_80)))
})

const RENDERERS: Readonly<Record<string, (document: never, options: typeof AT_80) => string>> = {
  'whyslow-report/1': (report: ReportDocument, options) => (report.pipeline ? renderPipeline : renderFix)(report, options),
  'whyslow-ab/1': renderAb,
  'whyslow-load/1': renderLoad,
  'whyslow-study/1': renderStudy,
  'whyslow-lint/1': renderLint,
  'whyslow-gap/1': renderGap,
  'whyslow-distill/1': (document: DistillDocument, { width }) => `${renderDistill(document, width)}\n`,
  'whyslow-comparison/1': renderComparison,
}

test.each(names('.document.json'))('the document of %s is drawn as it was', (name) => {
  const document = JSON.parse(readFileSync(join(FOLDER, `${name}.document.json`), 'utf8'))
  checkGolden(`${name}.document.txt`, RENDERERS[document.schema]!(document as never, AT_80))
})
