// The first look at a model, on a scripted engine.
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { scriptedClock } from '../test/support/engines/example-clock.ts'
import { type EngineScript, scriptedEngine } from '../test/support/engines/example-engine.ts'
import { plainOptions } from '../test/support/engines/example-options.ts'
import { folderOfTests } from '../test/support/trials/example-folder.ts'
import { saveInputs } from './samples/saved.ts'
import { modelTask } from './trials/model-task.ts'
import { tryOnce } from './try-once.ts'

const folder = folderOfTests()
const float = (...values: number[]) => ({ dtype: 'float32' as const, shape: [values.length], data: Float32Array.from(values) })
let inputs: string
beforeAll(() => {
  inputs = saveInputs(join(folder, 'in'), [{ x: float(1) }, { x: float(2) }])
})

/** `threads`: of the process, at each count. */
async function tried(script: Partial<EngineScript> = {}, threads: (number | null)[] = []) {
  const clock = scriptedClock()
  const engine = scriptedEngine({ clock, runMs: () => 1, ...script })
  const options = { ...plainOptions, threads: 8 }
  const counts = [...threads]
  const task = modelTask('scripted', 'm.onnx', options, inputs)
  return { engine, output: await tryOnce(task, engine, () => counts.shift() ?? null, clock.now) }
}

describe('outputs', () => {
  const results: EngineScript['results'] = (_, { x }) => {
    const value = (x!.data as Float32Array)[0]!
    return {
      y: float(value, -value),
      bad: float(value === 2 ? Number.NaN : 1),
      whole: { dtype: 'int64', shape: [1], data: BigInt64Array.of(1n) },
    }
  }

  test('have the type of the first, and are finite where they are for every sample', async () => {
    const { output, engine } = await tried({ results, outputs: ['y', 'bad', 'whole'] })
    expect(output.outputs).toEqual([
      { name: 'y', type: { dtype: 'float32', shape: [2] }, finite: true },
      { name: 'bad', type: { dtype: 'float32', shape: [1] }, finite: false },
      { name: 'whole', type: { dtype: 'int64', shape: [1] }, finite: true },
    ])
    expect(engine.opened[0]!.fed).toHaveLength(2)
  })

  test('that are no tensors have no type', async () => {
    expect((await tried({ results, outputs: ['map'] })).output.outputs).toEqual([{ name: 'map', type: null, finite: true }])
  })
})

describe('threads of the pool', () => {
  test('are those that the session brought, and the caller', async () => {
    const { output, engine } = await tried({ offers: ['threads'] }, [14, 17])
    expect(output.poolThreads).toBe(4)
    // What the engine starts once is there before: a session on one thread brings it up.
    expect(engine.opened.map(({ file, options }) => [file, options.threads])).toEqual([
      ['one-node.onnx', 1],
      ['m.onnx', 8],
    ])
  })

  test('are what the session tells, where it does', async () => {
    expect((await tried({ offers: ['threads'], threads: 2 }, [14, 17])).output.poolThreads).toBe(2)
  })

  test('are unknown where neither system nor engine tells', async () => {
    expect((await tried({ offers: ['threads'] }, [null, null])).output.poolThreads).toBeNull()
    const { output, engine } = await tried({}, [14, 17])
    expect(output.poolThreads).toBeNull()
    expect(engine.opened).toHaveLength(1)
  })
})

test('a refusal is the engine’s own error', async () => {
  const loadMs = () => {
    throw new Error('NOT_IMPLEMENTED')
  }
  await expect(tried({ loadMs })).rejects.toThrow('NOT_IMPLEMENTED')
})

describe('how long it takes', () => {
  test('is told of loading and of the fastest prediction', async () => {
    const { output } = await tried({ loadMs: () => 70, runMs: (_, k) => [30, 20][k]! })
    expect(output).toMatchObject({ loadMs: 70, predictionMs: 20 })
  })

  test('a slow model is predicted with once', async () => {
    const { output, engine } = await tried({ runMs: () => 501 })
    expect(output.predictionMs).toBe(501)
    expect(engine.opened[0]!.fed).toHaveLength(1)
  })
})
