// Profiles a model in the trial's process: profiled predictions alternate with plain ones, so that both meet the same machine;
// beside them the profiler's cost and the price of an empty call are measured.
import path from 'node:path'
import type { PreparedRun } from '../../engines/types.ts'
import { engineOf, feedsOf, openSession } from '../open.ts'
import { median } from '../statistics.ts'
import type { ProfileInput, ProfileOutput } from '../tasks.ts'
import { aggregate } from './aggregate.ts'
import { calibrateProfiler } from './chains.ts'
import { readTrace } from './trace.ts'

/** The trace is read whole: 620 bytes an event, 200,000 events are about 125 MB. */
const MAX_EVENTS = 200_000
const MIN_PREDICTIONS = 12
/** Turns of one kind before the other's: long enough for its weights to be back in the caches, short against a change of pace. */
const TURN_MS = 40
const MIN_TURN_RUNS = 3
const WARMUP_RUNS = 5
const EMPTY_MS = 60
const EMPTY_ROUNDS = 3

export async function profileModel(input: ProfileInput): Promise<ProfileOutput> {
  const feeds = feedsOf(input)
  const plain = await openSession(input)
  const profiled = await openSession(input, {
    profilePrefix: path.join(input.folder, 'profile-'),
    optimizedModelPath: input.optimizedModelPath,
  })
  const plainRuns = feeds.map((sample) => plain.prepare(sample))
  const profiledRuns = feeds.map((sample) => profiled.prepare(sample))
  const costBefore = await calibrateProfiler(input.engine, input.options, input.folder)
  const emptyP50sMs = input.emptyModelFile ? await emptyCalls(input, input.emptyModelFile) : []

  for (let k = 0; k < WARMUP_RUNS; k++) await plainRuns[k % plainRuns.length]!()
  const firstStart = performance.now()
  for (let k = 0; k < WARMUP_RUNS; k++) await profiledRuns[k % profiledRuns.length]!()
  const perRunMs = (performance.now() - firstStart) / WARMUP_RUNS

  const plainMs: number[] = []
  const profiledMs: number[] = []
  // The number of nodes is known only from the trace; a node costs the profiler at least 3 µs, which bounds it from above.
  const maxPredictions = Math.max(MIN_PREDICTIONS, Math.floor(MAX_EVENTS / Math.max(1, (perRunMs * 1000) / 3)))
  const start = performance.now()
  while (
    profiledMs.length < MIN_PREDICTIONS ||
    (performance.now() - start < input.sampleMs && profiledMs.length < maxPredictions)
  ) {
    await turn(plainRuns, plainMs)
    await turn(profiledRuns, profiledMs)
  }
  const file = await profiled.endProfiling!()
  if (!file) throw new Error('the engine wrote no profile')
  await plain.close()
  await profiled.close()
  const trace = readTrace(file)
  const { events, predictions } = aggregate(trace, WARMUP_RUNS)
  return {
    events,
    predictions,
    profiledP50Ms: median(profiledMs),
    plainP50Ms: median(plainMs),
    cost: costBefore,
    emptyP50sMs,
    truncated: trace.truncated,
  }
}

/** The first run of a turn finds the caches full of the other session's weights: it is made and not counted. */
async function turn(runs: readonly PreparedRun[], samples: number[]): Promise<void> {
  await runs[samples.length % runs.length]!()
  const start = performance.now()
  for (let k = 0; k < MIN_TURN_RUNS || performance.now() - start < TURN_MS; k++) {
    const t = performance.now()
    await runs[samples.length % runs.length]!()
    samples.push(performance.now() - t)
  }
}

async function emptyCalls(input: ProfileInput, emptyModelFile: string): Promise<number[]> {
  const session = await engineOf(input.engine).open(emptyModelFile, input.options)
  const runs = feedsOf(input).map((sample) => session.prepare(sample))
  const p50s: number[] = []
  for (let round = 0; round < EMPTY_ROUNDS; round++) {
    const samples: number[] = []
    for (const start = performance.now(); performance.now() - start < EMPTY_MS; ) {
      const t = performance.now()
      await runs[samples.length % runs.length]!()
      samples.push(performance.now() - t)
    }
    p50s.push(median(samples))
  }
  await session.close()
  return p50s
}
