// Times of many small models in one process, in rounds (A B C, then C B A), so that a drift of the machine meets all of them alike.
// One is open at a time: the threads of idle sessions disturb the running one's (see profile/run.ts).
import { appendFileSync } from 'node:fs'
import { elementCount, isFloat } from '@whyslow/graph/dtype.ts'
import { firstLineOf } from '@whyslow/graph/input-error.ts'
import { mulberry32, normal } from '@whyslow/graph/random.ts'
import type { TensorType } from '@whyslow/graph/types.ts'
import { type Clock, processClock } from '../../engines/sampler.ts'
import type { Engine, EngineOptions, Feeds, TensorValue } from '../../engines/types.ts'
import { arrayFor, store } from '../../samples/dtype-arrays.ts'
import { loadInputs } from '../../samples/saved.ts'
import { turns } from '../../statistics/index.ts'
import { engineOf } from '../../trials/engine-of.ts'
import { defineTask } from '../../trials/port.ts'
import { quietLoopMs } from '../loop.ts'

/** A small model whose time is requested. */
export interface TimedModel {
  readonly key: string
  readonly file: string
  /** What it is fed: random numbers of these types. */
  readonly inputs: readonly { readonly name: string; readonly type: TensorType }[]
  /** Path of an inputs.json, whose first sample it is fed in place of random numbers; absent: random. */
  readonly saved?: string
  /** Its engine options, if they differ from the others'. */
  readonly options?: Partial<EngineOptions>
  /** What may be left out says what it is worth: where the time turns out to be short, the rest gets all of its rounds. */
  readonly worth?: number
  /** Fewer rounds and predictions than the others have, if it takes long; more rounds if there is time. */
  readonly few?: { readonly rounds: number; readonly warmup: number; readonly samples: number }
}

export interface OperatorTimesInput {
  readonly engine: string
  readonly options: EngineOptions
  readonly models: readonly TimedModel[]
  readonly rounds: number
  /** Sampling time of each model in each round, ms. */
  readonly sampleMs: number
  /** Predictions of each model in each round, and before them; absent: as many as tell operators of microseconds apart. */
  readonly least?: { readonly warmup: number; readonly samples: number }
  /** No further round begins after this long, ms. */
  readonly budgetMs: number
  /** Nor after this many and this long. */
  readonly enough?: { readonly rounds: number; readonly ms: number }
  /** Where the process writes what it begins, so that a crash can be laid to the model that caused it. */
  readonly progressFile: string
}

/** Lower quartile of each round, ms, the call's cost in it; a reason in place of it where the engine refuses the model. */
export type OperatorTime = { readonly key: string } & (
  | { readonly roundsMs: readonly number[] }
  | { readonly roundsMs: null; readonly reason: string }
)

const LEAST = { warmup: 3, samples: 4 } as const
const LEAST_WARMUP_MS = 1.5
const MOST_SAMPLES = 200
/** Random numbers repeat after this many: a prime, so that no row is like the next, and more than a branch predictor can learn. */
const PERIOD = 262_139

export async function timeOperators(
  input: OperatorTimesInput,
  engine = engineOf(input.engine),
  now = processClock,
): Promise<readonly OperatorTime[]> {
  const { models, rounds, budgetMs, enough, progressFile } = input
  const times = new Map<string, number[]>()
  const refused = new Map<string, string>()
  const leftOut = new Set<string>()
  const start = now()
  let expectedMs = 0
  for (let round = 0; round < rounds; round++) {
    const spentMs = now() - start
    if (round > 0 && spentMs > budgetMs) break
    if (enough && round >= enough.rounds && spentMs > enough.ms) break
    // What takes long has its turn again while the rounds take less than was meant for them.
    const isAhead = spentMs <= ((enough?.ms ?? budgetMs) * round) / (enough?.rounds ?? rounds)
    for (const i of round === 0 ? byWorth(models) : turns(models.length, round)) {
      const model = models[i]!
      // The first round tells what all rounds take.
      if (round === 0 && model.worth !== undefined && expectedMs > budgetMs) leftOut.add(model.key)
      if (refused.has(model.key) || leftOut.has(model.key)) continue
      if (model.few !== undefined && round >= model.few.rounds && !isAhead) continue
      const begunMs = now()
      // One line is what is begun; the last is what a crash is laid to.
      appendFileSync(progressFile, `${model.key}\n`)
      try {
        const ms = await timeOf(model, input, engine, now)
        times.set(model.key, [...(times.get(model.key) ?? []), ms])
      } catch (error) {
        refused.set(model.key, firstLineOf(error))
      }
      expectedMs += (now() - begunMs) * Math.min(enough?.rounds ?? rounds, model.few?.rounds ?? rounds)
    }
  }
  return models.map(({ key }) => {
    const reason = refused.get(key)
    return reason === undefined ? { key, roundsMs: times.get(key) ?? [] } : { key, roundsMs: null, reason }
  })
}

/** Places of the models, those that cannot be left out first; of one worth in their order. */
function byWorth(models: readonly TimedModel[]): readonly number[] {
  const worthOf = (i: number): number => models[i]!.worth ?? Number.POSITIVE_INFINITY
  return models.map((_, i) => i).sort((a, b) => (worthOf(a) === worthOf(b) ? 0 : worthOf(b) - worthOf(a)))
}

async function timeOf(
  { file, inputs, saved, options: own, few }: TimedModel,
  { options, sampleMs, least = LEAST }: OperatorTimesInput,
  engine: Engine,
  now: Clock,
): Promise<number> {
  const session = await engine.open(file, { ...options, ...own })
  try {
    const feeds = saved === undefined ? randomFeeds(inputs) : loadInputs(saved)[0]!
    const plan = { least: few ?? least, warmupMs: LEAST_WARMUP_MS, sampleMs, maxSamples: MOST_SAMPLES }
    return await quietLoopMs([session.prepare(feeds)], plan, now)
  } finally {
    await session.close()
  }
}

const randomFeeds = (inputs: TimedModel['inputs']): Feeds =>
  Object.fromEntries(inputs.map(({ name, type }, k) => [name, randomTensor(type, k + 1)]))

const pools = new Map<string, TensorValue['data']>()

/** Floats as after a normalization; whole numbers over the range of 8 bits where that is their type, else 0, which is in every index's range. */
function randomTensor({ dtype, shape }: TensorType, seed: number): TensorValue {
  const count = elementCount(shape)
  const data = arrayFor(dtype, count)
  const isRandom = isFloat(dtype) || dtype === 'uint8' || dtype === 'int8'
  if (!isRandom || data.length !== count) return { dtype, shape, data }
  const pool = pools.get(dtype) ?? randomNumbers(dtype)
  pools.set(dtype, pool)
  // Each input begins at another place. Making millions of them would take longer than predicting with them.
  const first = (seed * 7919) % PERIOD
  for (let at = 0; at < count; ) {
    const from = (first + at) % PERIOD
    const some = Math.min(count - at, PERIOD - from)
    ;(data as Float32Array).set((pool as Float32Array).subarray(from, from + some), at)
    at += some
  }
  return { dtype, shape, data }
}

function randomNumbers(dtype: TensorType['dtype']): TensorValue['data'] {
  const random = mulberry32(1)
  const numbers = arrayFor(dtype, PERIOD)
  for (let k = 0; k < PERIOD; k++) {
    const value = isFloat(dtype) ? normal(random) : Math.floor(random() * 256) - (dtype === 'int8' ? 128 : 0)
    store(dtype, numbers, k, value)
  }
  return numbers
}

export const operatorTimesTask = defineTask('operator-times', import.meta.url, timeOperators)
