// What a run has time for, from one first prediction: how many processes, samples, rounds of the profile, points of the sweeps and pairs.
// A run takes some seconds for a model of up to tens of milliseconds, and this many predictions' worth of time for a slower one. First
// come the latency and the profile, which every model gets, then what is tried, in the order of what it tells. Nothing is measured
// here: a plan is arithmetic.
import type { LeastRuns } from '@whyslow/measure/engines/types.ts'
import { DEFAULT_SAMPLES } from '@whyslow/measure/samples/synthetic.ts'
import { time } from '@whyslow/measure/statistics/numbers.ts'
import { EVENT_LOOP_MS } from '@whyslow/measure/timing/event-loop.ts'
import { expectedBlockMs } from '@whyslow/measure/timing/latency-block.ts'
import { FUTILE_AFTER } from '@whyslow/measure/timing/paired.ts'
import { expectedProfileMs } from '@whyslow/measure/timing/profile/run.ts'
import type { ProfileInput } from '@whyslow/measure/timing/profile/types.ts'
import type { Experiment } from '@whyslow/measure/timing/types.ts'
import { PROCESS_MS } from '@whyslow/measure/trials/limits.ts'
import { type FirstLook, TRYING_MS } from '@whyslow/measure/try-once.ts'
import { leastSweepMs, type PlannedSweep, planSweep, runsFor, type SweepChoice } from './sweep-plan.ts'

export interface AskedTime {
  readonly quick: boolean
  /** Sampling time over all processes; null: the usual. */
  readonly seconds: number | null
}

/** What could be measured, were there time. */
export interface PossibleMeasurements {
  /** About as many as a prediction runs; null if the engine gives no times of nodes. */
  readonly nodes: number | null
  readonly onDevice: boolean
  /** null: there is nothing to sweep. */
  readonly threads: SweepChoice | null
  readonly batch: SweepChoice | null
  readonly sizes: readonly SweepChoice[]
  readonly experiments: {
    /** Something of the model or the options asks for them. */
    readonly standingOut: readonly Experiment['id'][]
    readonly others: readonly Experiment['id'][]
  }
}

export interface PlannedProfile extends Pick<ProfileInput, 'sampleMs' | 'rounds' | 'least'> {
  readonly plannedMs: number
}

export interface PlannedPairs {
  readonly pairs: number
  readonly least: LeastRuns
  /** Time of one process, ms. */
  readonly processMs: number
}

type LeftOut = 'threadSweep' | 'batchSweep' | 'sizeSweeps' | 'experiments'

export interface RunPlan {
  /** What a run of such a model may take. */
  readonly budgetMs: number
  /** What this one takes, the first look included. Above the budget only where one process and its profile are. */
  readonly plannedMs: number
  readonly processes: number
  readonly block: { readonly sampleMs: number; readonly least: LeastRuns; readonly plannedMs: number }
  readonly profile: PlannedProfile | null
  /** For operators alone: a quarter of the run at most, 0 if nothing is left. */
  readonly experimentsMs: number
  readonly threads: PlannedSweep | null
  readonly batch: PlannedSweep | null
  readonly sizes: readonly (PlannedSweep | null)[]
  readonly experiments: Readonly<Partial<Record<Experiment['id'], PlannedPairs>>>
  /** Why something possible was left out because it did not fit. */
  readonly leftOut: Readonly<Partial<Record<LeftOut, string>>>
}

const FULL = { budgetMs: 20_000, predictions: 60, processes: 5, sampleMs: 2500, blocksShare: 0.4, profileShare: 0.2 } as const
const QUICK = { budgetMs: 6000, predictions: 25, processes: 3, sampleMs: 900, blocksShare: 0.5, profileShare: 0.32 } as const

/**
 * What a second of sampling beyond the usual adds to the run: the processes' own warm-up, the profile's share with its plain parts, and a
 * quarter of the whole for operators alone.
 */
const PER_SAMPLING = { blocks: 1.25, profile: 0.65, operators: 0.63 } as const

/** What is tried loads the model again and again: a full run has the time of so many loads more, up to a limit. */
const LOADS = 10
const MOST_LOADING_MS = 5000

/** Kept for operators alone before anything is swept. */
const LEAST_EXPERIMENTS_SHARE = { full: 0.15, quick: 0.1 } as const
const MOST_EXPERIMENTS_SHARE = 0.25

/** Rounds of a sweep, and how few will do. */
const ROUNDS = { threads: 3, shapes: 2 } as const
const FEWEST_ROUNDS = { threads: 2, shapes: 1 } as const
/** Share of the time for sweeps of shapes, if both are possible. */
const BATCH_SHARE = 0.6

/** For the device's own trial: what it takes in addition to predictions and loading, and how many of them it makes. */
const DEVICE = { ms: 1500, predictions: 6, loads: 3 } as const

export const EXPERIMENT_SAMPLE_MS = 200
/** What is tried on every model gets few pairs; what is tried because it stands out gets enough for a narrow interval. */
const PAIRS: Readonly<Record<Experiment['id'], number>> = { denormals: 3, 'graph-optimization': 6, 'initializers-as-inputs': 6 }
/** An interval of two is of no use. */
const FEWEST_PAIRS = 3

/** What is left of a run's time, and what went out for lack of it. */
interface Spending {
  leftMs: number
  readonly budgetMs: number
  readonly leftOut: Partial<Record<LeftOut, string>>
}

export function planRun(look: FirstLook, asked: AskedTime, possible: PossibleMeasurements): RunPlan {
  const usual = asked.quick ? QUICK : FULL
  const askedMs = asked.seconds === null ? usual.sampleMs : asked.seconds * 1000
  const moreMs = Math.max(0, askedMs - usual.sampleMs)
  const baseMs = Math.max(usual.budgetMs, usual.predictions * look.predictionMs)
  const loadingMs = asked.quick ? 0 : Math.min(MOST_LOADING_MS, LOADS * look.loadMs)
  const budgetMs = baseMs + loadingMs + (PER_SAMPLING.blocks + PER_SAMPLING.profile + PER_SAMPLING.operators) * moreMs
  const spending: Spending = { leftMs: budgetMs - firstLookMs(look), budgetMs, leftOut: {} }

  const watchingMs = possible.onDevice ? deviceMs(look) : 0
  spending.leftMs -= watchingMs
  const sharedMs = baseMs - watchingMs
  const blocks = planBlocks(look, usual.processes, askedMs, usual.blocksShare * sharedMs + PER_SAMPLING.blocks * moreMs)
  spending.leftMs -= blocks.processes * blocks.block.plannedMs + eventLoopMs(look)
  const profileMs = Math.min(spending.leftMs, usual.profileShare * sharedMs + PER_SAMPLING.profile * moreMs)
  const profile = possible.nodes === null ? null : planProfile(look, { sampleMs: askedMs, nodes: possible.nodes }, profileMs)
  spending.leftMs -= profile?.plannedMs ?? 0
  const leastShare = LEAST_EXPERIMENTS_SHARE[asked.quick ? 'quick' : 'full']
  const reservedMs =
    profile === null
      ? 0
      : Math.max(0, Math.min(spending.leftMs, leastShare * (baseMs + loadingMs) + PER_SAMPLING.operators * moreMs))
  spending.leftMs -= reservedMs
  const tried = asked.quick ? NOTHING : planTried(look, possible, spending)
  const mostMs = profile === null ? 0 : MOST_EXPERIMENTS_SHARE * budgetMs
  const experimentsMs = Math.min(mostMs, reservedMs + Math.max(0, spending.leftMs))
  const plannedMs = budgetMs - spending.leftMs - reservedMs + experimentsMs
  return { budgetMs, plannedMs, ...blocks, profile, experimentsMs, ...tried, leftOut: spending.leftOut }
}

/** The engine's own start, and the trial that gave `look`. */
const firstLookMs = ({ loadMs, predictionMs }: FirstLook): number =>
  2 * PROCESS_MS + loadMs + Math.min(DEFAULT_SAMPLES, Math.ceil(TRYING_MS / predictionMs)) * predictionMs

const eventLoopMs = ({ predictionMs }: FirstLook): number => Math.ceil(EVENT_LOOP_MS / predictionMs) * predictionMs

const deviceMs = ({ loadMs, predictionMs }: FirstLook): number =>
  PROCESS_MS + DEVICE.ms + DEVICE.predictions * predictionMs + DEVICE.loads * loadMs

/** As many processes as there may be, then as many samples; one process of the fewest samples whatever it takes. */
function planBlocks(look: FirstLook, most: number, askedMs: number, withinMs: number): Pick<RunPlan, 'processes' | 'block'> {
  const runs = runsFor(look)
  const blockOf = (least: LeastRuns) => {
    const sampleMs = askedMs / most
    return { sampleMs, least, plannedMs: PROCESS_MS + expectedBlockMs(look, { sampleMs, least }) }
  }
  for (let processes = most; processes > 0; processes--) {
    const block = runs.map(blockOf).find(({ plannedMs }) => processes * plannedMs <= withinMs)
    if (block) return { processes, block }
  }
  return { processes: 1, block: blockOf(runs.at(-1)!) }
}

/** Share of the latency's sampling time. */
const PROFILE_SHARE = 0.35
/** A round's sampling: more rounds meet more states of the machine than longer ones do. */
const PROFILE_ROUND_MS = 140
const LEAST_PROFILE_MS = 400
const LEAST_PROFILE_ROUNDS = 3
const MOST_PROFILE_ROUNDS = 10
/** Fewest runs of each part of a round, richest first, and the fewest rounds that they are worth. */
const PROFILE_RUNS: readonly (LeastRuns & { readonly rounds: number })[] = [
  { warmup: 5, samples: 6, rounds: 3 },
  { warmup: 2, samples: 4, rounds: 3 },
  { warmup: 1, samples: 3, rounds: 3 },
  { warmup: 1, samples: 2, rounds: 2 },
  { warmup: 1, samples: 1, rounds: 1 },
]

/** One profiled prediction between two plain ones whatever it takes. `sampleMs`: of the latency. */
export function planProfile(
  look: FirstLook,
  { sampleMs: latencyMs, nodes }: Pick<ProfileInput, 'sampleMs' | 'nodes'>,
  withinMs: number,
): PlannedProfile {
  const sampleMs = Math.max(LEAST_PROFILE_MS, latencyMs * PROFILE_SHARE)
  const rounds = Math.round(sampleMs / PROFILE_ROUND_MS)
  const most = Math.min(MOST_PROFILE_ROUNDS, Math.max(LEAST_PROFILE_ROUNDS, rounds))
  const planOf = (least: LeastRuns, rounds: number): PlannedProfile => {
    const plan = { sampleMs: (sampleMs / most) * rounds, rounds, least }
    return { ...plan, plannedMs: PROCESS_MS + expectedProfileMs(look, { ...plan, nodes }) }
  }
  for (const { rounds: fewest, ...least } of PROFILE_RUNS) {
    for (let rounds = most; rounds >= fewest; rounds--) {
      const planned = planOf(least, rounds)
      if (planned.plannedMs <= withinMs) return planned
    }
  }
  return planOf({ warmup: 1, samples: 1 }, 1)
}

type Tried = Pick<RunPlan, 'threads' | 'batch' | 'sizes' | 'experiments'>
const NOTHING: Tried = { threads: null, batch: null, sizes: [], experiments: {} }

/** Plans what is tried, in the order of what it tells; takes from `spending`. */
function planTried(look: FirstLook, possible: PossibleMeasurements, spending: Spending): Tried {
  const swept = (key: LeftOut, choice: SweepChoice | null, kind: keyof typeof ROUNDS, share = 1): PlannedSweep | null => {
    if (choice === null) return null
    const { leftMs } = spending
    const rounds = [ROUNDS[kind], FEWEST_ROUNDS[kind]]
    const planned = planSweep(look, choice, rounds, share * leftMs) ?? planSweep(look, choice, rounds, leftMs)
    if (planned === null) leaveOut(key, leastSweepMs(look, choice, FEWEST_ROUNDS[kind]), spending)
    else spending.leftMs -= planned.plannedMs
    return planned
  }
  const { standingOut, others } = possible.experiments
  const first = planExperiments(look, standingOut, spending)
  return {
    threads: swept('threadSweep', possible.threads, 'threads'),
    experiments: { ...first, ...planExperiments(look, others, spending) },
    batch: swept('batchSweep', possible.batch, 'shapes', possible.sizes.length > 0 ? BATCH_SHARE : 1),
    sizes: possible.sizes.map((choice) => swept('sizeSweeps', choice, 'shapes')),
  }
}

function planExperiments(look: FirstLook, ids: readonly Experiment['id'][], spending: Spending): RunPlan['experiments'] {
  const experiments: Partial<Record<Experiment['id'], PlannedPairs>> = {}
  for (const id of ids) {
    const planned = [PAIRS[id], FEWEST_PAIRS].flatMap((pairs) =>
      runsFor(look).map((least): PlannedPairs => {
        const processMs = PROCESS_MS + expectedBlockMs(look, { sampleMs: EXPERIMENT_SAMPLE_MS, least })
        return { pairs, least, processMs }
      }),
    )
    const fits = planned.find((one) => pairsMs(id, one) <= spending.leftMs)
    if (fits) {
      experiments[id] = fits
      spending.leftMs -= pairsMs(id, fits)
    } else leaveOut('experiments', pairsMs(id, planned.at(-1)!), spending)
  }
  return experiments
}

/** Time of the pairs, ms. Subnormals take no time in most models, and few pairs show that. */
const pairsMs = (id: Experiment['id'], { pairs, processMs }: PlannedPairs): number =>
  2 * (id === 'denormals' ? Math.min(pairs, FUTILE_AFTER) : pairs) * processMs

function leaveOut(key: LeftOut, tookMs: number, { leftMs, budgetMs, leftOut }: Spending): void {
  leftOut[key] ??=
    `it takes ${time(tookMs)} at least, and ${time(Math.max(0, leftMs))} were left of the ${time(budgetMs)} of a run of this model`
}
