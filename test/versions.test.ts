// Documents and schemas of earlier versions, as they were published: they are never written again, only added to. What an earlier version wrote is
// still read, valid and drawn, and a schema only grows: readers of earlier versions find every field that they knew.
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { embed, readShell } from '@whyslow/command/terminal/page-shell.ts'
import { explain } from '@whyslow/model/commands/explain.ts'
import { readEvidence } from '@whyslow/model/evidence/file.ts'
import { renderPage } from '@whyslow/report/html/html-page.ts'
import { renderMarkdown } from '@whyslow/report/markdown/markdown.ts'
import { faultIn } from '@whyslow/report/saved/saved-document.ts'
import { unzipSync } from 'fflate'
import { afterAll, describe, expect, test } from 'vitest'
import { drawn } from './drawn.ts'
import { ROOT } from './root.ts'
import { lost } from './schema-growth.ts'
import { schemaOf } from './support/schema.ts'

/** By archive in fixtures/versions. A new version adds its own; a hash here never changes. */
const FROZEN: Readonly<Record<string, string>> = {
  // Text generation, and streams under load: they came later.
  '0.1.0-generation.zip': 'dcbc7e85ea74aaabf056eb34ec01990c9185b838c22e70b43aa79ea364fa532e',
  '0.1.0.zip': '75dec76ffac4e0de67a3644a5e2afac70d100c8c499ef30b43cff7c048efe997',
}
const FOLDER = join(ROOT, 'fixtures/versions')

const temporary = mkdtempSync(join(tmpdir(), 'test-whyslow-versions-'))
afterAll(() => rmSync(temporary, { recursive: true, force: true }))

const schema = (name: string): object => JSON.parse(readFileSync(join(ROOT, 'packages/report/src/documents', name), 'utf8'))
const words = (text: string): string => text.replace(/\s+/g, ' ')

test('no archive was changed, and none is missing', () => {
  const hashes = readdirSync(FOLDER).map((name) => [
    name,
    createHash('sha256')
      .update(readFileSync(join(FOLDER, name)))
      .digest('hex'),
  ])
  expect(Object.fromEntries(hashes)).toEqual(FROZEN)
})

describe.each(Object.keys(FROZEN))('%s', (archive) => {
  const files = Object.entries(unzipSync(readFileSync(join(FOLDER, archive)))).map(([path, bytes]) => {
    const [folder, name] = path.split('/') as [string, string]
    return { folder, name, text: new TextDecoder().decode(bytes) }
  })
  const of = (folder: string) => files.filter((one) => one.folder === folder).map(({ name, text }) => [name, text] as const)

  test.each(of('schemas'))('%s has only grown', (name, text) => {
    expect(lost(JSON.parse(text), schema(name))).toEqual([])
  })

  test.each(of('documents'))('%s is valid, and drawn as text, as Markdown and as a page', (_, text) => {
    const document = JSON.parse(text) as { schema: string; answer: string }
    const published = /^whyslow-(report|comparison|study|load|generation)\/1$/.exec(document.schema)?.[1]
    if (published !== undefined) {
      const valid = schemaOf(published)
      expect(valid(document), JSON.stringify(valid.errors)).toBe(true)
    }
    const answer = words(document.answer)
    expect(words(drawn(document))).toContain(answer)
    expect(renderMarkdown(document).length).toBeGreaterThan(answer.length)
    expect(renderPage(readShell(), embed({ documents: [document] }), { title: 'whyslow', answer })).toContain('<html')
  })

  // Written while 0.1.0 was made, before its schema had all that it requires now.
  test.each(of('before'))('%s is drawn', (_, text) => {
    expect(drawn(JSON.parse(text)).length).toBeGreaterThan(100)
    expect(renderMarkdown(JSON.parse(text)).length).toBeGreaterThan(100)
  })

  test.each(of('documents').filter(([name]) => name.endsWith('.report.json')))('%s is a baseline, and compared', (_, text) => {
    const document = JSON.parse(text)
    expect([faultIn('baseline', document), faultIn('saved-report', document)]).toEqual([undefined, undefined])
  })

  test.each(of('history'))('%s is an entry of a history', (_, text) => {
    expect(faultIn('history-entry', JSON.parse(text))).toBeUndefined()
  })

  test.each(of('evidence'))('%s is explained', (name, text) => {
    const file = join(temporary, name)
    writeFileSync(file, text)
    const report = explain(readEvidence(file))
    expect(report.answer).not.toBe('')
    expect(report.latency!.p50Ms).toBeGreaterThan(0)
  })
})
