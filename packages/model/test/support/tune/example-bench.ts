// A made-up machine for tests of the search: every setup has a true time, readings scatter around it from process to process, the
// handoff between threads has two states, and the clock moves only by what is measured. The same seed gives the same readings.
import { mulberry32, normal } from '@whyslow/graph/random.ts'
import type { Agreement } from '@whyslow/measure/outputs/index.ts'
import type { Trial } from '@whyslow/measure/trials/port.ts'
import { defineRemedy, goals, type Remedy, type RemedyEvidence, type RemedySetup } from '../../../src/remedies/kit/remedy.ts'
import type { Bench, Depth, Reading } from '../../../src/tune/bench.ts'

/** Which of the made-up remedies are in the setup. */
export type Has = (id: string) => boolean

export interface World {
  readonly seed: number
  /** True score in the fast state. */
  readonly timeMs: (has: Has) => number
  /** Relative scatter from process to process: standard deviation of the logarithm. */
  readonly noise: number
  /** Handoff at a time of the clock, ns; absent: always 120. */
  readonly handoffNs?: (nowMs: number) => number
  /** Works on several threads: its handoff is known, and slow handoffs make it 1.6 times slower; absent: all do. */
  readonly isThreaded?: (has: Has) => boolean
  readonly isWrong?: (has: Has) => boolean
  readonly fails?: (has: Has) => boolean
  /** Time per prediction where it is not the score; null: readings hold none. */
  readonly p50Ms?: ((has: Has) => number) | null
  /** A factor on all readings at a time of the clock, which no handoff shows; absent: 1. */
  readonly pace?: (nowMs: number) => number
  /** Share of processes that are half as slow again for no reason of their own; absent: none. */
  readonly wild?: number
  /** Of the clock, for one reading; absent: 500. */
  readonly readingMs?: number
}

export interface Seen {
  readonly what: 'reading' | 'thorough reading' | 'shipped reading' | 'outputs' | 'pace'
  /** Ids of the remedies in it, sorted. */
  readonly key: string
  readonly atMs: number
}

export const FAST_NS = 120
export const SLOW_NS = 400
const SLOW_FACTOR = 1.6
const WILD_FACTOR = 1.5
const COMPARE_MS = 300

/** `seen`: everything that was measured, in order. */
export function exampleBench(world: World): Bench & { readonly seen: readonly Seen[] } {
  const random = mulberry32(world.seed)
  const seen: Seen[] = []
  let now = 0
  const note = (what: Seen['what'], setup: RemedySetup) => seen.push({ what, key: keyOf(setup), atMs: now })

  async function measure(setup: RemedySetup, depth: Depth = 'look'): Promise<Trial<Reading>> {
    note(depth === 'look' ? 'reading' : `${depth} reading`, setup)
    const has = hasOf(setup)
    const handoffNs = world.handoffNs?.(now) ?? FAST_NS
    now += world.readingMs ?? 500
    if (world.fails?.(has)) return { outcome: 'crashed', reason: 'the engine’s process ended by SIGSEGV' }
    const threaded = world.isThreaded?.(has) ?? true
    const slowed = threaded && handoffNs >= SLOW_NS ? SLOW_FACTOR : 1
    const wild = world.wild !== undefined && random() < world.wild ? WILD_FACTOR : 1
    const score = world.timeMs(has) * slowed * wild * (world.pace?.(now) ?? 1) * Math.exp(world.noise * normal(random))
    const p50Ms = world.p50Ms === null ? null : (world.p50Ms?.(has) ?? score)
    const value = { score, p50Ms, peakBytes: null, handoffNs: threaded ? handoffNs : null, disturbedShare: 0 }
    return { outcome: 'measured', value }
  }

  return {
    seen,
    keyOf,
    measure,
    async predictMs(setup) {
      note('pace', setup)
      now += world.readingMs ?? 500
      return { outcome: 'measured', value: world.p50Ms?.(hasOf(setup)) ?? 1 }
    },
    async compare(setup) {
      note('outputs', setup)
      now += COMPARE_MS
      const ok = !world.isWrong?.(hasOf(setup))
      return { ok, reason: ok ? 'outputs equal bit for bit' : 'outputs differ by 0.5 of their range', agreement: agreement(ok) }
    },
    async executed() {
      return null
    },
    sizeBytes: () => 1000,
    nowMs: () => now,
  }
}

/** The bench, with these scores for the setup that has this key, in turn, the last one again and again. */
export function withScores(bench: Bench, key: string, scores: readonly number[]): Bench {
  let turn = 0
  return {
    ...bench,
    async measure(setup, depth) {
      const trial = await bench.measure(setup, depth)
      if (trial.outcome !== 'measured' || keyOf(setup) !== key) return trial
      return { ...trial, value: { ...trial.value, score: scores[Math.min(turn++, scores.length - 1)]! } }
    },
  }
}

export const keyOf = (setup: RemedySetup): string => idsOf(setup).sort().join('+')

const idsOf = ({ options, engine }: RemedySetup): string[] => [
  ...Object.keys(options.configEntries),
  ...(engine ? [engine.id] : []),
]

const hasOf = (setup: RemedySetup): Has => {
  const ids = new Set(idsOf(setup))
  return (id) => ids.has(id)
}

/** A setup of the made-up machine: what is in it is in the names of its configuration. */
export const exampleSetup = (...ids: string[]): RemedySetup => ({
  // The made-up machine never looks at it.
  model: {} as RemedySetup['model'],
  options: {
    threads: null,
    graphOptimization: 'all',
    executionMode: 'sequential',
    configEntries: Object.fromEntries(ids.map((id) => [id, '1'])),
    packageFrom: null,
  },
  batchFactor: 1,
  machineBound: false,
})

/** A remedy that puts its id into the setup; `when`: applies there only. */
export const exampleRemedy = (id: string, rest: Partial<Remedy> & { readonly when?: (has: Has) => boolean } = {}): Remedy =>
  defineRemedy({
    id,
    title: id,
    treats: [],
    effect: 'exact',
    kind: 'settings',
    goals,
    apply(setup) {
      const has = hasOf(setup)
      if (has(id) || rest.when?.(has) === false) return []
      const ids = Object.keys(setup.options.configEntries)
      const { engine } = setup
      const changed = { ...exampleSetup(...ids, id), ...(engine && { engine }) }
      return [{ variant: '', setup: changed, changes: [`${id} done`], predictedSavingMs: null }]
    },
    ...rest,
  })

export const exampleEvidence = (rest: Partial<RemedyEvidence> = {}): RemedyEvidence => ({
  goal: 'latency',
  engine: { id: 'example', version: '1' },
  offers: [],
  threadsInUse: 2,
  usableCpus: 2,
  instructionSets: [],
  p50Ms: 10,
  findings: [],
  inputs: [],
  outputs: [],
  constraints: { fixShapes: false, outputs: null, maxLoss: null },
  ...rest,
})

/** States that change at random, each of which lasts `meanMs` on average. */
export function changingHandoff(seed: number, meanMs: number): (nowMs: number) => number {
  const random = mulberry32(seed)
  const changes: number[] = []
  let last = 0
  return (nowMs) => {
    while (last <= nowMs) {
      last += -Math.log(1 - random()) * meanMs
      changes.push(last)
    }
    return changes.filter((at) => at <= nowMs).length % 2 === 0 ? FAST_NS : SLOW_NS
  }
}

/** A pace that wanders, AR(1): standard deviation of its logarithm, and its memory. Takes times in order. */
export function driftingPace(seed: number, spread: number, memoryMs: number): (nowMs: number) => number {
  const random = mulberry32(seed)
  let [level, last] = [0, 0]
  return (nowMs) => {
    const kept = Math.exp((last - nowMs) / memoryMs)
    level = kept * level + Math.sqrt(1 - kept * kept) * spread * normal(random)
    last = nowMs
    return Math.exp(level)
  }
}

const agreement = (equal: boolean): Agreement => ({
  mismatch: null,
  outputs: [],
  equal,
  maxAbs: equal ? 0 : 0.5,
  maxRelative: equal ? 0 : 0.5,
  cosine: 1,
  sqnrDb: null,
  top1: null,
  metric: null,
  noMetric: null,
})
