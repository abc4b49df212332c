import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { UsageError } from './usage-error.ts'
import { checkFolder, checkTarget, checkTargets, writeTarget } from './write-file.ts'

let folder = ''
let model = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'whyslow-write-'))
  model = join(folder, 'model.onnx')
  writeFileSync(model, '\b\u0007model')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))
const refused = (path: string) => expect(() => checkTarget(path, '--json', model)).toThrow(UsageError)

describe('an output path', () => {
  test('is refused where it is the model under any of its names', () => {
    symlinkSync(model, join(folder, 'link.json'))
    linkSync(model, join(folder, 'hard.json'))
    for (const name of ['model.onnx', 'link.json', 'hard.json']) refused(join(folder, name))
    refused(`${folder}/./model.onnx`)
    expect(readFileSync(model, 'utf8')).toBe('\b\u0007model')
  })

  test('is refused where it is a folder, in no folder, under a file, or a file that is not JSON', () => {
    writeFileSync(join(folder, 'weights.bin'), 'weights')
    for (const path of [folder, join(folder, 'no/x.json'), join(model, 'x.json'), join(folder, 'weights.bin')]) refused(path)
  })

  test('is accepted where it is new, empty or JSON, and trying it out leaves nothing', () => {
    writeFileSync(join(folder, 'old.json'), ' {"a":1}')
    writeFileSync(join(folder, 'empty'), '')
    for (const name of ['new.json', 'old.json', 'empty']) checkTarget(join(folder, name), '--json', model)
    expect(readdirSync(folder).sort()).toEqual(['empty', 'model.onnx', 'old.json'])
  })
})

test('a model in memory is not written over', ({ skip }) => {
  if (!existsSync('/dev/shm')) skip('no folder in memory: /dev/shm is missing')
  const own = mkdtempSync('/dev/shm/whyslow-write-')
  onTestFinished(() => rmSync(own, { recursive: true }))
  writeFileSync(join(own, 'other.onnx'), '\b\u0007model')
  refused(join(own, 'other.onnx'))
})

test('a table is written over a table, and over nothing else', () => {
  const kinds = { '--csv': 'model,model_sha256,engine\r\n', '--parquet': 'PAR1\u0015' } as const
  for (const [flag, begin] of Object.entries(kinds)) {
    const table = join(folder, `table${flag}`)
    writeFileSync(table, begin)
    checkTarget(table, flag, model)
    writeFileSync(table, '{}')
    expect(() => checkTarget(table, flag, model)).toThrow(/exists and is not/)
  }
})

test('writing replaces the file that a link leads to and leaves nothing beside it', () => {
  mkdirSync(join(folder, 'real'))
  writeFileSync(join(folder, 'real/r.json'), '{}')
  symlinkSync(join(folder, 'real/r.json'), join(folder, 'r.json'))
  writeTarget(checkTarget(join(folder, 'r.json'), '--json', model), '{"new":1}', '--json')
  expect(readFileSync(join(folder, 'real/r.json'), 'utf8')).toBe('{"new":1}')
  expect(readdirSync(join(folder, 'real'))).toEqual(['r.json'])
})

test('a folder that is gone when the text is written is a UsageError', () => {
  mkdirSync(join(folder, 'gone'))
  const target = checkTarget(join(folder, 'gone/x.json'), '--json', model)
  rmSync(join(folder, 'gone'), { recursive: true })
  expect(() => writeTarget(target, '{}', '--json')).toThrow(UsageError)
})

test('a folder to come is checked without being made', () => {
  checkFolder(join(folder, 'a/b'), '--save-inputs')
  expect(readdirSync(folder)).toEqual(['model.onnx'])
  expect(() => checkFolder(join(model, 'a'), '--save-inputs')).toThrow(UsageError)
})

describe('paths of several flags', () => {
  test('are refused where two are one file, or one is standard output', () => {
    const path = join(folder, 'x.json')
    const twice = { '--json': path, '--html': undefined, '--save-profile': `${folder}/./x.json` }
    expect(() => checkTargets(twice, [model])).toThrow('--json and --save-profile name the same file; give two names')
    expect(() => checkTargets({ '--csv': '-' }, [])).toThrow(/^--csv -: standard output is for the document/)
    expect(() => checkTargets({ '--csv': model }, [model])).toThrow(/this is the file that is read/)
  })

  test('are found by their flags', () => {
    const targets = checkTargets({ '--json': join(folder, 'a.json'), '--html': undefined, '--csv': join(folder, 'a.csv') }, [])
    expect([...targets].map(([flag, { path }]) => [flag, path.split('/').at(-1)])).toEqual([
      ['--json', 'a.json'],
      ['--csv', 'a.csv'],
    ])
  })
})
