// A page in a browser's tab is called after the file that its document is of.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { documentOutput } from './document-output.ts'

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
