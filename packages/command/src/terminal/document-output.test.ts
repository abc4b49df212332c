// A page in a browser's tab is called after the file that its document is of.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { type DocumentFlags, documentOutput } from './document-output.ts'

const folder = mkdtempSync(join(tmpdir(), 'test-whyslow-output-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const silent = { width: 80, colour: false, showsProgress: false, print: async () => {}, say: () => {} }

test.each([
  [{ schema: 'whyslow-gap/1', file: '/app/predict.mjs' }, 'whyslow: predict.mjs'],
  [{ schema: 'whyslow-lint/1', model: { file: '/models/a.onnx' } }, 'whyslow: a.onnx'],
  [{ schema: 'whyslow-load/1', target: { name: 'http://127.0.0.1:8000/predict' } }, 'whyslow: http://127.0.0.1:8000/predict'],
  [{ schema: 'whyslow-study/1' }, 'whyslow: report'],
])('%j', async (document, title) => {
  const html = join(folder, 'page.html')
  await documentOutput({ html }).deliver(silent, { document, name: 'document', text: () => '' })
  expect(readFileSync(html, 'utf8')).toContain(`<title>${title}</title>`)
})

const DOCUMENT = { schema: 'whyslow-example/1', answer: 'It is fast.', file: '/m.onnx' }

/** What is printed, and said on standard error. */
async function delivered(flags: DocumentFlags): Promise<{ printed: string; said: string }> {
  const out = { printed: '', said: '' }
  const screen = {
    ...silent,
    async print(text: string) {
      out.printed += text
    },
    say(text: string) {
      out.said += text
    },
  }
  await documentOutput(flags).deliver(screen, { document: DOCUMENT, name: 'check document', text: () => 'the text\n' })
  return out
}

test.each<[DocumentFlags, RegExp]>([
  [{ json: '-' }, /^\{\n {2}"schema": "whyslow-example\/1"/],
  [{ html: '-' }, /^<!doctype html>/i],
  [{ markdown: '-' }, /^<!-- whyslow -->/],
  [{}, /^the text\n$/],
  [{ quiet: true }, /^It is fast\.\n$/],
  [{ quiet: true, json: '-' }, /^\{\n/],
])('%j prints one thing', async (flags, printed) => {
  expect(await delivered(flags)).toEqual({ printed: expect.stringMatching(printed), said: '' })
})

test('a document in three files, and the text on the screen', async () => {
  const [json, html, markdown] = ['three.json', 'three.html', 'three.md'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  const { printed, said } = await delivered({ json, html, markdown })
  expect(printed).toBe('the text\n')
  expect(said).toBe(`whyslow: wrote check document: ${json}, page: ${html}, Markdown: ${markdown}\n`)
  expect(JSON.parse(readFileSync(json, 'utf8'))).toEqual(DOCUMENT)
  expect(readFileSync(markdown, 'utf8')).toMatch(/^<!-- whyslow -->\n[\s\S]*It is fast\./)
  expect((await delivered({ markdown, quiet: true })).said).toBe('')
})

test('one document at a time goes to standard output', () => {
  expect(() => documentOutput({ json: '-', markdown: '-' })).toThrow(
    '--json and --markdown: both go to standard output; give a file to all but one, as in --json FILE',
  )
})

test('a file that whyslow did not write is no place for Markdown', () => {
  const notes = join(folder, 'notes.md')
  writeFileSync(notes, '# My notes')
  expect(() => documentOutput({ markdown: notes })).toThrow(/exists and is not Markdown that whyslow wrote/)
})
