// What predicting in a worker adds: the shipped predict() in the caller's thread and through its worker, in turns.
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { processClock } from '../../engines/sampler.ts'
import { defineTask } from '../../trials/port.ts'
import { loadInputs } from '../samples/saved.ts'
import { loopMs } from './loop.ts'
import { median } from './statistics.ts'
import { turns } from './turns.ts'

export interface WorkerCostInput {
  /** A shipped folder whose engine can be imported from there. */
  readonly folder: string
  /** Path of an inputs.json. */
  readonly inputs: string
  readonly sampleMs: number
  /** What the folder's code is told by the environment. */
  readonly env?: Readonly<Record<string, string>>
}

export interface WorkerCost {
  /** p50 of predict() in the caller's thread and through the worker. */
  readonly plainMs: number
  readonly workerMs: number
}

interface Predictor {
  predict(feeds: Record<string, unknown>): Promise<unknown>
  close(): Promise<void>
}

const ROUNDS = 4
const LEAST = { warmup: 3, samples: 5 } as const
const MODES = ['plain', 'worker'] as const

export type LoadPredictor = (options: { readonly worker: boolean }) => Promise<Predictor>

async function measureWorkerCost({ folder, inputs, sampleMs, env = {} }: WorkerCostInput): Promise<WorkerCost> {
  Object.assign(process.env, env)
  const { load } = (await import(pathToFileURL(path.join(folder, 'predict.mjs')).href)) as { load: LoadPredictor }
  const feeds = loadInputs(inputs).map((sample) =>
    Object.fromEntries(
      Object.entries(sample).map(([name, { dtype, shape, data }]) => [name, { type: dtype, data, dims: shape }]),
    ),
  )
  return workerCost(load, feeds, sampleMs)
}

export async function workerCost(
  load: LoadPredictor,
  feeds: readonly Record<string, unknown>[],
  sampleMs: number,
  now = processClock,
): Promise<WorkerCost> {
  const times: Record<'plain' | 'worker', number[]> = { plain: [], worker: [] }
  const plan = { least: LEAST, warmupMs: 0, sampleMs: sampleMs / ROUNDS / MODES.length }
  for (let round = 0; round < ROUNDS; round++) {
    for (const mode of turns(MODES.length, round).map((i) => MODES[i]!)) {
      const model = await load({ worker: mode === 'worker' })
      const runs = feeds.map((one) => () => model.predict(one))
      times[mode].push(await loopMs(runs, plan, now))
      await model.close()
    }
  }
  return { plainMs: median(times.plain), workerMs: median(times.worker) }
}

export const workerCostTask = defineTask('worker-cost', import.meta.url, measureWorkerCost)
