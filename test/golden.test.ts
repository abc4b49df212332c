// From recorded measurements to what is printed, byte for byte: evidence of eight models (docs: fixtures/README.md) is diagnosed and
// rendered again, and documents of other commands are drawn again. A difference leaves a `-changed` file; WHYSLOW_BLESS=1 accepts it.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { explain } from '@whyslow/model/commands/explain.ts'
import { readEvidence } from '@whyslow/model/evidence/file.ts'
import { renderJson } from '@whyslow/report/text/json.ts'
import { afterAll, describe, expect, test } from 'vitest'
import { BLESSES } from './blessing.ts'
import { drawn } from './drawn.ts'
import { ROOT } from './root.ts'

const FOLDER = join(ROOT, 'fixtures/golden')
const BLESS = 'WHYSLOW_BLESS=1 npx vitest run --project unit test/golden'
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
  test('is drawn as it was', () => checkGolden(`${name}.report.txt`, drawn(report)))
})

test.each(names('.document.json'))('the document of %s is drawn as it was', (name) => {
  const document = JSON.parse(readFileSync(join(FOLDER, `${name}.document.json`), 'utf8'))
  checkGolden(`${name}.document.txt`, drawn(document))
})
