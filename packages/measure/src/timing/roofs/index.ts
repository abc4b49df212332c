// Measured roofs: what this machine's CPU can do at best, with the engine's own kernels and thread count.
// A roof is an upper end, since no operator may be above it: for every kernel the speed that one run in thirty
// exceeds, and of all kernels the best. Runs are spread over rounds, because the speed of a shared machine drifts.
// Roofline: Williams, Waterman, Patterson, CACM 52(4), 2009.
import { freemem } from 'node:os'
import { performance } from 'node:perf_hooks'
import { firstLineOf } from '@whyslow/graph/input-error.ts'
import { type Clock, processClock } from '../../engines/sampler.ts'
import { readCpu } from '../../machine/cpu.ts'
import { readUsableCpus } from '../../machine/index.ts'
import { thisSystem } from '../../machine/system.ts'
import type { Machine, Roofs } from '../../machine/types.ts'
import { startWatch } from '../disturbance.ts'
import { readFunctions } from './functions.ts'
import { floatKernels, functionKernels, int8Kernels, type Kernel, readingKernels, updatingKernel } from './kernels.ts'
import { writtenFloats } from './models.ts'
import { fastTimeMs, type Ort, sampleKernel } from './sample.ts'
import { chooseSizes, type Sizes } from './sizes.ts'
import { type Reading, type RoofName, summarize } from './summarize.ts'
import { readBytesPerSecond } from './wasm-stream.ts'

export interface RoofOptions {
  /** Wall time after which a kernel is started only where its roof has no reading yet, ms. */
  readonly budgetMs?: number
  /** How many threads the engine takes where `threads` is null; by default the CPUs that this process may use. */
  readonly defaultThreads?: number
}

const defaultBudgetMs = 6000
const fewestRounds = 3
const mostRounds = 8
/** Kernels below this share of the best are not run again; on a busy machine the first round can be wrong by a third. */
const nearBest = 0.6
/** A round that raises no roof by more than this was one too many. */
const settled = 1.02
const roofNames: readonly RoofName[] = ['float32', 'int8', 'L2', 'L3', 'DRAM']
/** Timed part of one kernel in one round: runs over caches take 0.1 to 0.5 ms, the others up to 20. */
const sliceMs = { float32: 40, int8: 40, DRAM: 40, L3: 20, L2: 20 }
const wasmMs = 60
/** Elementwise operators in a row over memory in L3, and in L2, where starting them is taken off. */
const l3Steps = 8
const l2Steps = 64
/** So few that their time is that of starting the operators. */
const fewElements = 16

/**
 * Measures the roofs in this process, which should do nothing else: FLOP/s (2 a multiply-add) for float32 and int8,
 * bytes/s for L2, L3 and DRAM, elements/s for elementwise operators. Reads and writes both count as bytes. Takes five to seven seconds. A kernel that the engine
 * cannot run is left out; a roof without any is absent, with its reason.
 */
export async function measureRoofs(
  ort: Ort,
  threads: number | null,
  caches: Machine['caches'],
  options: RoofOptions = {},
): Promise<Roofs> {
  const usable = readUsableCpus()
  const count = threads ?? options.defaultThreads ?? usable
  const cores = Math.min(count, usable, readCpu(thisSystem).physicalCores ?? usable)
  const sizes = chooseSizes(caches, cores, freemem())
  const watch = startWatch()
  const deadline = performance.now() + (options.budgetMs ?? defaultBudgetMs)
  const measured = await readRoofs({
    plan: planKernels(sizes, cores),
    deadline,
    sample: (kernel, ms) => sampleKernel(ort, threads, kernel, ms),
    now: processClock,
  })
  const readings = [...measured, ...readL2WithoutEngine(sizes, cores)]
  const elementsPerSecond = await readFunctions({
    plan: functionKernels(),
    // Threads on one core may evaluate more than one does: all of them count.
    threads: Math.min(count, usable),
    sample: (kernel, ms) => sampleKernel(ort, 1, kernel, ms),
  })
  const { waitedMaxMs, wallMs } = await watch.stop()
  return { ...summarize(count, readings, sizes, waitedMaxMs / wallMs), elementsPerSecond }
}

export interface PlannedKernel {
  readonly roof: RoofName
  readonly kernel: Kernel
  /** Its time is taken off: what starting the same operators costs. */
  readonly startedBy?: Kernel
}

export interface RoofRounds {
  readonly plan: readonly PlannedKernel[]
  /** Time of the clock after which a kernel is started only if its roof has no reading yet. */
  readonly deadline: number
  /** Times of single runs of a kernel, ms, until `ms` are over. Throws if the engine cannot run it. */
  readonly sample: (kernel: Kernel, ms: number) => Promise<readonly number[]>
  readonly now: Clock
}

/** What was read so far, by kernel. */
interface Readings {
  readonly times: Map<Kernel, readonly number[]>
  readonly errors: Map<Kernel, string>
}

/**
 * One reading for every kernel. The first round runs all of them, later ones those near the best; rounds go on until one
 * finds nothing better, or the budget is used.
 */
export async function readRoofs({ plan, deadline, sample, now }: RoofRounds): Promise<readonly Reading[]> {
  const soFar: Readings = { times: new Map(), errors: new Map() }
  const readings = () => plan.map((planned) => toReading(planned, soFar))
  let best = bestOf([])
  let bestBefore = best
  for (let round = 0; round < mostRounds && (round === 0 || now() < deadline); round++) {
    for (const planned of plan) {
      const { roof, kernel } = planned
      const known = toReading(planned, soFar)
      if (soFar.errors.has(kernel) || (known.ok && known.perSecond < best[roof] * nearBest)) continue
      if (now() > deadline && best[roof] > 0) continue
      await read(planned, soFar, sample)
      best = bestOf(readings())
    }
    if (round + 1 >= fewestRounds && roofNames.every((roof) => best[roof] <= bestBefore[roof] * settled)) break
    bestBefore = best
  }
  return readings()
}

async function read(
  { roof, kernel, startedBy }: PlannedKernel,
  { times, errors }: Readings,
  sample: RoofRounds['sample'],
): Promise<void> {
  const add = async (one: Kernel) => times.set(one, [...(times.get(one) ?? []), ...(await sample(one, sliceMs[roof]))])
  try {
    if (startedBy) await add(startedBy)
    await add(kernel)
  } catch (error) {
    errors.set(kernel, firstLineOf(error))
  }
}

function bestOf(readings: readonly Reading[]): Readonly<Record<RoofName, number>> {
  const best = { float32: 0, int8: 0, L2: 0, L3: 0, DRAM: 0 }
  for (const reading of readings) if (reading.ok) best[reading.roof] = Math.max(best[reading.roof], reading.perSecond)
  return best
}

/** Short kernels of the roofs that matter most first, should the budget end early. */
function planKernels(sizes: Sizes, cores: number): readonly PlannedKernel[] {
  const stretch = writtenFloats(sizes.dramBytes / 4)
  const l3 = (sizes.l3Bytes ?? []).flatMap((bytes) => [
    ...readingKernels(stretch.subarray(0, bytes / 4)),
    updatingKernel(bytes / 4, l3Steps),
  ])
  const l2 = (sizes.l2Bytes ?? []).map((bytes) => updatingKernel(bytes / 4, l2Steps))
  const starting = updatingKernel(fewElements, l2Steps)
  return [
    ...floatKernels(cores).map((kernel) => ({ roof: 'float32' as const, kernel })),
    ...readingKernels(stretch).map((kernel) => ({ roof: 'DRAM' as const, kernel })),
    ...l3.map((kernel) => ({ roof: 'L3' as const, kernel })),
    ...l2.map((kernel) => ({ roof: 'L2' as const, kernel, startedBy: starting })),
    ...int8Kernels(cores).map((kernel) => ({ roof: 'int8' as const, kernel })),
  ]
}

function toReading({ roof, kernel, startedBy }: PlannedKernel, { times, errors }: Readings): Reading {
  const common = { roof, kernel: kernel.title }
  const reason = errors.get(kernel)
  if (reason !== undefined) return { ...common, ok: false, reason }
  const ms = fastTimeMs(times.get(kernel) ?? []) - (startedBy ? fastTimeMs(times.get(startedBy) ?? []) : 0)
  if (!(ms > 0)) return { ...common, ok: false, reason: 'no time was left to run it' }
  return { ...common, ok: true, perSecond: (kernel.work / ms) * 1e3 }
}

/**
 * An L2 belongs to one core, so what one thread reads is taken times the cores that threads
 * run on. The loop loads 16 bytes at once: a lower
 * bound where an engine's kernels load 32 or 64.
 */
function readL2WithoutEngine(sizes: Sizes, cores: number): readonly Reading[] {
  if (sizes.l2BytesPerCore === null) return []
  const common = { roof: 'L2' as const, kernel: 'WebAssembly SIMD read loop' }
  const perCore = readBytesPerSecond(sizes.l2BytesPerCore, wasmMs)
  if (perCore === null) return [{ ...common, ok: false, reason: 'WebAssembly SIMD is not available' }]
  return [{ ...common, ok: true, perSecond: perCore * cores }]
}
