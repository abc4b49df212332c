// Readings: what one fresh process says of a setup, by the goal.

import { median } from '@whyslow/measure/statistics/index.ts'
import { stolenMs, throttledMs } from '@whyslow/measure/timing/disturbance.ts'
import { type LatencyOutput, latencyTask } from '@whyslow/measure/timing/latency-block.ts'
import { startTask } from '@whyslow/measure/timing/start.ts'
import { trialLimits, tryLimits } from '@whyslow/measure/trials/limits.ts'
import type { ModelTask } from '@whyslow/measure/trials/model-task.ts'
import type { Trial } from '@whyslow/measure/trials/port.ts'
import type { RemedySetup } from '../../remedies/kit/remedy.ts'
import type { Bench, Depth, Reading } from '../bench.ts'
import type { LocalBenchPlan } from './plan.ts'
import { madeTask, type SetupTasks } from './setup-tasks.ts'

/** Sampling time of one reading: some tens of predictions, and no more than tells the setups apart. */
const SAMPLES = 25
const LEAST_MS = 120
const MOST_MS = 250
/** The last proof samples longer: code that is compiled at run time is warm, and clocks have settled. */
const THOROUGH = 3
/** Starts of fresh processes scatter by a quarter: a reading is the median of this many. More of them leave less time for pairs. */
const STARTS = 2
const STARTS_THOROUGH = 5
/** Long ones scatter less: none is added to a reading once this much has been counted. */
const STARTS_MS = 500

const isProof = (depth: Depth): boolean => depth !== 'look'

/** Plain sessions of other engines hold what they are given, and those that write into kept outputs make them for each array. */
const canCopy = ({ shipped }: ModelTask, { engine, options }: RemedySetup): boolean =>
  shipped !== undefined || (engine === undefined && options.reuseOutputs !== true)

/** Sampling time of a reading while searching, ms. */
export const lookMs = (p50Ms: number): number => Math.min(MOST_MS, Math.max(LEAST_MS, SAMPLES * p50Ms))

type Readings = Pick<Bench, 'measure'> & Required<Pick<Bench, 'predictMs'>>

export function readings(
  plan: Pick<LocalBenchPlan, 'run' | 'goal' | 'threadsInUse' | 'p50Ms' | 'limits' | 'cpus'>,
  tasks: SetupTasks,
): Readings {
  const { run, goal, p50Ms, limits, cpus } = plan
  const sampleMs = lookMs(p50Ms)
  /** Files that started before. */
  const started = new Set<string>()
  let processes = 0
  const ofTime = goal === 'latency' || goal === 'throughput'
  const taskAt = (setup: RemedySetup, depth: Depth) =>
    madeTask(depth === 'shipped' ? tasks.shippedTaskOf(setup) : tasks.taskOf(setup), limits.signal)
  const threadsOf = ({ options }: RemedySetup) => options.threads ?? plan.threadsInUse

  async function predict(setup: RemedySetup, depth: Depth): Promise<Trial<LatencyOutput>> {
    // An end of the model that is code is interpreted at first, and compiled while it runs.
    const thorough = depth !== 'look' || setup.engine?.cut !== undefined
    const made = await taskAt(setup, depth)
    if (made.outcome !== 'measured') return made
    const planned = sampleMs * Math.min(setup.batchFactor, 4) * (thorough ? THOROUGH : 1)
    const input = {
      ...made.value,
      process: processes++,
      sampleMs: planned,
      // One thread hands nothing over, so that its handoff need not be known.
      brief: threadsOf(setup) === 1,
      oneHandoff: true,
      few: !thorough,
      ...(isProof(depth) && ofTime && canCopy(made.value, setup) ? { newArrays: true } : {}),
    }
    return run(latencyTask, input, trialLimits(limits, planned, p50Ms * setup.batchFactor))
  }

  function readingOf(block: LatencyOutput, setup: RemedySetup): Reading {
    const disturbedMs = block.waitedMs / threadsOf(setup) + stolenMs(block, cpus) + throttledMs(block, threadsOf(setup), cpus)
    const perScore = goal === 'throughput' ? setup.batchFactor : 1
    const scoredArrays = ({ kept, anew }: Required<Reading>['byArrays']) => ({ kept: kept / perScore, anew: anew / perScore })
    const score = {
      latency: block.p50Ms,
      throughput: block.p50Ms / perScore,
      memory: block.predictPeakBytes ?? Number.NaN,
      size: tasks.sizeBytes(setup),
      'load-time': block.loadMs + block.firstMs,
    }[goal]
    return {
      score,
      p50Ms: block.p50Ms,
      peakBytes: block.predictPeakBytes,
      handoffNs: block.handoffBeforeNs,
      disturbedShare: disturbedMs / Math.max(block.wallMs, 1e-9),
      ...(block.byArrays === undefined ? {} : { byArrays: scoredArrays(block.byArrays) }),
    }
  }

  /** The first start of a file reads it from the disk, and does not count. */
  async function measureStarts(task: ModelTask, count: number): Promise<Trial<Reading>> {
    const starts: number[] = []
    const from = task.shipped?.folder ?? task.modelFile
    const isFirst = !started.has(from)
    started.add(from)
    let countedMs = 0
    for (let k = isFirst ? -1 : 0; k < count && countedMs < STARTS_MS; k++) {
      const trial = await run(startTask, task, tryLimits(limits))
      if (trial.outcome !== 'measured') return trial
      if (k < 0) continue
      starts.push(trial.value.totalMs)
      countedMs += trial.value.totalMs
    }
    const value = { score: median(starts), p50Ms: null, peakBytes: null, handoffNs: null, disturbedShare: 0 }
    return { outcome: 'measured', value }
  }

  return {
    async measure(setup, depth = 'look') {
      if (goal === 'load-time') {
        const made = await taskAt(setup, depth)
        return made.outcome === 'measured' ? measureStarts(made.value, depth === 'look' ? STARTS : STARTS_THOROUGH) : made
      }
      const trial = await predict(setup, depth)
      if (trial.outcome !== 'measured') return trial
      const value = readingOf(trial.value, setup)
      if (!Number.isNaN(value.score)) return { outcome: 'measured', value }
      return { outcome: 'failed', reason: `this system does not report what ${goal} needs` }
    },
    async predictMs(setup) {
      const trial = await predict(setup, 'look')
      return trial.outcome === 'measured' ? { outcome: 'measured', value: trial.value.p50Ms } : trial
    },
  }
}
