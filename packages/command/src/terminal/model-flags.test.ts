import { createHash } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { defaultFolder, problemOfFolder } from './model-flags.ts'

describe('the folder that is written by default', () => {
  let at: string
  const model = (folder: string) => path.join(at, folder, 'model.onnx')
  beforeAll(() => {
    at = fs.mkdtempSync(path.join(os.tmpdir(), 'test-whyslow-default-folder-'))
    for (const [folder, bytes] of [
      ['a', 'one'],
      ['b', 'other'],
      ['moved', 'one'],
    ] as const) {
      fs.mkdirSync(path.join(at, folder))
      fs.writeFileSync(model(folder), bytes)
    }
    fs.mkdirSync(path.join(at, 'model-fast'))
    const sha256 = createHash('sha256').update('one').digest('hex')
    const report = { model: { file: 'a/model.onnx', sha256 } }
    fs.writeFileSync(path.join(at, 'model-fast', 'report.json'), JSON.stringify(report))
  })
  afterAll(() => fs.rmSync(at, { recursive: true, force: true }))

  const problem = (file: string) => problemOfFolder(path.join(at, defaultFolder(file)), file)

  test('is called after the model', () => expect(defaultFolder(model('a'))).toBe('model-fast'))

  test('is replaced for the same path, also if the model is another now, and for the same bytes', () => {
    expect(problem(model('a'))).toBeUndefined()
    expect(problem(model('moved'))).toBeUndefined()
    fs.writeFileSync(model('a'), 'trained again')
    expect(problem(model('a'))).toBeUndefined()
  })

  test('is refused in one line if it holds what was made of another model', () => {
    expect(problem(model('b'))).toMatch(/^model-fast\/ holds what was made of a\/model\.onnx$/)
  })

  test('without a report it is for the writer of the folder to judge', () => {
    fs.mkdirSync(path.join(at, 'other-fast'))
    expect(problemOfFolder(path.join(at, 'other-fast'), model('b'))).toBeUndefined()
  })
})
