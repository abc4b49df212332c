// The foot of the ladder: the model file that predict runs, measured alone as `whyslow MODEL` does, with the shapes, threads and number of runs
// that a call was seen to ask for.
import path from 'node:path'
import { DEFAULTS, type WhyOptions } from '@whyslow/command/options.ts'
import { type Run, withRun } from '@whyslow/command/run.ts'
import { inTemporaryFolder } from '@whyslow/command/temporary-folder.ts'
import { readModel } from '@whyslow/formats/index.ts'
import { fileForEngine } from '@whyslow/graph/model.ts'
import type { ValueDeclaration } from '@whyslow/graph/types.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { latencyTask } from '@whyslow/measure/timing/latency-block.ts'
import { trialLimits } from '@whyslow/measure/trials/limits.ts'
import { modelTask } from '@whyslow/measure/trials/model-task.ts'
import { reasonOf, type TrialRunner } from '@whyslow/measure/trials/port.ts'
import type { RunPass } from '../../driver.ts'
import type { SessionFact, ValueFact } from '../../facts.ts'
import type { Source } from '../../turns/contestant.ts'
import { mainSession } from '../pipeline/inner-model.ts'
import { targetFile } from '../pipeline/target-file.ts'

export interface BareMeasurement {
  /** What is measured, as its reader would say it. */
  readonly title: string
  /** ms of what one call asks of the model, in a fresh process. */
  readonly measure: () => Promise<number | { readonly reason: string }>
}

export type BareOrNot = BareMeasurement | { readonly reason: string }

export interface BarePlan {
  readonly source: Source
  /** The model's file of the session that calls spend most in; null: not known. */
  readonly main: string | null
  readonly data: string | null
  readonly python: string | null
  readonly limitSeconds: number
  readonly trials: TrialRunner
  readonly pass: RunPass
  readonly signal?: AbortSignal | undefined
}

/** How long the process that observes sessions predicts. */
const FACTS_MS = 300
const SAMPLE_MS = 300
/** So near to a whole number of runs a call makes that many. */
const WHOLE = 0.05
/** A call that runs the model less often does so now and then. */
const LEAST_RUNS = 0.5

/** Never throws but for what `use` throws, and an aborted signal. */
export async function withBare<T>(plan: BarePlan, use: (bare: BareOrNot) => Promise<T>): Promise<T> {
  let isUsed = false
  const begin = (bare: BareOrNot): Promise<T> => {
    isUsed = true
    return use(bare)
  }
  try {
    const found = await modelBehind(plan)
    if ('reason' in found) return await begin(found)
    const { file, session, shapes } = found
    const options: WhyOptions = { ...DEFAULTS, quick: true, threads: session.threads, shapes, trials: plan.trials }
    const whole = plan.signal === undefined ? options : { ...options, signal: plan.signal }
    return await withRun(file, whole, (run) => begin(bareOf(run, session)))
  } catch (error) {
    plan.signal?.throwIfAborted()
    if (isUsed) throw error
    return use({ reason: error instanceof Error ? error.message : String(error) })
  }
}

interface Behind {
  readonly file: string
  readonly session: SessionFact
  readonly shapes: ReadonlyMap<string, readonly number[]>
}

async function modelBehind(plan: BarePlan): Promise<Behind | { readonly reason: string }> {
  const sessions = await inTemporaryFolder((folder) => sessionsOf(plan, folder))
  const named = sessions.filter(
    ({ modelFile }) => modelFile !== null && plan.main !== null && modelFile === path.resolve(plan.main),
  )
  const session = mainSession({ sessions: named.length > 0 ? named : sessions })
  if (session === null) return { reason: 'no session of an engine was seen at work' }
  const { modelFile: file, engine, device, runsPerPrediction, inputs } = session
  if (file === null) return { reason: `the file of the model that ${engine} runs is not known` }
  if (device !== null && !/cpu/i.test(device))
    return { reason: `${engine} runs the model on ${device}, and it is measured alone on the CPU` }
  if (runsPerPrediction < LEAST_RUNS) return { reason: 'calls run the model now and then' }
  const graph = viewGraph(await readModel(file))
  const shapes = fedShapes(graph.inputs, inputs)
  return shapes === null ? { reason: `with which shapes ${engine} is fed is not known` } : { file, session, shapes }
}

async function sessionsOf(
  { source, data, python, limitSeconds, pass, signal }: BarePlan,
  folder: string,
): Promise<SessionFact[]> {
  const target = targetFile(source.file, source.call)
  const command = await target.side.command(target.file, { python, signal })
  const asked = {
    pass: 'facts',
    file: target.file,
    call: target.call,
    data: data === null ? null : path.resolve(data),
    arguments: [],
  } as const
  const plan = {
    ...asked,
    ...{ budgetMs: FACTS_MS, warmUpMs: 0, minCalls: 1, intervalUs: 1000, importTimes: false },
  }
  const limits = { stallMs: limitSeconds * 1000, timeMs: 4 * limitSeconds * 1000, memoryBytes: null, signal }
  const { messages } = await pass(command, plan, { limits, folder })
  return messages.flatMap((one) => (one.kind === 'sessions' ? [...one.sessions] : []))
}

/** Shapes keyed by input, if the model leaves any open; null: what is fed does not tell. Exported for its test. */
export function fedShapes(
  inputs: readonly ValueDeclaration[],
  fed: readonly ValueFact[],
): ReadonlyMap<string, readonly number[]> | null {
  const isOpen = ({ shape }: ValueDeclaration) => shape === null || shape.some((size) => typeof size !== 'number')
  if (!inputs.some(isOpen)) return new Map()
  if (fed.length !== inputs.length) return null
  const shapes = new Map<string, readonly number[]>()
  for (const [k, input] of inputs.entries()) {
    const { shape } = fed[k]!
    if (shape === null || !fits(input.shape, shape)) return null
    shapes.set(input.name, shape)
  }
  return shapes
}

const fits = (declared: ValueDeclaration['shape'], shape: readonly number[]): boolean =>
  declared === null ||
  (declared.length === shape.length && declared.every((size, k) => typeof size !== 'number' || size === shape[k]))

function bareOf(run: Run, { runsPerPrediction, modelFile }: SessionFact): BareMeasurement {
  const whole = Math.round(runsPerPrediction)
  const runs = Math.abs(runsPerPrediction - whole) < WHOLE ? whole : runsPerPrediction
  const times = runs === 1 ? '' : `, ${Number(runs.toFixed(2))} runs of it`
  const task = modelTask(DEFAULTS.engine, fileForEngine(run.model), run.engineOptions, run.inputs.saved)
  const limits = trialLimits(run.limits, SAMPLE_MS, run.inputs.firstLook.predictionMs)
  let process = 0
  return {
    title: `the model alone, as whyslow measures it: ${path.basename(modelFile!)} on ${DEFAULTS.engine}${times}`,
    async measure() {
      const input = { ...task, process: process++, sampleMs: SAMPLE_MS, brief: true, few: 'where-slow' } as const
      const trial = await run.trials.run(latencyTask, input, limits)
      return trial.outcome === 'measured' ? runs * trial.value.p50Ms : { reason: reasonOf(trial) }
    },
  }
}
