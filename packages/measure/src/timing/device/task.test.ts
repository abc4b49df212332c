// What a prediction on a device is made of, on a scripted engine: which sessions it takes, and what their times say.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { TensorType } from '@whyslow/graph/types.ts'
import { beforeAll, describe, expect, test } from 'vitest'
import { scriptedClock } from '../../../test/support/engines/example-clock.ts'
import { type EngineScript, scriptedEngine } from '../../../test/support/engines/example-engine.ts'
import { plainOptions } from '../../../test/support/engines/example-options.ts'
import { folderOfTests } from '../../../test/support/trials/example-folder.ts'
import type { OpenOptions, SampleRun } from '../../engines/types.ts'
import { saveInputs } from '../../samples/saved.ts'
import { modelTask } from '../../trials/model-task.ts'
import { type DeviceInput, watchDevice } from './task.ts'

const folder = folderOfTests()
let inputs: string
beforeAll(() => {
  inputs = saveInputs(join(folder, 'in'), [
    {
      image: { dtype: 'float32', shape: [2, 3], data: new Float32Array(6) },
      mask: { dtype: 'int32', shape: [4], data: new Int32Array(4) },
      // Stays with the CPU.
      ids: { dtype: 'int64', shape: [4], data: new BigInt64Array(4) },
    },
  ])
})
const OUTPUTS: readonly TensorType[] = [
  { dtype: 'float32', shape: [8] },
  { dtype: 'float16', shape: [0, 8] },
]

/** Of the models that move tensors, ms: one element takes 20. */
const MOVING: Readonly<Record<string, number>> = {
  'transfer-base.onnx': 20,
  'transfer-upload-0.onnx': 50,
  'transfer-upload-1.onnx': 25,
  'transfer-download-0.onnx': 30,
}

async function watched(script: Partial<EngineScript> = {}, input: Partial<DeviceInput> = {}) {
  const clock = scriptedClock()
  const engine = scriptedEngine({ clock, runMs: ({ file }) => MOVING[file] ?? 20, ...script })
  const task = { ...modelTask('scripted', 'model.onnx', plainOptions, inputs), folder, outputTypes: OUTPUTS, ...input }
  return {
    found: await watchDevice(task, engine, clock.now),
    engine,
    sessions: engine.opened.filter(({ file }) => file === 'model.onnx'),
  }
}
/** What an engine that is timed where it runs gives. */
const sampledAt = (ms: number) => ({ samplesMs: [ms, ms, ms] }) as unknown as SampleRun

describe('inputs and outputs on their way', () => {
  test('cost what moving them takes beyond moving one element', async () => {
    const { found, engine } = await watched()
    expect(found).toMatchObject({ uploadMs: 30 + 5, downloadMs: 10, trace: null, bound: null, needsCpu: null })
    // Each alone, and those that do not move not at all; the model itself is not needed.
    expect(engine.log).toEqual(Object.keys(MOVING).flatMap((file) => [`open ${file}`, `close ${file}`]))
    expect(Object.keys(MOVING).every((file) => existsSync(join(folder, file)))).toBe(true)
    expect(engine.opened.map(({ fed }) => fed[0]!.x!.shape)).toEqual([[1], [2, 3], [4], [1]])
  })

  test('never cost less than nothing', async () => {
    const runMs: EngineScript['runMs'] = ({ file }) => (file === 'transfer-base.onnx' ? 30 : 10)
    expect((await watched({ runMs })).found).toMatchObject({ uploadMs: 0, downloadMs: 0 })
  })

  test('are timed by the engine that has a clock of its own', async () => {
    const { found, engine } = await watched({ sample: ({ file }) => sampledAt(MOVING[file]! / 10) })
    expect(found).toMatchObject({ uploadMs: 3.5, downloadMs: 1 })
    expect(engine.opened.every(({ fed }) => fed.length === 0)).toBe(true)
  })
})

describe('the profile', () => {
  const spans: EngineScript['spans'] = (_, k) => [{ name: 'argmax', opType: 'ArgMax', us: k < 3 ? 9000 : 3000 }]
  test('is of predictions that come after three that compile shaders', async () => {
    const { found, sessions, engine } = await watched({ offers: ['device-times'], spans })
    expect(sessions.map(({ options }) => options.profilePrefix)).toEqual([join(folder, 'device-')])
    // 400 ms of 20.
    expect(sessions[0]!.fed).toHaveLength(3 + 20)
    expect(found.trace).toMatchObject({
      predictions: 20,
      cpuNodes: [{ name: 'argmax', opType: 'ArgMax', timeMs: expect.closeTo(3) }],
    })
    expect(engine.log.slice(0, 2)).toEqual(['open model.onnx', 'close model.onnx'])
  })

  test('is of thirty predictions at most, and of one at least where they are slow', async () => {
    const count = async (ms: number) => (await watched({ offers: ['device-times'], runMs: () => ms })).sessions[0]!.fed.length
    expect([await count(1), await count(600)]).toEqual([3 + 30, 2 + 1])
  })
})

describe('whether the model needs the CPU', () => {
  const alone = ({ configEntries }: OpenOptions) => configEntries['session.disable_cpu_ep_fallback'] === '1'
  const refusing = (message: string): Partial<EngineScript> => ({
    offers: ['cpu-refused', 'device-times'],
    loadMs(file, options) {
      if (file === 'model.onnx' && alone(options)) throw new Error(message)
      return 10
    },
  })

  test('is answered by a session that may not use it', async () => {
    const { found, sessions } = await watched({ offers: ['cpu-refused', 'device-times'] })
    expect(found.needsCpu).toBe(false)
    expect(sessions.map(({ options }) => alone(options))).toEqual([true])
  })

  test('it does, where the engine refuses for that reason; the profile is of one that may', async () => {
    const { found, sessions } = await watched(refusing('fallback to CPU EP has been explicitly disabled by the user'))
    expect(found).toMatchObject({ needsCpu: true, trace: { predictions: 20 } })
    expect(sessions.map(({ options }) => alone(options))).toEqual([false])
  })

  test('is not known where it refuses for another', async () => {
    expect((await watched(refusing('out of memory'))).found.needsCpu).toBeNull()
  })
})

describe('tensors that stay on the device', () => {
  const sample: EngineScript['sample'] = ({ file, options }) =>
    sampledAt(file === 'model.onnx' ? (options.tensorsOnDevice ? 6 : 10) : MOVING[file]!)

  test('are compared with copied ones, in two sessions that are both open', async () => {
    const { found, engine } = await watched({ offers: ['device-tensors'], sample })
    expect(found.bound).toMatchObject({ copiedMs: 10, boundMs: 6, ratio: 0.6, rounds: 12 })
    expect(engine.log.slice(0, 4)).toEqual(['open model.onnx', 'open model.onnx', 'close model.onnx', 'close model.onnx'])
  })

  test('are left out where the trial is late', async () => {
    // The profile took a second: 60 % of the cap are over.
    const { found, sessions } = await watched(
      { offers: ['device-tensors', 'device-times'], sample, runMs: () => 200 },
      { capMs: 1000 },
    )
    expect(found.bound).toBeNull()
    expect(sessions).toHaveLength(1)
  })
})
