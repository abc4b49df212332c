// Profiles a model in the trial's process, in rounds of a second: plain predictions, profiled ones in turns with the chains that
// calibrate the profiler, plain ones again. On shared machines the pace of one and the same code changes within seconds; each round
// is corrected by what was measured in that round. One session of the model is open at a time: the threads of an idle session keep
// spinning, and two sessions of two threads each made a transformer twice as slow on two CPUs
// (https://github.com/microsoft/onnxruntime/issues/17011).
import path from 'node:path'
import type { PreparedRun } from '../../engines/types.ts'
import { engineOf, feedsOf, openSession } from '../open.ts'
import { median } from '../statistics.ts'
import type { ProfileInput, ProfileOutput, ProfileRound } from '../tasks.ts'
import { aggregate } from './aggregate.ts'
import { openCalibration } from './chains.ts'
import { readTrace, type Trace } from './trace.ts'

/** Traces are read whole: 620 bytes an event, 200,000 events are about 125 MB. */
const MAX_EVENTS = 200_000
const MOST_ROUNDS = 4
/** A model that takes long to load is loaded fewer times. */
const LOADING_MS = 1500
const MIN_PREDICTIONS = 6
/** Of a round's sampling time: for each plain part. */
const PLAIN_SHARE = 0.4
/** Turns of the profiled model and of the chains within a round. */
const TURNS = 3
const WARMUP_RUNS = 5
const EMPTY_MS = 40

export async function profileModel(input: ProfileInput): Promise<ProfileOutput> {
  const roundMs = input.sampleMs / MOST_ROUNDS
  const first = await plainPart(input, roundMs * PLAIN_SHARE)
  const rounds = Math.max(1, Math.min(MOST_ROUNDS, Math.floor(LOADING_MS / (2 * first.loadMs))))
  const sampleMs = input.sampleMs / rounds
  const traces: Trace[] = []
  const measured: ProfileRound[] = []
  let before = first.p50Ms
  for (let round = 0; round < rounds; round++) {
    const { trace, profiledP50Ms, cost } = await profiledPart(input, sampleMs, MAX_EVENTS / rounds, round)
    const after = (await plainPart(input, sampleMs * PLAIN_SHARE)).p50Ms
    const emptyP50Ms = input.emptyModelFile ? await emptyCall(input, input.emptyModelFile) : null
    traces.push(trace)
    measured.push({ profiledP50Ms, cost, plainP50Ms: (before + after) / 2, emptyP50Ms })
    before = after
  }
  return { ...aggregate(traces, WARMUP_RUNS), rounds: measured, truncated: traces.some((trace) => trace.truncated) }
}

async function plainPart(input: ProfileInput, sampleMs: number): Promise<{ readonly loadMs: number; readonly p50Ms: number }> {
  const start = performance.now()
  const session = await openSession(input)
  const loadMs = performance.now() - start
  const runs = feedsOf(input).map((sample) => session.prepare(sample))
  await warmUp(runs)
  const samples: number[] = []
  await sample(runs, samples, sampleMs, Number.POSITIVE_INFINITY)
  await session.close()
  return { loadMs, p50Ms: median(samples) }
}

async function profiledPart(input: ProfileInput, sampleMs: number, maxEvents: number, round: number) {
  const calibration = await openCalibration(input.engine, input.options, input.folder)
  const session = await openSession(input, {
    profilePrefix: path.join(input.folder, `profile-${round}-`),
    optimizedModelPath: input.optimizedModelPath,
  })
  const runs = feedsOf(input).map((feeds) => session.prepare(feeds))
  const perRunMs = await warmUp(runs)
  const most = Math.max(MIN_PREDICTIONS, Math.floor((maxEvents * LEAST_EVENT_MS) / Math.max(perRunMs, LEAST_EVENT_MS)))
  const samples: number[] = []
  for (let turn = 0; turn < TURNS; turn++) {
    await calibration.turn()
    await sample(runs, samples, sampleMs / TURNS, Math.ceil(most / TURNS))
  }
  await calibration.turn()
  const file = await session.endProfiling!()
  await session.close()
  const cost = await calibration.finish()
  if (!file) throw new Error('the engine wrote no profile')
  return { trace: readTrace(file), profiledP50Ms: median(samples), cost }
}

/** A node costs the profiler at least this much: it bounds the number of events, which only the trace tells, from above. */
const LEAST_EVENT_MS = 0.003

/** Mean time of a run, ms. */
async function warmUp(runs: readonly PreparedRun[]): Promise<number> {
  const start = performance.now()
  for (let k = 0; k < WARMUP_RUNS; k++) await runs[k % runs.length]!()
  return (performance.now() - start) / WARMUP_RUNS
}

async function sample(runs: readonly PreparedRun[], samples: number[], sampleMs: number, most: number): Promise<void> {
  const start = performance.now()
  for (let k = 0; k < MIN_PREDICTIONS || (performance.now() - start < sampleMs && k < most); k++) {
    const t = performance.now()
    await runs[samples.length % runs.length]!()
    samples.push(performance.now() - t)
  }
}

async function emptyCall(input: ProfileInput, emptyModelFile: string): Promise<number> {
  const session = await engineOf(input.engine).open(emptyModelFile, input.options)
  const runs = feedsOf(input).map((feeds) => session.prepare(feeds))
  await warmUp(runs)
  const samples: number[] = []
  await sample(runs, samples, EMPTY_MS, Number.POSITIVE_INFINITY)
  await session.close()
  return median(samples)
}
