// What predicting in a worker adds: the shipped predict() in the caller's thread and through its worker, in turns.
import { processClock } from '../engines/sampler.ts'
import { importShipped, plainFeeds, type ShippedFolder } from '../engines/shipped-folder.ts'
import { loadInputs } from '../samples/saved.ts'
import { median, pairsInTurns } from '../statistics/index.ts'
import { defineTask } from '../trials/port.ts'
import { loopMs } from './loop.ts'

export interface WorkerCostInput {
  readonly shipped: ShippedFolder
  /** Path of an inputs.json. */
  readonly inputs: string
  readonly sampleMs: number
}

export interface WorkerCost {
  /** p50 of predict() in the caller's thread and through the worker. */
  readonly plainMs: number
  readonly workerMs: number
}

const ROUNDS = 4
const LEAST = { warmup: 3, samples: 5 } as const

type LoadEither = (options: { readonly worker: boolean }) => Promise<{
  predict(feeds: Readonly<Record<string, unknown>>): Promise<unknown>
  close(): Promise<void>
}>

async function measureWorkerCost({ shipped, inputs, sampleMs }: WorkerCostInput): Promise<WorkerCost> {
  return workerCost(await importShipped(shipped), loadInputs(inputs).map(plainFeeds), sampleMs)
}

export async function workerCost(
  load: LoadEither,
  feeds: readonly Record<string, unknown>[],
  sampleMs: number,
  now = processClock,
): Promise<WorkerCost> {
  const plan = { least: LEAST, warmupMs: 0, sampleMs: sampleMs / ROUNDS / 2 }
  const pairs = await pairsInTurns(ROUNDS, async (side) => {
    const model = await load({ worker: side === 1 })
    const runs = feeds.map((one) => () => model.predict(one))
    const ms = await loopMs(runs, plan, now)
    await model.close()
    return ms
  })
  return { plainMs: median(pairs.map(([plain]) => plain)), workerMs: median(pairs.map(([, worker]) => worker)) }
}

export const workerCostTask = defineTask('worker-cost', import.meta.url, measureWorkerCost)
