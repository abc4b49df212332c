// A page in a browser's tab is called after the file that its document is of.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { documentOutput } from './document-output.ts'
import { typed } from './example-command-line.ts'

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

// JSON that is read would be replaced by JSON that is written, as a model of TensorFlow.js or XGBoost, or the document of a machine.
test.each([
  'load READ --rate 5',
  'check MODEL --against READ',
  'check MODEL --baseline READ',
  'foretell MODEL --machine READ',
  'foretell MODEL --machine MODEL --known READ',
  'explain TRACE --machine READ',
  'explain TRACE --model MODEL --here READ',
])('%s: what is read is not written over', async (line) => {
  const [read, model, trace] = ['read.json', 'model.json', 'trace.json'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  for (const file of [read, model]) writeFileSync(file, '{}')
  writeFileSync(trace, '{"traceEvents":[]}')
  const words = line.replace('READ', read).replaceAll('MODEL', model).replace('TRACE', trace)
  const { exitCode, said } = await typed(`${words} --json ${read}`)
  expect([exitCode, said]).toEqual([2, `whyslow: --json ${read}: this is the file that is read; give another name\n`])
  expect(readFileSync(read, 'utf8')).toBe('{}')
})
