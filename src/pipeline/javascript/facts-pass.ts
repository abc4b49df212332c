// The pass that looks at calls, values and sessions, at whatever cost: none of its times is a latency. Stages run one at a time with what
// they allocate and how long they keep timers waiting.
import fs from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { StageFact } from '../facts.ts'
import type { Plan } from '../protocol.ts'
import { send } from './channel.ts'
import { insteadOf } from './instead-of-calls.ts'
import { insteadOfDecoding } from './instead-of-decoding.ts'
import { insteadOfSessions } from './instead-of-sessions.ts'
import { type Predictions, UserError } from './predictions.ts'
import { PROBES, Probed } from './probes.ts'
import type { ProfileWorld } from './profile-pass.ts'
import { Sessions } from './sessions.ts'
import { Threads } from './threads.ts'
import { valueFact } from './values.ts'

const BUDGET_SHARE = 0.4
/** Predictions of each half, by which memory that grows is told from what fills once. */
const LEAST = 3
const MOST = 50
/** Predictions of which each stage is looked at alone. */
const STAGE_LOOKS = 5
/** Less of a prediction is not worth other code. */
const TRIED_SHARE = 0.03
const DELAY_RESOLUTION_MS = 1

export async function factsPass(plan: Plan, { open, onScriptEnd, whereabouts }: ProfileWorld): Promise<void> {
  const probed = new Probed()
  const threads = new Threads()
  Object.defineProperty(globalThis, PROBES, { value: probed })
  const sessions = new Sessions(() => whereabouts.stage)
  onScriptEnd(() => {
    tell(plan, probed, 1)
    send({ kind: 'sessions', sessions: sessions.facts(1, []) })
    send({ kind: 'stages', stages: [] })
  })
  const predictions = await open()
  if (predictions === null) return
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
  tell(plan, probed, count)
  send({ kind: 'sessions', sessions: sessions.facts(count, names) })
  const left = tensors === null || tensorsBefore === null ? null : Math.max(0, tensors - tensorsBefore - given.size) / count
  const live = left === null ? {} : { liveTensorsPerPrediction: left }
  send({ kind: 'process', facts: { leakBytesPerPrediction, ...live, ...told, threads: working } })
  send({ kind: 'stages', stages: await lookAtStages(predictions) })
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
}

/** `given` gets the tensors that are given back: whoever asks disposes of them. */
async function predict(predictions: Predictions, budgetMs: number, given: Set<number>): Promise<Predicted> {
  const began = performance.now()
  let count = 0
  while (count < LEAST || (count < MOST && performance.now() - began < budgetMs)) {
    const { value } = await predictions.staged()
    for (const id of tensorsIn(value)) given.add(id)
    count++
  }
  return { count, tookMs: performance.now() - began }
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
  { seen, given }: Probed,
  { tookMs, file }: { readonly tookMs: number; readonly file: string },
): Promise<void> {
  for (const [key, one] of seen) {
    const known = given.get(key)
    if (known === undefined || one.calls === 0 || one.timeMs < TRIED_SHARE * tookMs) continue
    const tried = (await insteadOf(known, one.calls)) ?? (await insteadOfDecoding(known.value, file).catch(() => null))
    if (tried !== null) one.tried = tried
  }
}

function tell(plan: Plan, probed: Probed, predictions: number): void {
  const file = `${plan.stateFile}.probes`
  fs.writeFileSync(file, JSON.stringify([...probed.seen]))
  send({ kind: 'raw', what: 'probes', file, predictions, p50Ms: 0 })
}

async function lookAtStages(predictions: Predictions): Promise<StageFact[]> {
  const { target, samples, stages, whereabouts } = predictions
  const looks = target.stages.map(() => [] as StageLook[])
  for (let k = 0; k < STAGE_LOOKS; k++) {
    let value = samples[k % samples.length]
    for (const [at, stage] of stages.entries()) {
      whereabouts.at(at, k % samples.length)
      const look = await lookAt(() => stage(value))
      value = look.value
      looks[at]!.push(look)
    }
  }
  return target.stages.map(({ name }, at) => ({
    name,
    cpuMs: middle(looks[at]!.map(({ cpuMs }) => cpuMs)),
    nativeMs: null,
    waitMs: middle(looks[at]!.map(({ tookMs, cpuMs }) => Math.max(0, tookMs - cpuMs))),
    gcMs: null,
    allocatedBytes: middle(looks[at]!.flatMap(({ allocated }) => (allocated === null ? [] : [allocated]))),
    eventLoopDelayMs: middle(looks[at]!.map(({ delayMs }) => delayMs)),
    result: valueFact(looks[at]![0]?.value),
  }))
}

interface StageLook {
  readonly value: unknown
  readonly cpuMs: number
  readonly tookMs: number
  /** null: a collection came between. */
  readonly allocated: number | null
  readonly delayMs: number
}

async function lookAt(stage: () => unknown): Promise<StageLook> {
  const histogram = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS })
  histogram.enable()
  // It measures from one of its timers to the next: the first has to be over.
  await sleep(4 * DELAY_RESOLUTION_MS)
  const before = process.memoryUsage()
  const cpu = process.cpuUsage()
  const start = performance.now()
  try {
    const value = await stage()
    const tookMs = performance.now() - start
    const { user, system } = process.cpuUsage(cpu)
    const after = process.memoryUsage()
    await sleep(2 * DELAY_RESOLUTION_MS)
    histogram.disable()
    const heap = after.heapUsed - before.heapUsed
    const buffers = after.arrayBuffers - before.arrayBuffers
    const allocated = heap < 0 || buffers < 0 ? null : heap + buffers
    // What it tells holds the resolution: timers are never sooner.
    const delayMs = Math.max(0, histogram.max / 1e6 - DELAY_RESOLUTION_MS)
    return { value, tookMs, cpuMs: (user + system) / 1000, allocated, delayMs }
  } catch (error) {
    throw new UserError(error)
  }
}

function middle(values: readonly number[]): number | null {
  const all = [...values].sort((a, b) => a - b)
  return all[all.length >> 1] ?? null
}
