import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { keptScreen } from '@whyslow/command/support/terminal/example-screen.ts'
import { lintDocument } from '@whyslow/report/support/documents/example-lint.ts'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { FlagsOf } from './flags.ts'
import { runLint } from './lint.ts'
import type { Stages } from './stages.ts'

const never = new AbortController().signal
const defaults: FlagsOf<'lint'> = { engine: 'ort-cpu', graphOptimization: 'all', cache: 'use', lock: true, progress: false }

let folder = ''
let model = ''
let screen = keptScreen()
let asked: Parameters<Stages['lint']>[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'whyslow-lint-'))
  model = join(folder, 'model.onnx')
  writeFileSync(model, 'a model')
  asked = []
  screen = keptScreen()
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const run = (flags: Partial<FlagsOf<'lint'>> = {}) =>
  runLint(model, { ...defaults, ...flags }, { screen, signal: never, load: async () => ({ lint }) as Stages })
const lint: Stages['lint'] = async (...given) => {
  asked.push(given)
  return lintDocument()
}

test('flags become options, and the answer goes to the terminal', async () => {
  await run({ threads: 2, duration: 3 })
  const [file, options] = asked[0]!
  expect(file).toBe(model)
  expect(options).toMatchObject({ threads: 2, seconds: 3, quick: true })
  expect(screen.printed.join('')).toMatch(/^The sentence\.\n/)
  expect(screen.said).toBe('')
})

test('--json writes the document, - prints it', async () => {
  const json = join(folder, 'lint.json')
  await run({ json })
  expect(JSON.parse(readFileSync(json, 'utf8'))).toEqual(lintDocument())
  expect(screen.said).toBe(`whyslow: wrote lint document: ${json}\n`)
  screen = keptScreen()
  await run({ json: '-' })
  expect(JSON.parse(screen.printed.join(''))).toEqual(lintDocument())
})

test('nothing is measured where the document cannot be written', async () => {
  await expect(run({ json: model })).rejects.toThrow(/this is the file that is read/)
  await expect(run({ json: join(folder, 'none', 'x.json') })).rejects.toThrow(/does not exist/)
  expect(asked).toEqual([])
  expect(existsSync(join(folder, 'none'))).toBe(false)
})

test('lint writes no model but by the name before, --repair with -o', async () => {
  await expect(run({ repair: true })).rejects.toThrow(/lint only reads; to repair: whyslow fix MODEL -o repaired\.onnx/)
  await expect(run({ out: 'repaired.onnx' })).rejects.toThrow(/lint only reads; to repair: whyslow fix MODEL -o repaired\.onnx/)
  expect(asked).toEqual([])
  await run({ repair: true, out: 'repaired.onnx', maxLoss: 0.02, budget: 30 })
  expect(asked[0]![1]).toMatchObject({ repair: 'repaired.onnx', maxLoss: 0.02, budgetSeconds: 30 })
  await run()
  expect(asked[1]![1]).toMatchObject({ repair: null })
})
