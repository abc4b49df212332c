// What predicting in a worker adds: the shipped predict() in the caller's thread and through its worker, in turns.
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { defineTask } from '../../trials/port.ts'
import { loadInputs } from '../samples/saved.ts'
import { median } from './statistics.ts'

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
const WARMUP_RUNS = 3
const MIN_RUNS = 5

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
    for (const mode of round % 2 === 0 ? (['plain', 'worker'] as const) : (['worker', 'plain'] as const)) {
      const model = await load({ worker: mode === 'worker' })
      times[mode].push(await loop(model, feeds, sampleMs / ROUNDS / 2))
      await model.close()
    }
  }
  return { plainMs: median(times.plain), workerMs: median(times.worker) }
}

async function loop(model: Predictor, feeds: readonly Record<string, unknown>[], sampleMs: number): Promise<number> {
  for (let k = 0; k < WARMUP_RUNS; k++) await model.predict(feeds[k % feeds.length]!)
  const samples: number[] = []
  const start = performance.now()
  for (let k = 0; k < MIN_RUNS || performance.now() - start < sampleMs; k++) {
    const t = performance.now()
    await model.predict(feeds[k % feeds.length]!)
    samples.push(performance.now() - t)
  }
  return median(samples)
}

export const workerCostTask = defineTask('worker-cost', import.meta.url, measureWorkerCost)
