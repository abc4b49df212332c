// Profiles a model in the trial's process, in rounds of about a second: plain predictions, the chains that calibrate the profiler,
// profiled predictions, chains and plain ones again. On shared machines the pace of one and the same code changes within seconds;
// each round is corrected by what was measured around it. Of a slow model a round is one profiled prediction between two plain ones,
// and no chains are run: next to its predictions the profiler costs nothing. One session is open at a time: the threads of others disturb it, and two
// sessions of two threads each made a transformer twice as slow on two CPUs
// (https://github.com/microsoft/onnxruntime/issues/17011).
import path from 'node:path'
import { readTrace, type Trace } from '../../engines/onnxruntime/facts/trace.ts'
import { type Clock, processClock, sample, timeEachRun, warmUp } from '../../engines/sampler.ts'
import type { Engine, Session } from '../../engines/types.ts'
import { loadInputs } from '../../samples/saved.ts'
import { median } from '../../statistics/index.ts'
import { engineOf } from '../../trials/engine-of.ts'
import { defineTask } from '../../trials/port.ts'
import type { FirstLook } from '../../try-once.ts'
import { loopMs } from '../loop.ts'
import { aggregate } from './aggregate.ts'
import { bodyCost, type ChainSetup, calibrateProfiler, type PlainCosts, plainCosts } from './chains.ts'
import type { ProfileInput, ProfileOutput, ProfileRound, ProfilerCost } from './types.ts'
import { MOST_NODE_US, USUAL_COST } from './usual-cost.ts'

/** Traces are read whole: 620 bytes an event, 200,000 events are about 125 MB. */
const MAX_EVENTS = 200_000
/** Most events of one round: the record of events grows into fresh memory, and a node of a long profile costs up to a quarter more. */
const ROUND_EVENTS = 20_000
/** Most predictions of one round: more narrow nothing, and reading their trace takes longer than they do. */
const MOST_PREDICTIONS = 200
/** Share of a round's sampling time for each plain part. */
const PLAIN_SHARE = 0.4
const EMPTY_MS = 25
const EMPTY_RUNS = { warmup: 5, samples: 6 } as const

/** What is profiled, and on what. */
interface Profiling {
  readonly input: ProfileInput
  readonly engine: Engine
  readonly now: Clock
}

interface PlainPart {
  readonly p50Ms: number
}

export async function profileModel(
  asked: ProfileInput,
  engine = engineOf(asked.engine),
  now = processClock,
): Promise<ProfileOutput> {
  const { serial, first, ...profiling } = await chooseThreads({ input: asked, engine, now })
  const { input } = profiling
  const { rounds, least } = input
  const sampleMs = input.sampleMs / rounds
  const traces: Trace[] = []
  const measured: (Omit<ProfileRound, 'cost'> & { readonly cost: ProfilerCost | null })[] = []
  const calibration = calibrationOf({ engine, now, options: input.options, folder: input.folder }, input.nodes)
  const asGiven = engine.offers.includes('node-times-as-given')
  const feels = (events: number): boolean => !asGiven && isFelt(events, first.p50Ms)
  let before = { p50Ms: first.p50Ms, cost: feels(input.nodes) ? await calibration.cost() : null }
  for (let round = 0; round < rounds; round++) {
    const maxEvents = Math.min(ROUND_EVENTS, MAX_EVENTS / rounds)
    const { trace, p50Ms: profiledP50Ms, outsideMs } = await profiledPart(profiling, sampleMs, maxEvents, round)
    // Bodies of loops run many times: only the trace tells how many events a prediction has.
    const felt = before.cost !== null || feels(trace.nodes.length / trace.runs.length)
    const after = {
      cost: felt ? await calibration.cost() : null,
      p50Ms: (await plainPart(profiling, sampleMs * PLAIN_SHARE)).p50Ms,
    }
    const emptyP50Ms = input.emptyModelFile ? await emptyCall(profiling, input.emptyModelFile) : null
    traces.push(trace)
    measured.push({
      ...{ profiledP50Ms, outsideMs },
      plainP50Ms: (before.p50Ms + after.p50Ms) / 2,
      plainDrift: Math.max(before.p50Ms, after.p50Ms) / Math.min(before.p50Ms, after.p50Ms),
      cost: between(before.cost, after.cost),
      emptyP50Ms,
    })
    before = after
  }
  const profiled = aggregate(traces, least.warmup)
  const hasBodies = profiled.events.some(({ parent }) => parent !== null)
  const known = measured.find(({ cost }) => cost !== null)?.cost ?? null
  return {
    ...profiled,
    rounds: measured.map(({ cost, ...round }) => ({ ...round, cost: cost ?? known ?? (asGiven ? NO_COST : USUAL_COST) })),
    truncated: traces.some((trace) => trace.truncated),
    calibrated: known !== null,
    ...(asGiven ? { asGiven } : {}),
    bodyUs: hasBodies && !asGiven ? await calibration.bodyUs() : null,
    onOneThread: serial,
  }
}

/** Cost of a profiler that is not calibrated. */
const NO_COST: ProfilerCost = { fixedUs: 0, perTensorUs: 0, betweenUs: 0, dispatchUs: 0 }
/** Below this share of a prediction the profiler's cost is lost in the spread between predictions. */
const FELT_SHARE = 0.01

/** Whether the profiler is worth calibrating for predictions of this many events. */
const isFelt = (events: number, p50Ms: number): boolean => events * MOST_NODE_US >= FELT_SHARE * p50Ms * 1000

/** All that `plainCosts` does, and one `calibrateProfiler`, ms. */
const PLAIN_CHAINS_MS = 150
const CALIBRATION_MS = 90

/** What the whole of it takes, ms, where loading and a prediction take this long: what plans of a run are made of. */
export function expectedProfileMs(
  { loadMs, predictionMs }: FirstLook,
  { sampleMs, rounds, least, nodes }: Pick<ProfileInput, 'sampleMs' | 'rounds' | 'least' | 'nodes'>,
): number {
  const partMs = (ms: number) =>
    loadMs + (least.warmup + Math.max(least.samples, Math.ceil(ms / rounds / predictionMs))) * predictionMs
  const plainMs = partMs(sampleMs * PLAIN_SHARE)
  const chainsMs = isFelt(nodes, predictionMs) ? PLAIN_CHAINS_MS + (rounds + 1) * CALIBRATION_MS : 0
  const firstMs = predictionMs < SMALL_MS ? 2 * plainMs : plainMs
  return firstMs + rounds * (partMs(sampleMs) + plainMs + EMPTY_MS) + chainsMs
}

/** The plain costs of chains are measured once, when they are first needed. */
function calibrationOf(setup: ChainSetup, nodes: number) {
  let known: PlainCosts | undefined
  const plain = async (): Promise<PlainCosts> => {
    known ??= await plainCosts(setup)
    return known
  }
  return {
    cost: async () => calibrateProfiler(setup, await plain(), nodes),
    bodyUs: async () => bodyCost(setup, await plain()),
  }
}

/**
 * With several threads the profiler also writes what each thread did, which doubles its cost. A small model that is as fast on one
 * thread does not use the others, and is profiled on one.
 */
const SMALL_MS = 1
const SAME_ON_ONE = 1.1

async function chooseThreads(asAsked: Profiling): Promise<Profiling & { readonly serial: boolean; readonly first: PlainPart }> {
  const { input, engine } = asAsked
  const sampleMs = (input.sampleMs / input.rounds) * PLAIN_SHARE
  const first = await plainPart(asAsked, sampleMs)
  const oneIsOther = input.options.threads !== 1 && engine.offers.includes('threads')
  if (first.p50Ms >= SMALL_MS || !oneIsOther) return { ...asAsked, serial: false, first }
  const onOne = { ...asAsked, input: { ...input, options: { ...input.options, threads: 1 } } }
  const single = await plainPart(onOne, sampleMs)
  const serial = single.p50Ms <= first.p50Ms * SAME_ON_ONE
  return serial ? { ...onOne, serial, first: single } : { ...asAsked, serial, first }
}

function between(a: ProfilerCost | null, b: ProfilerCost | null): ProfilerCost | null {
  if (a === null || b === null) return a ?? b
  return {
    fixedUs: (a.fixedUs + b.fixedUs) / 2,
    perTensorUs: (a.perTensorUs + b.perTensorUs) / 2,
    betweenUs: (a.betweenUs + b.betweenUs) / 2,
    dispatchUs: (a.dispatchUs + b.dispatchUs) / 2,
  }
}

async function plainPart({ input, engine, now }: Profiling, sampleMs: number): Promise<PlainPart> {
  const session = await engine.open(input.modelFile, input.options)
  return { p50Ms: await plainP50(session, input, { sampleMs, least: input.least }, now) }
}

/** Closes the session. */
async function plainP50(
  session: Session,
  input: ProfileInput,
  plan: Pick<ProfileInput, 'sampleMs' | 'least'>,
  now: Clock,
): Promise<number> {
  const p50Ms = await loopMs(preparedRuns(session, input), { ...plan, warmupMs: 0 }, now)
  await session.close()
  return p50Ms
}

const preparedRuns = (session: Session, input: ProfileInput) => loadInputs(input.inputs).map((feeds) => session.prepare(feeds))

async function profiledPart({ input, engine, now }: Profiling, sampleMs: number, maxEvents: number, round: number) {
  const session = await engine.open(input.modelFile, {
    ...input.options,
    profilePrefix: path.join(input.folder, `profile-${round}-`),
    ...(round === 0 && engine.offers.includes('executed-graph') ? { optimizedModelPath: input.optimizedModelPath } : {}),
  })
  const run = timeEachRun(preparedRuns(session, input), now)
  const { least } = input
  const { warmupMs } = await warmUp(run, { least, warmupMs: 0 }, now)
  const perRunMs = warmupMs / least.warmup
  const traceable = Math.floor((maxEvents * LEAST_EVENT_MS) / Math.max(perRunMs, LEAST_EVENT_MS))
  const most = Math.max(least.samples, Math.min(MOST_PREDICTIONS, traceable))
  const { samplesMs } = await sample(run, { sampleMs, maxSamples: most }, least.samples, now)
  const file = await session.endProfiling!()
  await session.close()
  if (!file) throw new Error('the engine wrote no profile')
  const trace = readTrace(file)
  return { trace, p50Ms: median(samplesMs), outsideMs: outsideRuns(samplesMs, trace.runs.slice(least.warmup)) }
}

/** The middle one of what predictions took beyond the engine's runs in them. A record that was cut short has fewer runs. */
function outsideRuns(samplesMs: readonly number[], runs: Trace['runs']): number {
  const outside = runs.slice(0, samplesMs.length).map(({ dur }, k) => Math.max(0, samplesMs[k]! - dur / 1000))
  return outside.length === 0 ? 0 : median(outside)
}

/** A node costs the profiler at least this much: it bounds the number of events, which only the trace tells, from above. */
const LEAST_EVENT_MS = 0.003

async function emptyCall({ input, engine, now }: Profiling, emptyModelFile: string): Promise<number> {
  return plainP50(await engine.open(emptyModelFile, input.options), input, { sampleMs: EMPTY_MS, least: EMPTY_RUNS }, now)
}

export const profileTask = defineTask('profile', import.meta.url, profileModel)
