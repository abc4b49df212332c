import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { scriptedClock } from '../../test/support/engines/example-clock.ts'
import { saveInputs } from '../samples/saved.ts'
import { workerCost, workerCostTask } from './worker-cost-task.ts'

let folder: string
let inputs: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'whyslow-worker-cost-'))
  const sample = (x: number) => ({ x: { dtype: 'float32' as const, shape: [1, 2], data: Float32Array.of(x, x) } })
  inputs = saveInputs(join(folder, 'inputs'), [sample(1), sample(2)])
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** A folder's predict.mjs that writes down what is asked of it. */
function shipped(body: string): void {
  writeFileSync(
    join(folder, 'predict.mjs'),
    `globalThis.workerCostCalls = []
    const note = (call) => globalThis.workerCostCalls.push(call)
    export async function load({ worker }) {
      note(['load', worker])
      return {
        async predict({ x }) { note(['predict', worker, x.type, [...x.data], x.dims]); ${body} },
        async close() { note(['close', worker]) },
      }
    }`,
  )
}
const calls = () => (globalThis as unknown as { workerCostCalls: unknown[][] }).workerCostCalls

test('both ways take turns, each opened and closed, with the samples as the engine’s tensors are', async () => {
  shipped('')
  const { plainMs, workerMs } = await workerCostTask.run({
    shipped: { folder, takesTensors: false, env: {} },
    inputs,
    sampleMs: 1,
  })
  expect(plainMs).toBeGreaterThan(0)
  expect(workerMs).toBeGreaterThan(0)
  const opened = calls().filter(([what]) => what !== 'predict')
  const turn = (worker: boolean) => [
    ['load', worker],
    ['close', worker],
  ]
  // Plain first, then the other way round, so that a drift meets both.
  expect(opened).toEqual([false, true, true, false, false, true, true, false].flatMap(turn))
  const predicted = calls().filter(([what]) => what === 'predict')
  expect(predicted.slice(0, 2)).toEqual([
    ['predict', false, 'float32', [1, 1], [1, 2]],
    ['predict', false, 'float32', [2, 2], [1, 2]],
  ])
})

test('both are medians on the clock, of as much time each', async () => {
  const clock = scriptedClock()
  const opened: { worker: boolean; predictions: number }[] = []
  const load = async ({ worker }: { readonly worker: boolean }) => {
    const one = { worker, predictions: 0 }
    opened.push(one)
    return {
      async predict() {
        one.predictions++
        // A worker hands over and back; the third turn meets a busy machine.
        clock.pass((worker ? 3 : 2) * (opened.length === 3 ? 5 : 1))
      },
      async close() {},
    }
  }
  expect(await workerCost(load, [{}, {}], 480, clock.now)).toEqual({ plainMs: 2, workerMs: 3 })
  // 60 ms a turn: three warm up, then as many as fit, five at least.
  expect(opened.map(({ worker, predictions }) => [worker, predictions])).toEqual([
    [false, 3 + 30],
    [true, 3 + 20],
    [true, 3 + 5],
    [false, 3 + 30],
    [false, 3 + 30],
    [true, 3 + 20],
    [true, 3 + 20],
    [false, 3 + 30],
  ])
})

test('a folder that cannot predict is an error', async () => {
  shipped('throw new Error("no such input")')
  await expect(workerCostTask.run({ shipped: { folder, takesTensors: false, env: {} }, inputs, sampleMs: 1 })).rejects.toThrow(
    'no such input',
  )
})
