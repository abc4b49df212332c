// What is asked about tokenizers in JavaScript; no process starts.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test, vi } from 'vitest'
import type { askOnce as AskOnce } from './ask-once.ts'
import { looksOf, tryJavascriptTokenizers } from './javascript-tokenizers.ts'

const askOnce = vi.fn(async () => [])

const root = mkdtempSync(join(tmpdir(), 'whyslow-asked-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const SOURCE = `const vocab = new Map()
export function encode(text) { const ids = []; for (const word of text.split(' ')) ids.push(vocab.get(word)); return ids }
`

test('the program is run where the library is there and a tokenizer stands in it, and only there', async () => {
  const file = join(root, 'app.mjs')
  const question = { file, call: null, data: null, arguments: [], folders: [], limitMs: 1000 }
  const ask = () => tryJavascriptTokenizers(question, askOnce as unknown as typeof AskOnce)
  writeFileSync(file, SOURCE)
  expect(await ask()).toBeNull()
  const library = join(root, 'node_modules/@huggingface/tokenizers')
  mkdirSync(library, { recursive: true })
  writeFileSync(join(library, 'index.js'), '')
  expect(await ask()).toEqual([])
  expect(askOnce).toHaveBeenCalledTimes(1)
  writeFileSync(file, 'export const predict = (x) => x')
  expect(await ask()).toBeNull()
  expect(askOnce).toHaveBeenCalledTimes(1)
})

test('what cannot be parsed has no looks', () => {
  expect(looksOf({ path: '/app/a.js', text: SOURCE })).not.toEqual([])
  expect(looksOf({ path: '/app/a.js', text: 'const = `' })).toEqual([])
})
