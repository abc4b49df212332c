// A model of a format that the engine does not read: every task of a command is given it as ONNX, and the reader is told of the file.
import { existsSync, mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { engineOptionsOf } from '@whyslow/command/engine-options.ts'
import { DEFAULTS } from '@whyslow/command/options.ts'
import { openRun } from '@whyslow/command/run.ts'
import { here, MODEL, scriptedMachine } from '@whyslow/command/support/example-trials.ts'
import { readModel } from '@whyslow/formats/index.ts'
import { fileForEngine, type Model } from '@whyslow/graph/model.ts'
import { folderOfTests } from '@whyslow/measure/support/trials/example-folder.ts'
import { expect, test } from 'vitest'
import { openEngines, openModels } from './compare/contestants.ts'
import { COMPARE_DEFAULTS } from './compare/options.ts'
import { measureRun } from './measure-run.ts'

const folderOfAll = folderOfTests()
const newFolder = () => mkdtempSync(join(folderOfAll, 'run-'))

/** The fixture as a reader of another format would give it: the file itself is none that an engine opens. */
async function ofAnotherFormat(): Promise<Model> {
  const model = await readModel(MODEL)
  return { ...model, source: { ...model.source, file: '/models/m.moon', format: 'moon' } }
}

const scripted = () => scriptedMachine({ latency: () => 3 })
const filesOf = (trials: ReturnType<typeof scripted>) =>
  trials.asked.flatMap(({ input }) => (input as { modelFile?: string }).modelFile ?? [])

test('a run measures what was written', async () => {
  const trials = scripted()
  const options = { ...DEFAULTS, cache: 'off' as const, quick: true, trials }
  const run = await openRun(await ofAnotherFormat(), options, here, newFolder())
  const { evidence } = await measureRun(run, options)
  const files = new Set(filesOf(trials))
  expect([...files]).toEqual([fileForEngine(run.model)])
  expect(existsSync([...files][0]!)).toBe(true)
  expect(evidence.model).toMatchObject({ file: '/models/m.moon', format: 'moon' })
})

test('so do the contestants of a comparison, each called by the file that was given', async () => {
  const model = await ofAnotherFormat()
  for (const open of [openEngines, (one: Model, opening: never) => openModels([one, one], opening)]) {
    const trials = scripted()
    const folder = newFolder()
    const options = { ...COMPARE_DEFAULTS, cache: 'off' as const, engines: ['ort-cpu'], trials }
    const { contestants } = await open(model, {
      options,
      folder,
      limits: { memoryBytes: 1e9, signal: undefined },
      progress() {},
    } as never)
    expect(contestants.every(({ model }) => fileForEngine(model).startsWith(join(folder, 'onnx-of-')))).toBe(true)
    expect(filesOf(trials).every((file) => file.startsWith(join(folder, 'onnx-of-')))).toBe(true)
    expect(contestants.every(({ model }) => model.source.file === '/models/m.moon')).toBe(true)
  }
})

test('entries of the user have the last word over those that a model needs', async () => {
  const onnx = await readModel(MODEL)
  const lite = { ...onnx, source: { ...onnx.source, format: 'tflite' } }
  const asked = (configEntries: Readonly<Record<string, string>>) =>
    engineOptionsOf({ ...DEFAULTS, configEntries }, { model: lite, engineId: 'ort-cpu' }).configEntries
  expect(asked({ a: 'b' })).toEqual({ 'session.x64quantprecision': '1', a: 'b' })
  expect(asked({ 'session.x64quantprecision': '0' })).toEqual({ 'session.x64quantprecision': '0' })
})
