// Opens the model and predicts once with each sample: does the engine take it, what comes out, and how long does a prediction take, from
// which the plan of the run is made?

import fs from 'node:fs'
import path from 'node:path'
import type { TensorType } from '@whyslow/graph/types.ts'
import { chainModel } from './chain-models.ts'
import { type Clock, processClock } from './engines/sampler.ts'
import type { Engine, TensorValue } from './engines/types.ts'
import { loadInputs } from './samples/saved.ts'
import { engineOf } from './trials/engine-of.ts'
import type { ModelTask } from './trials/model-task.ts'
import { defineTask } from './trials/port.ts'

/** How long the model took at the first look, ms. */
export interface FirstLook {
  readonly loadMs: number
  /** The fastest prediction: the very first also allocates. */
  readonly predictionMs: number
}

export interface TryOutput extends FirstLook {
  /** Finite as far as was predicted. */
  readonly outputs: readonly { readonly name: string; readonly type: TensorType | null; readonly finite: boolean }[]
  /** Threads of the engine's pool, the caller included; null if the system does not say. */
  readonly poolThreads: number | null
}

/** No further sample is tried after this long: of a slow model one prediction has to do. */
export const TRYING_MS = 500

/** `countThreads`: of this process, or null if the system does not say. */
export async function tryOnce(
  task: ModelTask,
  engine = engineOf(task.engine),
  countThreads: () => number | null = threadsOfProcess,
  now: Clock = processClock,
): Promise<TryOutput> {
  const samples = loadInputs(task.inputs)
  const pool = engine.offers.includes('threads')
  if (pool && engine.formats.includes('onnx')) await startEngine(task, engine)
  const before = countThreads()
  const start = now()
  const session = await engine.open(task.modelFile, task.options)
  const opened = now()
  const after = countThreads()
  let predictionMs = Number.POSITIVE_INFINITY
  const finite = new Map<string, boolean>()
  const types = new Map<string, TensorValue>()
  for (const feeds of samples) {
    const asked = now()
    if (asked - opened > TRYING_MS) break
    const results = await session.run(feeds)
    predictionMs = Math.min(predictionMs, now() - asked)
    for (const [name, value] of Object.entries(results)) {
      finite.set(name, (finite.get(name) ?? true) && allFinite(value))
      if (!types.has(name)) types.set(name, value)
    }
  }
  return {
    loadMs: opened - start,
    predictionMs,
    outputs: session.outputs.map(({ name }) => {
      const value = types.get(name)
      return { name, type: value ? { dtype: value.dtype, shape: value.shape } : null, finite: finite.get(name) ?? true }
    }),
    poolThreads: session.threads ?? (pool && before !== null && after !== null ? after - before + 1 : null),
  }
}

/** Threads that the engine's environment starts once are not the session's: a session on one thread brings them up first. */
async function startEngine(task: ModelTask, engine: Engine): Promise<void> {
  const file = path.join(path.dirname(task.inputs), 'one-node.onnx')
  fs.writeFileSync(file, chainModel('unary', 1))
  await engine.open(file, { ...task.options, threads: 1 })
}

function threadsOfProcess(): number | null {
  try {
    return fs.readdirSync('/proc/self/task').length
  } catch {
    return null
  }
}

function allFinite({ dtype, data }: TensorValue): boolean {
  if (dtype !== 'float32' && dtype !== 'float64') return true
  for (const value of data as Float32Array) if (!Number.isFinite(value)) return false
  return true
}

export const tryTask = defineTask('try', import.meta.url, tryOnce)
