// One engine call, timed outside of a loop: with all outputs, and with the logits alone leaving the engine. Both are run in turns; the difference
// is what it takes to hand the cache to JavaScript. So are the logits alone and a smaller output, for logits that are large.
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
  /** null: the logits are the only output. */
  readonly logitsOnlyMs: number | null
  /** What it takes to hand the logits to JavaScript beyond a smaller output; 0: they are small, or there is no other output. */
  readonly logitsOutMs: number
}

/** Smaller logits are copied to JavaScript in less than a tenth of a millisecond. */
const LARGE_BYTES = 1e6
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
    const { bothMs, oneMs } = await inTurns([() => run(session.outputNames), () => run([logits])], sampleMs, now)
    const small = smallerThanLogits(await run(session.outputNames), logits)
    const out = small === null ? null : await inTurns([() => run([logits]), () => run([small])], sampleMs, now)
    return {
      stepMs: bothMs,
      // Without a cache that leaves the engine both calls are the same.
      logitsOnlyMs: session.outputNames.some((name) => name !== logits) ? oneMs : null,
      logitsOutMs: out === null ? 0 : out.bothMs - out.oneMs,
    }
  } finally {
    await session.release()
  }
}

/** The smallest other output, where the logits are large and it is half as large at most; null: there is none. */
function smallerThanLogits(results: Ort.InferenceSession.ReturnType, logits: string): string | null {
  const sizes = Object.entries(results).map(([name, { data }]) => ({ name, bytes: (data as Float32Array).byteLength }))
  const own = sizes.find(({ name }) => name === logits)?.bytes ?? 0
  const others = sizes.filter(({ name, bytes }) => name !== logits && bytes <= own / 2).sort((a, b) => a.bytes - b.bytes)
  return own < LARGE_BYTES ? null : (others[0]?.name ?? null)
}

/** `oneMs`: equal to `bothMs` unless the pairs show a difference. */
export async function inTurns(
  calls: readonly [() => Promise<unknown>, () => Promise<unknown>],
  sampleMs: number,
  now: Clock,
): Promise<{ readonly bothMs: number; readonly oneMs: number }> {
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
  const bothMs = median(pairs.map(([both]) => both))
  const differences = pairs.map(([both, one]) => both - one)
  const isSure = percentileInterval(differences, sortAscending(differences), 0.5).low > 0
  return { bothMs, oneMs: isSure ? bothMs - median(differences) : bothMs }
}

export const stepTask = defineTask('generation-step', import.meta.url, timeStep)
