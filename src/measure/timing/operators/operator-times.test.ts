import { rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { plainOptions } from '../../../engines/example-options.ts'
import { model, node, valueInfo, writeModel } from '../../../graph/build.ts'
import { readMachine } from '../../../machine/index.ts'
import { folderOfTests } from '../../../trials/example-folder.ts'
import { runLocally } from '../../../trials/local-runner.ts'
import { operatorTimes, type TimedGroup } from './index.ts'
import type { TimedModel } from './task.ts'
import { operatorTimesTask } from './task.ts'

const folder = folderOfTests()

const type = { dtype: 'float32', shape: [1, 8] } as const
const small = (key: string, opType: string): TimedModel => {
  const file = join(folder, `${key}.onnx`)
  const value = (name: string) => valueInfo(name, 'float32', type.shape)
  writeFileSync(file, writeModel(model({ nodes: [node(opType, ['x'], ['y'])], inputs: [value('x')], outputs: [value('y')] })))
  return { key, file, inputs: [{ name: 'x', type }] }
}
/** The engine ends the process at outputs of this type. */
const crashing = (): TimedModel => ({
  key: 'crash',
  file: resolve(import.meta.dirname, '../../../../fixtures/models/int4-output.onnx'),
  inputs: [{ name: 'x', type: { dtype: 'float32', shape: [4] } }],
})

test('one time a round for what runs, a reason for what does not', async () => {
  const models = [small('a', 'Relu'), small('b', 'NoSuchOperator'), small('c', 'Neg')]
  const task = {
    engine: 'ort-cpu',
    options: plainOptions,
    models,
    rounds: 2,
    sampleMs: 1,
    budgetMs: 1e6,
    progressFile: join(folder, 'progress'),
  }
  const rows = await operatorTimesTask.run(task)
  expect(rows.map(({ key, roundsMs }) => [key, roundsMs?.length])).toEqual([
    ['a', 2],
    ['b', undefined],
    ['c', 2],
  ])
  expect(rows[1]).toMatchObject({ roundsMs: null, reason: expect.stringMatching(/NoSuchOperator/) })
})

test('a crash costs its own row, and what was measured is kept by group', async () => {
  const groups: TimedGroup[] = [
    { identity: 'relu', models: [small('d', 'Relu')] },
    { identity: 'crash', models: [crashing()] },
    { identity: 'neg', models: [small('e', 'Neg')] },
  ]
  const machine = readMachine([])
  const key = { machine, engine: 'ort-cpu', engineVersion: '1', nodeVersion: process.version, threads: null }
  const plan = {
    run: runLocally,
    engine: 'ort-cpu',
    options: plainOptions,
    groups,
    limits: { memoryBytes: 4e9, signal: undefined },
    folder,
    cache: { options: { mode: 'use' as const, folder: join(folder, 'cache') }, key },
    budgetMs: 1000,
  }
  const times = await operatorTimes(plan)
  expect([times.get('d'), times.get('e')].map((ms) => typeof ms)).toEqual(['number', 'number'])
  expect(times.get('crash')).toMatch(/process ended/)
  // From the cache, without a process: the files are gone.
  rmSync(join(folder, 'd.onnx'))
  expect(await operatorTimes({ ...plan, groups: [groups[0]!] })).toEqual(new Map([['d', times.get('d')]]))
})
