// One engine call by its nodes: its feeds are written, it is timed, profiled, and the profile is corrected as a prediction's is.
import fs from 'node:fs'
import path from 'node:path'
import { readModel } from '@whyslow/formats/index.ts'
import { sizeInBytes } from '@whyslow/graph/dtype.ts'
import type { GraphView } from '@whyslow/graph/types.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import type { EngineOptions, Feeds } from '@whyslow/measure/engines/types.ts'
import { saveInputs } from '@whyslow/measure/samples/saved.ts'
import { median } from '@whyslow/measure/statistics/index.ts'
import { correctProfile } from '@whyslow/measure/timing/profile/correct.ts'
import { profileTask } from '@whyslow/measure/timing/profile/run.ts'
import { type Limits, trialLimits } from '@whyslow/measure/trials/limits.ts'
import { type RunTrial, reasonInWords } from '@whyslow/measure/trials/port.ts'
import { busyReason, type StepGraph, type StepProfile, stepProfileOf, timesOfOutputs } from '../../divide/step-profile.ts'
import { branchValues, hidesBranches, withInner } from '../../recognize/branches.ts'

/** A call that can be profiled: the model, and what it is fed. */
export interface StepModel {
  /** An id of measure/engines. */
  readonly engine: string
  readonly modelFile: string
  readonly options: EngineOptions
  readonly logits: string
  /** Inputs that carry the cache, and those of them that hold keys and values of an encoder. */
  readonly past: readonly string[]
  readonly cross: readonly string[]
  /** A call that feeds so many tokens after as many in the cache. */
  feeds(fed: StepShape): Feeds
}

export interface Profiling {
  readonly run: RunTrial
  readonly limits: Limits
  /** Temporary. */
  readonly folder: string
  readonly sampleMs: number
}

const ROUNDS = 2

export interface StepShape {
  /** Tokens in the cache, and tokens that are fed. */
  readonly depth: number
  readonly tokens: number
  /** Positions that an encoder gives; absent: there is none. */
  readonly positions?: number
}

export interface Step extends StepShape {
  /** What the engine's call took within the calls that are divided: the profile is told at that pace. null: not known. */
  readonly paceMs: number | null
}

/** The reason, in one line, if it cannot be had. */
export async function profileStep(
  model: StepModel,
  graph: GraphView,
  { paceMs, ...fed }: Step,
  { run, limits, folder, sampleMs }: Profiling,
): Promise<StepProfile | string> {
  const own = path.join(folder, `step-${fed.depth}-${fed.tokens}`)
  fs.mkdirSync(own, { recursive: true })
  const feeds = model.feeds(fed)
  const inputs = saveInputs(path.join(own, 'inputs'), [feeds])
  const { modelFile, options } = model
  const optimizedModelPath = path.join(own, 'optimized.onnx')
  const profiled = await run(
    profileTask,
    {
      engine: model.engine,
      ...{ modelFile, options, inputs, sampleMs, optimizedModelPath, folder: own },
      rounds: ROUNDS,
      least: { warmup: 1, samples: 3 },
      emptyModelFile: null,
      nodes: graph.nodes.length,
    },
    trialLimits(limits, sampleMs, paceMs ?? 0),
  )
  if (profiled.outcome !== 'measured') return `the profiled run failed: ${reasonInWords(profiled)}`
  const executed = await executedGraph(optimizedModelPath, graph)
  const types = Object.fromEntries(Object.entries(feeds).map(([name, { dtype, shape }]) => [name, { dtype, shape }]))
  const p50Ms = paceMs ?? median(profiled.value.rounds.map(({ plainP50Ms }) => plainP50Ms))
  const profile = correctProfile(profiled.value, { executed, original: graph }, types, { p50Ms, threads: options.threads })
  const busy = busyReason(profile.nodes, p50Ms)
  if (busy !== null) return busy
  if (hidesBranches(executed, profile.nodes))
    return 'the graph runs in a branch of an If, whose operators the engine does not time'
  const outputs = timesOfOutputs(executed, profile.nodes, { logits: model.logits, outsideMs: profile.outsideMs })
  return stepProfileOf(profile, stepGraph([executed, graph], model), outputs)
}

/** As the engine wrote it; the user's if that cannot be read. */
async function executedGraph(file: string, original: GraphView): Promise<GraphView> {
  try {
    return viewGraph(await readModel(file))
  } catch {
    return original
  }
}

function stepGraph([executed, original]: readonly [GraphView, GraphView], { past, cross, logits }: StepModel): StepGraph {
  const graphs = [executed, original].flatMap(withInner)
  const bytesOf = (name: string) => {
    const type = graphs.map(({ constants }) => constants[name]).find((one) => one !== undefined)
    return type === undefined ? undefined : sizeInBytes(type)
  }
  return { bytesOf, past: new Set(past), cross: new Set(cross), logits, branchValues: branchValues(executed) }
}
