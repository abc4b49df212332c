// `compare` on a program, with scripted passes: which of its models is compared, on what, and what the document calls it.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { CompareModelOptions } from '@whyslow/command/compare-port.ts'
import { localTrials } from '@whyslow/measure/trials/local-runner.ts'
import type { ComparisonDocument } from '@whyslow/report/documents/comparison.ts'
import { afterAll, describe, expect, test } from 'vitest'
import { UNIX } from '../../../../../test/needs.ts'
import type { CapturedModel, Message } from '../../protocol.ts'
import { compareProgram } from './compare-program.ts'

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'whyslow-compare-program-'))
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))
const service = path.join(folder, 'service.py')
fs.writeFileSync(service, 'model.predict(x)\n')
const interpreter = path.join(folder, 'python')
const said = { version: '3.11.7', executable: interpreter, implementation: 'cpython', has: {}, versions: {} }
fs.writeFileSync(interpreter, `#!/bin/sh\necho '${JSON.stringify(said)}'\n`, { mode: 0o755 })

const model = (rest: Partial<CapturedModel>): CapturedModel => ({
  name: 'model',
  engine: 'pytorch',
  type: 'Net',
  ran: { file: 'service.py', line: 12, function: 'predict' },
  timeMs: 1,
  reason: null,
  file: '/tmp/models-0/model/model.onnx',
  data: '/tmp/models-0/model/data',
  ...rest,
})

async function compared(models: readonly CapturedModel[], given = service, said: object = { kindOfProgram: 'stages' }) {
  const plans: object[] = []
  const asked: [readonly string[], Partial<CompareModelOptions>][] = []
  const document = await compareProgram(
    given,
    {
      python: interpreter,
      trials: localTrials,
      run: async (_, plan) => {
        plans.push(plan)
        const captured = { kind: 'captured', models, files: [], root: folder, tokenizers: [], ...said } as unknown as Message
        return {
          messages: [{ kind: 'warning', text: 'the request is made up' }, captured],
          failure: null,
          log: { head: '', tail: '', bytes: 0 },
          leftRunning: 0,
        }
      },
    },
    {
      compare: async (files, options) => {
        asked.push([files, options])
        const reports = [{ findings: [{ rule: 'engine-choice', next: { command: '', words: [] } }] }]
        return { answer: `${files[0]} is fast`, warnings: ['noise'], reports } as unknown as ComparisonDocument
      },
    },
  )
  return { document, asked, plans }
}

describe.skipIf(process.platform === 'win32')('compare of a program', UNIX, () => {
  test('is of the model that takes most, as its own library opens it, on what the program gives it', async () => {
    const program = '/tmp/models-0/model_2/model.pt2'
    const most = model({
      name: 'model_2',
      type: 'Encoder',
      timeMs: 9,
      program,
      reason: 'it can be another model for other inputs',
    })
    const { document, asked } = await compared([model({ program: null }), most])
    expect(asked).toMatchObject([[[program], { data: '/tmp/models-0/model/data', python: interpreter }]])
    expect(document.answer).toBe(`${service} is fast`)
    expect(document.reports).toMatchObject([{ findings: [{ rule: 'engine-choice', next: null }] }])
    expect(document.warnings).toEqual([
      'compared is the Encoder of pytorch that service.py:12 calls',
      'not compared: the Net of pytorch that service.py:12 calls',
      'the request is made up',
      'noise',
    ])
  })

  test('of a function of it has that function called, and the program named without it', async () => {
    const { document, plans } = await compared([model({})], `${service}:score`)
    expect(plans).toMatchObject([{ file: service, call: 'score' }])
    expect(document.answer).toBe(`${service} is fast`)
  })

  test('is refused for a script with the command that names a function', async () => {
    const script = { kindOfProgram: 'script', functions: ['clean', 'score'] }
    await expect(compared([], service, script)).rejects.toThrow(
      /takes a sample: whyslow compare \S+service\.py:score --data samples\.json \(it has clean, score\)$/,
    )
  })

  test('is refused with the reason if no model can be written', async () => {
    const { file: _, ...unable } = model({ reason: 'the model is on cuda' })
    await expect(compared([unable])).rejects.toThrow(/service\.py: its Net of pytorch cannot be compared: the model is on cuda; /)
  })
})
