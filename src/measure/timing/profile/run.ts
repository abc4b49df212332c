// Profiles a model in the trial's process, in rounds of about a second: plain predictions, the chains that calibrate the profiler,
// profiled predictions, chains and plain ones again. On shared machines the pace of one and the same code changes within seconds;
// each round is corrected by what was measured around it. One session is open at a time: the threads of others disturb it, and two
// sessions of two threads each made a transformer twice as slow on two CPUs
// (https://github.com/microsoft/onnxruntime/issues/17011).
import path from 'node:path'
import { readTrace, type Trace } from '../../../engines/onnxruntime/facts/trace.ts'
import { sample, takeSamples, timedRuns, warmUp } from '../../../engines/sampler.ts'
import type { Session } from '../../../engines/types.ts'
import { engineOf } from '../../../trials/engine-of.ts'
import { defineTask } from '../../../trials/port.ts'
import { feedsOf, openSession } from '../../open.ts'
import { median } from '../statistics.ts'
import { aggregate } from './aggregate.ts'
import { bodyCost, calibrateProfiler, plainCosts } from './chains.ts'
import type { ProfileInput, ProfileOutput, ProfileRound, ProfilerCost } from './types.ts'

/** Traces are read whole: 620 bytes an event, 200,000 events are about 125 MB. */
const MAX_EVENTS = 200_000
/** Of one round: the record of events grows into fresh memory, and a node of a long profile costs up to a quarter more. */
const ROUND_EVENTS = 20_000
/** A model that takes long to load is loaded fewer times. */
const LOADING_MS = 1500
const MIN_PREDICTIONS = 6
/** Of one round: more narrow nothing, and reading their trace takes longer than they do. */
const MOST_PREDICTIONS = 200
/** Of a round's sampling time: for each plain part. */
const PLAIN_SHARE = 0.4
const WARMUP_RUNS = 5
const EMPTY_MS = 25
const LEAST = { least: { warmup: WARMUP_RUNS, samples: MIN_PREDICTIONS }, warmupMs: 0 } as const

const now = () => performance.now()

export async function profileModel(asked: ProfileInput): Promise<ProfileOutput> {
  const roundMs = asked.sampleMs / asked.rounds
  const asAsked = await plainPart(asked, roundMs * PLAIN_SHARE)
  const oneIsOther = asked.options.threads !== 1 && engineOf(asked.engine).offers.includes('threads')
  const onOne = asAsked.p50Ms < SMALL_MS && oneIsOther ? onOneThread(asked) : null
  const single = onOne && (await plainPart(onOne, roundMs * PLAIN_SHARE))
  const serial = single !== null && single.p50Ms <= asAsked.p50Ms * SAME_ON_ONE
  const input = serial ? onOne! : asked
  const first = serial ? single : asAsked
  const rounds = Math.max(1, Math.min(asked.rounds, Math.floor(LOADING_MS / (2 * first.loadMs))))
  const sampleMs = input.sampleMs / rounds
  const traces: Trace[] = []
  const measured: ProfileRound[] = []
  const plain = await plainCosts(input.engine, input.options, input.folder)
  const calibrate = () => calibrateProfiler(input.engine, input.options, input.folder, plain, input.nodes)
  let before = { p50Ms: first.p50Ms, cost: await calibrate() }
  for (let round = 0; round < rounds; round++) {
    const { trace, p50Ms: profiledP50Ms } = await profiledPart(
      input,
      sampleMs,
      Math.min(ROUND_EVENTS, MAX_EVENTS / rounds),
      round,
    )
    const after = { cost: await calibrate(), p50Ms: (await plainPart(input, sampleMs * PLAIN_SHARE)).p50Ms }
    const emptyP50Ms = input.emptyModelFile ? await emptyCall(input, input.emptyModelFile) : null
    traces.push(trace)
    measured.push({
      profiledP50Ms,
      plainP50Ms: (before.p50Ms + after.p50Ms) / 2,
      plainDrift: Math.max(before.p50Ms, after.p50Ms) / Math.min(before.p50Ms, after.p50Ms),
      cost: between(before.cost, after.cost),
      emptyP50Ms,
    })
    before = after
  }
  const truncated = traces.some((trace) => trace.truncated)
  const profiled = aggregate(traces, WARMUP_RUNS)
  const hasBodies = profiled.events.some(({ parent }) => parent !== null)
  return {
    ...profiled,
    rounds: measured,
    truncated,
    bodyUs: hasBodies ? await bodyCost(input.engine, input.options, input.folder, plain) : null,
    onOneThread: serial,
  }
}

/**
 * With several threads the profiler also writes what each thread did, which doubles its cost. A small model that is as fast on one
 * thread does not use the others, and is profiled on one.
 */
const SMALL_MS = 1
const SAME_ON_ONE = 1.1

const onOneThread = (input: ProfileInput): ProfileInput => ({ ...input, options: { ...input.options, threads: 1 } })

const between = (a: ProfilerCost, b: ProfilerCost): ProfilerCost => ({
  fixedUs: (a.fixedUs + b.fixedUs) / 2,
  perTensorUs: (a.perTensorUs + b.perTensorUs) / 2,
  betweenUs: (a.betweenUs + b.betweenUs) / 2,
  dispatchUs: (a.dispatchUs + b.dispatchUs) / 2,
})

async function plainPart(input: ProfileInput, sampleMs: number): Promise<{ readonly loadMs: number; readonly p50Ms: number }> {
  const start = now()
  const session = await openSession(input)
  return { loadMs: now() - start, p50Ms: await plainP50(session, input, sampleMs) }
}

/** Closes the session. */
async function plainP50(session: Session, input: ProfileInput, sampleMs: number): Promise<number> {
  const runs = feedsOf(input).map((feeds) => session.prepare(feeds))
  const { samplesMs } = await takeSamples(timedRuns(runs, now), { ...LEAST, sampleMs, maxSamples: Number.POSITIVE_INFINITY }, now)
  await session.close()
  return median(samplesMs)
}

async function profiledPart(input: ProfileInput, sampleMs: number, maxEvents: number, round: number) {
  const session = await openSession(input, {
    profilePrefix: path.join(input.folder, `profile-${round}-`),
    ...(round === 0 && engineOf(input.engine).offers.includes('executed-graph')
      ? { optimizedModelPath: input.optimizedModelPath }
      : {}),
  })
  const run = timedRuns(
    feedsOf(input).map((feeds) => session.prepare(feeds)),
    now,
  )
  const { warmupMs, least } = await warmUp(run, LEAST, now)
  const perRunMs = warmupMs / WARMUP_RUNS
  const traceable = Math.floor((maxEvents * LEAST_EVENT_MS) / Math.max(perRunMs, LEAST_EVENT_MS))
  const most = Math.max(MIN_PREDICTIONS, Math.min(MOST_PREDICTIONS, traceable))
  const { samplesMs } = await sample(run, { sampleMs, maxSamples: most }, least.samples, now)
  const file = await session.endProfiling!()
  await session.close()
  if (!file) throw new Error('the engine wrote no profile')
  return { trace: readTrace(file), p50Ms: median(samplesMs) }
}

/** A node costs the profiler at least this much: it bounds the number of events, which only the trace tells, from above. */
const LEAST_EVENT_MS = 0.003

async function emptyCall(input: ProfileInput, emptyModelFile: string): Promise<number> {
  return plainP50(await engineOf(input.engine).open(emptyModelFile, input.options), input, EMPTY_MS)
}

export const profileTask = defineTask('profile', import.meta.url, profileModel)
