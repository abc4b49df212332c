import { exampleBlock } from '@whyslow/measure/support/timing/example-block.ts'
import { folderOfTests } from '@whyslow/measure/support/trials/example-folder.ts'
import { failed, measured, scriptedRunner } from '@whyslow/measure/support/trials/example-runner.ts'
import type { LatencyInput } from '@whyslow/measure/timing/latency-block.ts'
import { expect, test } from 'vitest'
import { examplePlan } from '../../test/support/evidence/example-plan.ts'
import { measurePairedEngines } from './paired-engines.ts'

const folder = folderOfTests()
const besides = ['tfjs-wasm', 'ort-cpu', 'litert'].map((id) => ({
  id,
  device: 'cpu',
  modelFile: `model-of-${id}`,
  configEntries: { of: id },
}))

async function measuredBeside(predictionMs = 1) {
  const latency = ({ engine }: LatencyInput) =>
    engine === 'ort-cpu' ? failed('it does not take the model') : measured(exampleBlock(engine === 'tfjs-cpu' ? 4 : 1))
  const { run, asked } = scriptedRunner({ latency })
  const plan = examplePlan({ run, folder, beside: besides, inputs: { firstLook: { loadMs: 10, predictionMs } } })
  const task = { engine: 'tfjs-cpu', modelFile: 'model.json', options: plan.engineOptions, inputs: plan.inputs.saved }
  return { found: await measurePairedEngines({ ...plan, task }), asked: asked.map(({ input }) => input as LatencyInput) }
}

test('in pairs, each with its own form of the model, its runtime told; one that fails is left out', async () => {
  const { found, asked } = await measuredBeside()
  expect(found).toMatchObject([
    { id: 'tfjs-wasm', runtime: 'TensorFlow.js', p50Ms: 1, ratio: 0.25, rounds: 5 },
    { id: 'litert', runtime: 'LiteRT', p50Ms: 1, ratio: 0.25, rounds: 5 },
  ])
  expect(new Set(asked.map(({ engine, modelFile }) => `${engine} ${modelFile}`))).toEqual(
    new Set(['tfjs-cpu model.json', ...besides.map(({ id, modelFile }) => `${id} ${modelFile}`)]),
  )
  expect(new Set(asked.map(({ engine, options }) => `${engine} ${options.configEntries.of}`))).toEqual(
    new Set(['tfjs-cpu undefined', ...besides.map(({ id }) => `${id} ${id}`)]),
  )
})

test('predictions of seconds are left to compare', async () => {
  expect(await measuredBeside(2001)).toEqual({ found: [], asked: [] })
})
