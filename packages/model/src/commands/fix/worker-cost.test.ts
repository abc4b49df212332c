import fs from 'node:fs'
import path from 'node:path'
import type { Run } from '@whyslow/command/run.ts'
import { model, modelInMemory, node, valueInfo } from '@whyslow/graph/build.ts'
import { folderOfTests } from '@whyslow/measure/support/trials/example-folder.ts'
import { failed, measured, type Script, scriptedRunner } from '@whyslow/measure/support/trials/example-runner.ts'
import type { WorkerCostInput } from '@whyslow/measure/timing/worker-cost-task.ts'
import { expect, test } from 'vitest'
import { planOf } from '../../../test/support/ship/example-plan.ts'
import { trialFolder } from './tried-folder.ts'
import { workerCost } from './worker-cost.ts'

const folder = folderOfTests()

const relu = modelInMemory(
  model({
    nodes: [node('Relu', ['x'], ['y'])],
    inputs: [valueInfo('x', 'float32', [2])],
    outputs: [valueInfo('y', 'float32', [2])],
  }),
)

async function cost(script: Script) {
  const own = fs.mkdtempSync(path.join(folder, 'worker-'))
  const trials = scriptedRunner(script)
  const engine = path.join(own, 'engine')
  fs.mkdirSync(engine)
  const run = {
    trials,
    folder: own,
    engine: { from: engine },
    inputs: { saved: path.join(own, 'inputs.json') },
    limits: { memoryBytes: 1e9, signal: undefined },
  } as unknown as Run
  const shipped = (await trialFolder(planOf(relu, path.join(own, 'out')), run, path.join(own, 'shipped')))!
  return { ms: await workerCost(shipped, run), trials, own, engine }
}

test('is what a prediction takes more in the worker, in the folder as it will be shipped, with the engine that was measured', async () => {
  const { ms, trials, own, engine } = await cost({ 'worker-cost': () => measured({ plainMs: 2, workerMs: 2.5 }) })
  expect(ms).toBe(0.5)
  const { shipped: tried, inputs } = trials.asked[0]!.input as WorkerCostInput
  expect(inputs).toBe(path.join(own, 'inputs.json'))
  expect(fs.existsSync(path.join(tried.folder, 'predict.mjs'))).toBe(true)
  expect(fs.realpathSync(path.join(tried.folder, '../node_modules/onnxruntime-node'))).toBe(fs.realpathSync(engine))
})

test('is never below nothing', async () => {
  expect((await cost({ 'worker-cost': () => measured({ plainMs: 2, workerMs: 1.9 }) })).ms).toBe(0)
})

test('is unknown if it cannot be tried', async () => {
  expect((await cost({ 'worker-cost': () => failed('no worker') })).ms).toBeNull()
})
