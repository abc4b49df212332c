// JSON that is read would be replaced by JSON that is written, as a model of TensorFlow.js or XGBoost, or the document of a machine.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { typed } from '../test/support/example-command-line.ts'

const folder = mkdtempSync(join(tmpdir(), 'test-whyslow-output-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

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
  // What whyslow wrote itself may be written over elsewhere.
  const content = '{"schema":"whyslow-machine/1"}'
  for (const file of [read, model]) writeFileSync(file, content)
  writeFileSync(trace, '{"traceEvents":[]}')
  const words = line.replace('READ', read).replaceAll('MODEL', model).replace('TRACE', trace)
  const { exitCode, said } = await typed(`${words} --json ${read}`)
  expect([exitCode, said]).toEqual([2, `whyslow: --json ${read}: this is the file that is read; give another name\n`])
  expect(readFileSync(read, 'utf8')).toBe(content)
})
