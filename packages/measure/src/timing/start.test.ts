// A start on a scripted engine and clock: what its parts are.
import { beforeAll, expect, test } from 'vitest'
import { scriptedClock } from '../../test/support/engines/example-clock.ts'
import { type EngineScript, scriptedEngine } from '../../test/support/engines/example-engine.ts'
import { plainOptions } from '../../test/support/engines/example-options.ts'
import { folderOfTests } from '../../test/support/trials/example-folder.ts'
import { saveInputs } from '../samples/saved.ts'
import { modelTask } from '../trials/model-task.ts'
import { timeStart } from './start.ts'

const folder = folderOfTests()
let inputs: string
beforeAll(() => {
  inputs = saveInputs(folder, [{ x: { dtype: 'float32', shape: [1], data: Float32Array.of(1) } }])
})

async function started(script: Partial<EngineScript> = {}, samples = inputs) {
  const clock = scriptedClock()
  const engine = scriptedEngine({ clock, importMs: 300, loadMs: () => 40, runMs: () => 2, ...script })
  return { engine, times: await timeStart(modelTask('scripted', 'm.onnx', plainOptions, samples), engine, clock.now) }
}

test('importing the package, opening the model and predicting once, of which the last two depend on the model', async () => {
  const { times, engine } = await started()
  expect(times).toEqual({ importMs: 300, loadMs: 40, firstMs: 2, totalMs: 42 })
  expect(engine.log).toEqual(['open m.onnx', 'close m.onnx'])
})

test('an engine that is not here is an error that says what to do', async () => {
  const available = { ok: false, reason: 'no package', fix: 'npm install it' } as const
  await expect(started({ available })).rejects.toThrow('no package; npm install it')
})

test('nothing starts without a sample', async () => {
  await expect(started({}, saveInputs(`${folder}/none`, []))).rejects.toThrow('no sample')
})
