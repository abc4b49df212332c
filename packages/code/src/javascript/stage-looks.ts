// Stages one at a time, with what they allocate, what they take of the CPUs, and how long they keep timers waiting. In a process whose code is as the user
// wrote it, after the times that count: probes would be in all of these.

import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { medianOrNull } from '@whyslow/measure/statistics/index.ts'
import type { StageFact } from '../facts.ts'
import { type Predictions, UserError } from './predictions.ts'
import { valueFact } from './values.ts'

/** Predictions of which each stage is looked at alone, at most and at least. */
const MOST = 5
const LEAST = 1
const DELAY_RESOLUTION_MS = 1

/** All but the time in collections. Predictions go on for `budgetMs`. Throws UserError. */
export async function lookAtStages(predictions: Predictions, budgetMs: number): Promise<StageFact[]> {
  const { target, samples, stages, whereabouts } = predictions
  const looks = target.stages.map(() => [] as StageLook[])
  const began = performance.now()
  for (let k = 0; k < MOST && (k < LEAST || performance.now() - began < budgetMs); k++) {
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
    cpuMs: medianOrNull(looks[at]!.map(({ cpuMs }) => cpuMs)),
    nativeMs: null,
    waitMs: medianOrNull(looks[at]!.map(({ tookMs, cpuMs }) => Math.max(0, tookMs - cpuMs))),
    gcMs: null,
    allocatedBytes: medianOrNull(looks[at]!.flatMap(({ allocated }) => (allocated === null ? [] : [allocated]))),
    eventLoopDelayMs: medianOrNull(looks[at]!.map(({ delayMs }) => delayMs)),
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
    // What it tells holds the resolution: timers are never sooner. What is longer than the stage is not of the stage.
    const delayMs = Math.min(tookMs, Math.max(0, histogram.max / 1e6 - DELAY_RESOLUTION_MS))
    return { value, tookMs, cpuMs: (user + system) / 1000, allocated, delayMs }
  } catch (error) {
    throw new UserError(error)
  }
}
