// One engine call, timed outside of a loop: with all outputs, and with the logits alone leaving the engine. Both are run in turns; the difference
// is what it takes to hand the cache to JavaScript.
import { loadOrt } from '@whyslow/measure/engines/onnxruntime/ort-node.ts'
import { sessionOptions } from '@whyslow/measure/engines/onnxruntime/ort-options.ts'
import { type TensorType, toOrt } from '@whyslow/measure/engines/onnxruntime/tensors.ts'
import { type Clock, processClock } from '@whyslow/measure/engines/sampler.ts'
import type { OpenOptions } from '@whyslow/measure/engines/types.ts'
import { loadInputs } from '@whyslow/measure/samples/saved.ts'
import { median, pairsInTurns, percentileInterval, sortAscending } from '@whyslow/measure/statistics/index.ts'
import { defineTask } from '@whyslow/measure/trials/port.ts'
import type * as Ort from 'onnxruntime-node'

export interface StepInput {
  readonly modelFile: string
  readonly options: OpenOptions
  /** Path of an inputs.json with the feeds of one call. */
  readonly inputs: string
  readonly logits: string
  readonly sampleMs: number
}

export interface StepCall {
  readonly stepMs: number
  /** Equal to `stepMs` unless the pairs show a difference; null: the logits are the only output. */
  readonly logitsOnlyMs: number | null
}

const WARM_UP = 2
const LEAST_ROUNDS = 7
const MOST_ROUNDS = 500

export async function timeStep(
  { modelFile, options, inputs, logits, sampleMs }: StepInput,
  now: Clock = processClock,
): Promise<StepCall> {
  const ort = await loadOrt(options.packageFrom)
  const session = await ort.InferenceSession.create(modelFile, sessionOptions(options))
  try {
    const Tensor = ort.Tensor as unknown as TensorType
    const [feeds] = loadInputs(inputs)
    const bound = Object.fromEntries(Object.entries(feeds!).map(([name, value]) => [name, toOrt(Tensor, value)]))
    const run = (fetches: readonly string[]) => session.run(bound as Record<string, Ort.Tensor>, [...fetches])
    const step = await inTurns([() => run(session.outputNames), () => run([logits])], sampleMs, now)
    // Without a cache that leaves the engine both calls are the same.
    return session.outputNames.some((name) => name !== logits) ? step : { ...step, logitsOnlyMs: null }
  } finally {
    await session.release()
  }
}

export async function inTurns(
  calls: readonly [() => Promise<unknown>, () => Promise<unknown>],
  sampleMs: number,
  now: Clock,
): Promise<StepCall> {
  for (let k = 0; k < WARM_UP; k++) for (const call of calls) await call()
  const until = now() + sampleMs
  const pairs = await pairsInTurns(
    MOST_ROUNDS,
    async (side) => {
      const from = now()
      await calls[side]()
      return now() - from
    },
    (so) => so.length >= LEAST_ROUNDS && now() >= until,
  )
  // The difference pair by pair: what changes on the machine meets both. One that may be none is none.
  const stepMs = median(pairs.map(([all]) => all))
  const differences = pairs.map(([all, logits]) => all - logits)
  const isSure = percentileInterval(differences, sortAscending(differences), 0.5).low > 0
  return { stepMs, logitsOnlyMs: isSure ? stepMs - median(differences) : stepMs }
}

export const stepTask = defineTask('generation-step', import.meta.url, timeStep)
