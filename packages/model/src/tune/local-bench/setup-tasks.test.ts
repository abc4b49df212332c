import fs from 'node:fs'
import path from 'node:path'
import { InputError } from '@whyslow/graph/input-error.ts'
import { loadInputs } from '@whyslow/measure/samples/saved.ts'
import { folderOfTests } from '@whyslow/measure/support/trials/example-folder.ts'
import { describe, expect, test } from 'vitest'
import { exampleModel, examplePlan } from '../../../test/support/tune/local-bench/example-plan.ts'
import { madeTask, setupTasks } from './setup-tasks.ts'

const folder = folderOfTests()

test('the original is read where it lies; another model is written once, however often it is asked for', async () => {
  const { plan, setup } = examplePlan(folder, {})
  const written: string[] = []
  const tasks = setupTasks({
    ...plan,
    write: (model, at) => {
      written.push(at)
      return plan.write(model, at)
    },
  })
  const model = exampleModel(3)
  const [own, first, second] = await Promise.all(
    [setup(), setup({}, { model }), setup({ threads: 2 }, { model })].map(tasks.taskOf),
  )
  expect(own).toEqual({
    engine: 'ort-cpu',
    modelFile: plan.original.source.file,
    options: setup().options,
    inputs: plan.inputs.saved,
  })
  expect(first!.modelFile).toBe(second!.modelFile)
  expect(written).toEqual([path.dirname(first!.modelFile)])
})

test('a model that holds the same weights is the same model', async () => {
  const { plan, setup } = examplePlan(folder, {})
  const tasks = setupTasks(plan)
  const copy = { ...plan.original, origins: new Map() }
  expect((await tasks.fileOf(copy)).file).toBe(plan.original.source.file)
  expect(tasks.keyOf(setup({}, { model: copy }))).toBe(tasks.keyOf(setup()))
})

test('sizes are known of what was written', async () => {
  const { plan, setup } = examplePlan(folder, {})
  const tasks = setupTasks(plan)
  const changed = setup({}, { model: exampleModel(3) })
  expect(tasks.sizeBytes(setup())).toBe(plan.original.source.sizeBytes)
  expect(tasks.sizeBytes(changed)).toBeNaN()
  const { modelFile } = await tasks.taskOf(changed)
  expect(tasks.sizeBytes(changed)).toBe(fs.statSync(modelFile).size)
})

test('a batch is joined once from the samples', async () => {
  const { plan, setup } = examplePlan(folder, {})
  const tasks = setupTasks(plan)
  const { inputs } = await tasks.taskOf(setup({}, { batchFactor: 2 }))
  expect((await tasks.taskOf(setup({ threads: 2 }, { batchFactor: 2 }))).inputs).toBe(inputs)
  expect(loadInputs(inputs).map(({ x }) => [x!.shape, [...(x!.data as Float32Array)]])).toEqual([
    [
      [2, 2],
      [1, 2, 3, 4],
    ],
    [
      [2, 2],
      [3, 4, 1, 2],
    ],
  ])
})

test('a setup that names another engine runs on it, and predicts in another way', async () => {
  const { plan, setup } = examplePlan(folder, {})
  const tasks = setupTasks(plan)
  const [old, other] = ['1', '2'].map((version) => setup({}, { engine: { id: 'other', version } }))
  expect(await tasks.taskOf(other!)).toMatchObject({ engine: 'other', modelFile: plan.original.source.file })
  expect(new Set([setup(), old!, other!].map(tasks.keyOf)).size).toBe(3)
})

test('a setup in two parts runs on the measured engine, and from its folder alone', async () => {
  const { plan, setup } = examplePlan(folder, {})
  const ship = async (_: unknown, at: string) => ({ folder: at, takesTensors: true, env: {} })
  const tasks = setupTasks({ ...plan, ship })
  const [head, tail] = [{ head: { value: 'a', columns: 1 } }, { tail: { value: 'a', columns: 1 } }].map((cut) =>
    setup({}, { engine: { id: 'other', version: '1', cut } }),
  )
  const task = await tasks.taskOf(head!)
  expect(task).toMatchObject({ engine: plan.engineId, shipped: { takesTensors: true } })
  expect(task).toEqual(await tasks.shippedTaskOf(head!))
  expect((await tasks.taskOf(setup())).shipped).toBe(undefined)
  expect(new Set([setup(), head!, tail!].map(tasks.keyOf)).size).toBe(3)
})

test('keys tell what predicts in another way, whatever the order of entries', () => {
  const { plan, setup } = examplePlan(folder, {})
  const { keyOf } = setupTasks(plan)
  expect(keyOf(setup({ configEntries: { a: '1', b: '2' } }))).toBe(keyOf(setup({ configEntries: { b: '2', a: '1' } })))
  const others = [setup({ threads: 2 }), setup({ configEntries: { a: '1' } }), setup({}, { batchFactor: 2 })]
  expect(new Set([setup(), ...others, setup({}, { model: exampleModel(2) })].map(keyOf)).size).toBe(5)
})

test('every path is a new one, and a new file has a folder of its own', () => {
  const tasks = setupTasks(examplePlan(folder, {}).plan)
  const [a, b] = [tasks.newFile('executed'), tasks.newFile('executed')]
  expect(path.dirname(a)).not.toBe(path.dirname(b))
  expect(fs.readdirSync(path.dirname(a))).toEqual([])
})

test('the folder that a setup would be shipped in is written once, whatever the batch; without one the task is the plain one', async () => {
  const { plan, setup } = examplePlan(folder, {})
  const written: string[] = []
  const ship = async (_: unknown, at: string) => {
    written.push(at)
    return { folder: at, takesTensors: true, env: {} }
  }
  const tasks = setupTasks({ ...plan, ship })
  const [one, batch] = await Promise.all([setup(), setup({}, { batchFactor: 2 })].map(tasks.shippedTaskOf))
  expect(one).toEqual({ ...(await tasks.taskOf(setup())), shipped: { folder: written[0], takesTensors: true, env: {} } })
  expect(batch!.shipped).toEqual(one!.shipped)
  await tasks.shippedTaskOf(setup({ threads: 2 }))
  expect(written).toHaveLength(2)
  const none = setupTasks({ ...plan, ship: async () => null })
  expect(await none.shippedTaskOf(setup())).toEqual(await none.taskOf(setup()))
})

describe('an engine that does not read ONNX', () => {
  const engine = { id: 'other', version: '1', format: 'tflite' as const }

  test('is given the model as it is written for it, once, and what ONNX has is another file', async () => {
    const { plan, setup } = examplePlan(folder, {})
    const written: (string | undefined)[] = []
    const write: typeof plan.write = (model, at, format) => {
      written.push(format)
      return plan.write(model, at)
    }
    const tasks = setupTasks({ ...plan, write })
    const [lite, again] = [setup({}, { engine }), setup({ threads: 2 }, { engine })]
    expect(tasks.sizeBytes(lite)).toBeNaN()
    const { modelFile } = await tasks.taskOf(lite)
    expect((await tasks.taskOf(again)).modelFile).toBe(modelFile)
    expect(written).toEqual(['tflite'])
    expect(tasks.sizeBytes(lite)).toBe(fs.statSync(modelFile).size)
    expect((await tasks.taskOf(setup())).modelFile).toBe(plan.original.source.file)
  })

  test('is given the file itself where that is of its format and nothing in it was changed', async () => {
    const { plan, setup } = examplePlan(folder, {})
    const { source } = plan.original
    const original = { ...plan.original, source: { ...source, file: 'own.tflite', format: 'tflite' }, writtenTo: 'written.onnx' }
    const tasks = setupTasks({ ...plan, original })
    expect(await tasks.taskOf(setup({}, { model: original, engine }))).toMatchObject({ engine: 'other', modelFile: 'own.tflite' })
    expect(await tasks.taskOf(setup({}, { model: original }))).toMatchObject({ modelFile: 'written.onnx' })
    const changed = await tasks.taskOf(setup({}, { model: exampleModel(3), engine }))
    expect(path.dirname(path.dirname(changed.modelFile))).toBe(plan.folder)
  })

  test('fails by itself where the model cannot be written for it', async () => {
    const { plan, setup } = examplePlan(folder, {})
    const refusal = new InputError('model.onnx: the node n cannot be written')
    const tasks = setupTasks({ ...plan, write: () => Promise.reject(refusal) })
    const made = (task: ReturnType<typeof tasks.taskOf>, signal?: AbortSignal) => madeTask(task, signal)
    expect(await made(tasks.taskOf(setup({}, { engine })))).toEqual({ outcome: 'failed', reason: refusal.message })
    expect(await made(tasks.taskOf(setup()))).toMatchObject({ outcome: 'measured' })
    const reason = 'its files could not be made: a fault'
    expect(await made(Promise.reject(new RangeError('a fault\nin its stack')))).toEqual({ outcome: 'failed', reason })
    await expect(made(Promise.reject(refusal), AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough')
  })
})
