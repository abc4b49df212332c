// Times of small models, measured in a process that one of them ends.
import { rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { model, node, valueInfo, writeModel } from '@whyslow/graph/build.ts'
import { readMachine } from '@whyslow/measure/machine/index.ts'
import { plainOptions } from '@whyslow/measure/support/engines/example-options.ts'
import { folderOfTests } from '@whyslow/measure/support/trials/example-folder.ts'
import { operatorTimes, type TimedGroup } from '@whyslow/measure/timing/operators/index.ts'
import type { TimedModel } from '@whyslow/measure/timing/operators/task.ts'
import { runLocally } from '@whyslow/measure/trials/local-runner.ts'
import { expect, test } from 'vitest'

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
  file: resolve(import.meta.dirname, '../../fixtures/models/int4-output.onnx'),
  inputs: [{ name: 'x', type: { dtype: 'float32', shape: [4] } }],
})

test('a crash costs its own row, and what was measured is kept by group', async () => {
  const groups: TimedGroup[] = [
    { identity: 'relu', models: [small('relu', 'Relu'), small('unknown', 'NoSuchOperator')] },
    { identity: 'crash', models: [crashing()] },
    { identity: 'neg', models: [small('neg', 'Neg')] },
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
  expect(['relu', 'neg'].map((one) => typeof times.get(one))).toEqual(['number', 'number'])
  expect(times.get('unknown')).toMatch(/NoSuchOperator/)
  expect(times.get('crash')).toMatch(/process ended/)
  // From the cache, without a process: the files are gone.
  rmSync(join(folder, 'relu.onnx'))
  expect(await operatorTimes({ ...plan, groups: [groups[0]!] })).toEqual(
    new Map(['relu', 'unknown'].map((one) => [one, times.get(one)])),
  )
})
