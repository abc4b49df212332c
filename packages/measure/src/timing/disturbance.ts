// What the operating system did to this process while it was timed: waits for a CPU, stops by a quota, time stolen by the
// hypervisor, page faults from disk, garbage collection, a changed clock rate.
// Linux: /proc/self/task/<tid>/schedstat (run ns, run-queue wait ns, slices; Documentation/scheduler/sched-stats.rst),
// /proc/stat (field 8: steal, in 1/100 s), cpu.stat of the control groups. Everywhere: getrusage through
// process.resourceUsage, and V8's garbage collections through a PerformanceObserver.
import { closeSync, openSync, readFileSync, readSync } from 'node:fs'
import { type PerformanceEntry, PerformanceObserver, performance } from 'node:perf_hooks'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { readAllowedCpus } from '../machine/affinity.ts'
import { watchThrottling } from '../machine/cgroup.ts'
import { readUsableCpus } from '../machine/index.ts'
import { thisSystem } from '../machine/system.ts'
import type { Machine } from '../machine/types.ts'
import { effectiveClock } from './handoff.ts'
import type { Disturbance } from './types.ts'

/** The CPUs that counters are summed over. */
export type SummedCpus = Pick<Machine, 'usableCpus' | 'onlineCpus'>

/** What a hypervisor took of the wall time, ms: the mean over the CPUs. */
export const stolenMs = (
  { stolenCpuMs }: Pick<Disturbance, 'stolenCpuMs'>,
  { usableCpus }: Pick<SummedCpus, 'usableCpus'>,
): number => stolenCpuMs / Math.max(1, usableCpus)

/** How long a quota stopped this many threads together, ms: each stands on a CPU of its own, as far as there are any. */
export const throttledMs = (
  { throttledCpuMs }: Pick<Disturbance, 'throttledCpuMs'>,
  threads: number,
  { onlineCpus }: SummedCpus,
): number => throttledCpuMs / Math.max(1, Math.min(threads, onlineCpus))

/** A disturbance; what this system does not tell is 0. */
export interface DisturbanceWatch extends Disturbance {
  /** The longest wait of a single thread, ms: what a prediction can have lost at most where all threads work together. */
  readonly waitedMaxMs: number
  readonly wallMs: number
}

export interface Watch {
  /** Counters are read at once; the promise waits for pending garbage collection entries. Call it once. */
  stop(): Promise<DisturbanceWatch>
}

/** Linux counts /proc/stat in USER_HZ, which is 100 on every architecture that Node runs on. */
const msPerTick = 10

/**
 * Starts to watch this process. Starting and stopping take about 4 ms each, mostly for the clock rate, outside of the
 * watched time. `waitedMs` is without the waits that `throttledCpuMs` tells: the kernel counts a thread that a quota stops as
 * waiting (seen on Linux 6.18, 207 of 277 ms). `stolenCpuMs` is the sum over the CPUs this process may use, scaled to those it may use at once.
 */
export function startWatch(): Watch {
  const collections: { startMs: number; durationMs: number }[] = []
  const collect = (entries: readonly PerformanceEntry[]) => {
    for (const { startTime, duration } of entries) collections.push({ startMs: startTime, durationMs: duration })
  }
  const observer = new PerformanceObserver((list) => collect(list.getEntries()))
  observer.observe({ entryTypes: ['gc'] })
  const clockBefore = effectiveClock()
  const throttledMs = watchThrottling(thisSystem)
  const stealBefore = readStolenMs()
  const usageBefore = process.resourceUsage()
  const waitsBefore = readWaits()
  const startMs = performance.now()
  return {
    async stop() {
      const endMs = performance.now()
      const waits = waitsBefore && compareWaits(waitsBefore, readWaits() ?? new Map())
      const usage = process.resourceUsage()
      const steal = readStolenMs()
      const throttled = throttledMs()
      const clockAfter = effectiveClock()
      // V8's entries arrive one turn of the event loop later.
      await nextTurn()
      await nextTurn()
      collect(observer.takeRecords())
      observer.disconnect()
      return {
        ...withoutThrottling(waits, throttled ?? 0),
        throttledCpuMs: throttled ?? 0,
        stolenCpuMs: stealBefore === null || steal === null ? 0 : Math.max(0, steal - stealBefore),
        majorFaults: usage.majorPageFault - usageBefore.majorPageFault,
        involuntarySwitches: usage.involuntaryContextSwitches - usageBefore.involuntaryContextSwitches,
        gcMs: garbageCollectionMs(collections, startMs, endMs),
        clockRatio: clockBefore > 0 ? clockAfter / clockBefore : null,
        wallMs: endMs - startMs,
      }
    },
  }
}

type ThreadWaits = ReturnType<typeof compareWaits>

/** Takes throttled time off the waits, and keeps the longest no longer than all. */
export function withoutThrottling(waits: ThreadWaits | null, throttledCpuMs: number): { waitedMs: number; waitedMaxMs: number } {
  const waitedMs = Math.max(0, (waits?.sumMs ?? 0) - throttledCpuMs)
  return { waitedMs, waitedMaxMs: Math.min(waits?.maxMs ?? 0, waitedMs) }
}

/** Time of the garbage collections that began in this time, ms. */
export function garbageCollectionMs(
  collections: readonly { readonly startMs: number; readonly durationMs: number }[],
  startMs: number,
  endMs: number,
): number {
  return collections
    .filter((collection) => collection.startMs >= startMs && collection.startMs <= endMs)
    .reduce((sum, collection) => sum + collection.durationMs, 0)
}

/** Run-queue wait by thread, ns. */
export type QueueWaits = ReadonlyMap<string, number>

/** Field 2 of a schedstat file's text, ns; null for any other text. */
export function parseRunQueueNs(text: string): number | null {
  const match = /^\d+ (\d+) \d+/.exec(text)
  return match ? Number(match[1]) : null
}

const taskFolder = '/proc/self/task'

function readWaits(): QueueWaits | null {
  const waits = new Map<string, number>()
  for (const thread of threads()) {
    try {
      const ns = parseRunQueueNs(readFileSync(`${taskFolder}/${thread}/schedstat`, 'utf8'))
      if (ns !== null) waits.set(thread, ns)
    } catch {
      // The thread ended between listing and reading.
    }
  }
  return waits.size === 0 ? null : waits
}

/** Ids of this process's threads; empty if the system does not list them. */
export const threads = (): readonly string[] => thisSystem.list(taskFolder)

/** What threads waited in between: new threads count from zero, ended ones are lost. */
export function compareWaits(before: QueueWaits, after: QueueWaits): { readonly sumMs: number; readonly maxMs: number } {
  const waitedMs = [...after].map(([thread, ns]) => Math.max(0, ns - (before.get(thread) ?? 0)) / 1e6)
  return { sumMs: waitedMs.reduce((sum, ms) => sum + ms, 0), maxMs: Math.max(0, ...waitedMs) }
}

/** Steal of the given CPUs in the text of /proc/stat, ticks; null if it names none of them. */
export function parseStealTicks(text: string, cpus: readonly number[]): number | null {
  const ticks = cpus.flatMap((cpu) => {
    const fields = new RegExp(`^cpu${cpu} (.*)$`, 'm').exec(text)?.[1]?.trim().split(/\s+/)
    return fields?.[7] === undefined ? [] : [Number(fields[7])]
  })
  return ticks.length === 0 ? null : ticks.reduce((sum, each) => sum + each, 0)
}

function readStolenMs(): number | null {
  const allowed = readAllowedCpus(thisSystem)
  const stat = thisSystem.readText('/proc/stat')
  if (allowed === null || stat === null) return null
  const ticks = parseStealTicks(stat, allowed)
  return ticks === null ? null : (ticks * msPerTick * readUsableCpus()) / allowed.length
}

export interface WaitReader {
  /** Run-queue wait of the process's threads since each began, ns, summed. Rises only, while the threads live. */
  read(): number
  close(): void
}

/** Longest line of a schedstat file: three numbers of 20 digits. */
const schedstatBytes = 64

/**
 * A cheap reader of the run-queue wait, to be called around every sample: files stay open and no object is made. One
 * thread costs 2 to 5 µs; Node itself has about ten that no prediction runs on.
 * null if the system does not tell it.
 * @param ignored Threads that are not read (`threads()` before the engine starts its own); the main thread is always read.
 */
export function waitReader(ignored: readonly string[] = []): WaitReader | null {
  const buffer = new Uint8Array(schedstatBytes)
  const files = threads().flatMap((thread) =>
    ignored.includes(thread) && thread !== String(process.pid) ? [] : openThread(thread),
  )
  if (files.length === 0) return null
  return {
    read() {
      let sum = 0
      for (const file of files) sum += readRunQueueNs(file, buffer)
      return sum
    },
    close() {
      for (const file of files) closeSync(file)
    },
  }
}

function openThread(thread: string): readonly number[] {
  try {
    return [openSync(`${taskFolder}/${thread}/schedstat`, 'r')]
  } catch {
    // The thread ended in between.
    return []
  }
}

const space = 0x20
const zero = 0x30

/** Field 2, parsed from bytes in place; 0 for a thread that has ended. */
function readRunQueueNs(file: number, buffer: Uint8Array): number {
  let length: number
  try {
    length = readSync(file, buffer, 0, schedstatBytes, 0)
  } catch {
    return 0
  }
  let at = buffer.indexOf(space) + 1
  let ns = 0
  for (; at < length && buffer[at] !== space; at++) ns = ns * 10 + (buffer[at]! - zero)
  return ns
}
