// What predicting in a worker adds: the shipped predict() in the caller's thread and through its worker, in turns.
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { takeSamples, timedRuns } from '../../engines/sampler.ts'
import { defineTask } from '../../trials/port.ts'
import { loadInputs } from '../samples/saved.ts'
import { median } from './statistics.ts'
import { turns } from './turns.ts'

export interface WorkerCostInput {
  /** A shipped folder whose engine can be imported from there. */
  readonly folder: string
  /** Path of an inputs.json. */
  readonly inputs: string
  readonly sampleMs: number
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

const now = () => performance.now()

async function measureWorkerCost({ folder, inputs, sampleMs }: WorkerCostInput): Promise<WorkerCost> {
  const { load } = (await import(pathToFileURL(path.join(folder, 'predict.mjs')).href)) as {
    load(options?: { worker: boolean }): Promise<Predictor>
  }
  const feeds = loadInputs(inputs).map((sample) =>
    Object.fromEntries(
      Object.entries(sample).map(([name, { dtype, shape, data }]) => [name, { type: dtype, data, dims: shape }]),
    ),
  )
  const times: Record<'plain' | 'worker', number[]> = { plain: [], worker: [] }
  for (let round = 0; round < ROUNDS; round++) {
    for (const mode of turns(MODES.length, round).map((i) => MODES[i]!)) {
      const model = await load({ worker: mode === 'worker' })
      times[mode].push(await loop(model, feeds, sampleMs / ROUNDS / 2))
      await model.close()
    }
  }
  return { plainMs: median(times.plain), workerMs: median(times.worker) }
}

async function loop(model: Predictor, feeds: readonly Record<string, unknown>[], sampleMs: number): Promise<number> {
  const runs = feeds.map((one) => () => model.predict(one))
  const plan = { least: LEAST, warmupMs: 0, sampleMs, maxSamples: Number.POSITIVE_INFINITY }
  return median((await takeSamples(timedRuns(runs, now), plan, now)).samplesMs)
}

export const workerCostTask = defineTask('worker-cost', import.meta.url, measureWorkerCost)
