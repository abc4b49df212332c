// The pass that looks at calls, values and sessions, at whatever cost: none of its times is a latency.

import fs from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { medianOrNull } from '@whyslow/measure/statistics/index.ts'
import type { Plan } from '../protocol.ts'
import { send } from './channel.ts'
import { insteadOf } from './instead-of-calls.ts'
import { insteadOfDecoding } from './instead-of-decoding.ts'
import { insteadOfSessions } from './instead-of-sessions.ts'
import type { Predictions } from './predictions.ts'
import { PROBES, ProbeRecorder } from './probes.ts'
import type { ProfileEnvironment } from './profile-pass.ts'
import { Sessions } from './sessions.ts'
import { Threads } from './threads.ts'

const BUDGET_SHARE = 0.4
/** Predictions of each half, by which memory that grows is told from what fills once. */
const LEAST = 3
const MOST = 50
/** Less of a prediction is not worth other code. */
const TRIED_SHARE = 0.03

export async function factsPass(plan: Plan, { open, onScriptEnd, whereabouts }: ProfileEnvironment): Promise<void> {
  let samples: readonly unknown[] = []
  const probed = new ProbeRecorder(() => samples[whereabouts.sample ?? -1])
  const threads = new Threads()
  Object.defineProperty(globalThis, PROBES, { value: probed })
  const sessions = new Sessions(() => whereabouts.stage)
  onScriptEnd(() => {
    tell(plan, probed, { predictions: 1, p50Ms: 0 })
    send({ kind: 'sessions', sessions: sessions.facts(1, []) })
  })
  const predictions = await open()
  if (predictions === null) return
  samples = predictions.samples
  await predictions.staged()
  whereabouts.enter('facts')
  probed.reset()
  sessions.beginPredictions()
  const tensorsBefore = sessions.tf?.memory().numTensors ?? null
  const before = heldBytes()
  threads.begin()
  const given = new Set<number>()
  const first = await predict(predictions, (plan.budgetMs * BUDGET_SHARE) / 2, given)
  const between = heldBytes()
  const second = await predict(predictions, (plan.budgetMs * BUDGET_SHARE) / 2, given)
  const [count, tookMs] = [first.count + second.count, first.tookMs + second.tookMs]
  const told = sessions.threads()
  const working = Math.max(told.threads, threads.atWork() ?? 0)
  // What is compiled, and what fills once, stays as well, but in one half alone.
  const grown = [(between - before) / first.count, (heldBytes() - between) / second.count]
  const leakBytesPerPrediction = Math.max(0, Math.min(...grown))
  const tensors = sessions.tf?.memory().numTensors ?? null
  const names = predictions.target.stages.map(({ name }) => name)
  await tryOthers(probed, { tookMs, file: plan.file })
  tell(plan, probed, { predictions: count, p50Ms: medianOrNull([...first.eachMs, ...second.eachMs]) ?? 0 })
  send({ kind: 'sessions', sessions: sessions.facts(count, names) })
  const left = tensors === null || tensorsBefore === null ? null : Math.max(0, tensors - tensorsBefore - given.size) / count
  const live = left === null ? {} : { liveTensorsPerPrediction: left }
  send({ kind: 'process', facts: { leakBytesPerPrediction, ...live, ...told, threads: working } })
  const handles = await sessions.asked(() => predictions.whole())
  send({ kind: 'alternatives', alternatives: await insteadOfSessions(handles) })
}

/** What stays after a whole collection, buffers included. */
function heldBytes(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

interface Predicted {
  readonly count: number
  readonly tookMs: number
  /** Time of each prediction. */
  readonly eachMs: readonly number[]
}

/** `given` gets the tensors that are given back: whoever asks disposes of them. */
async function predict(predictions: Predictions, budgetMs: number, given: Set<number>): Promise<Predicted> {
  const began = performance.now()
  let count = 0
  const eachMs: number[] = []
  while (count < LEAST || (count < MOST && performance.now() - began < budgetMs)) {
    const { value, start, marks } = await predictions.staged()
    for (const id of tensorsIn(value)) given.add(id)
    eachMs.push(marks.at(-1)! - start)
    count++
  }
  return { count, tookMs: performance.now() - began, eachMs }
}

/** A longer list is one of numbers. */
const MOST_MEMBERS = 64

/** Ids of tensors of TensorFlow.js that are not disposed of: the value itself, or members of it. Exported for its test. */
export function tensorsIn(value: unknown, depth = 0): number[] {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || depth > 2) return []
  const { id, isDisposed, dataId } = value as { id?: unknown; isDisposed?: unknown; dataId?: unknown }
  if (typeof id === 'number' && typeof isDisposed === 'boolean' && dataId !== undefined) return isDisposed ? [] : [id]
  const members = Array.isArray(value) ? value : Object.values(value)
  return members.slice(0, MOST_MEMBERS).flatMap((one) => tensorsIn(one, depth + 1))
}

/** Calls that take their share of the predictions, in another way. */
async function tryOthers(
  { seen, given }: ProbeRecorder,
  { tookMs, file }: { readonly tookMs: number; readonly file: string },
): Promise<void> {
  for (const [key, one] of seen) {
    const known = given.get(key)
    if (known === undefined || one.calls === 0 || one.timeMs < TRIED_SHARE * tookMs) continue
    const tried = (await insteadOf(known, one.calls)) ?? (await insteadOfDecoding(known.value, file).catch(() => null))
    if (tried !== null) one.tried = tried
  }
}

function tell(plan: Plan, probed: ProbeRecorder, told: { readonly predictions: number; readonly p50Ms: number }): void {
  const file = `${plan.stateFile}.probes`
  fs.writeFileSync(file, JSON.stringify([...probed.seen]))
  send({ kind: 'raw', what: 'probes', file, ...told })
}
