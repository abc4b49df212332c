// Chains of trivial nodes on which the profiler's own cost is measured: once without and once with the profiler, in the process
// that profiles the user's model, and never fitted to that model. The nodes of the varied chain are of many kinds, as a model's
// are: after the profiler's own code each kernel runs with cold instructions, which a chain of one kind would not show. The cost
// inside a node's span grows with its tensors, since the engine writes their shapes before it stops the clock
// (onnxruntime/core/framework/sequential_executor.cc, KernelScope); the wide chain gives that slope.
import fs from 'node:fs'
import path from 'node:path'
import { CHAIN_WIDTH, type ChainKind, chainModel, loopModel, nodesPerLink } from '../../chain-models.ts'
import { readTrace } from '../../engines/onnxruntime/facts/trace.ts'
import type { Clock } from '../../engines/sampler.ts'
import type { Engine, EngineOptions, Session } from '../../engines/types.ts'
import { median, midmean } from '../../statistics/index.ts'
import { loopMs } from '../loop.ts'
import type { ProfilerCost } from './types.ts'

/** Links of a chain: few, many, and as many as are profiled. A link of the varied chain is a block of nodes. */
const LENGTHS: Readonly<Record<ChainKind, { readonly short: number; readonly long: number; readonly profiled: number }>> = {
  unary: { short: 40, long: 160, profiled: 80 },
  wide: { short: 40, long: 160, profiled: 80 },
  varied: { short: 2, long: 8, profiled: 5 },
}
/** Chains grow with the model that is profiled, up to this many nodes. */
const MOST_NODES = 800
const LEAST_RUNS = 4
const LOOP_MS = 10
/** The plain cost is measured once and taken from every round: by turns, so that a process that cuts in spoils one of them. */
const PLAIN_TURNS = 3
const PLAIN_TURN_MS = 5
/** A fresh session's first runs allocate and are slower. */
const WARMUP_MS = 3

/** What chains run on. */
export interface ChainSetup {
  readonly engine: Engine
  readonly options: EngineOptions
  /** Takes the chains' files and profiles. */
  readonly folder: string
  readonly now: Clock
}

/** What one kind of chain showed, µs a node. */
interface ChainCost {
  /** The profiler's cost inside a node's span, mean over the chain's nodes. */
  readonly insideUs: number
  readonly betweenUs: number
  /** Mean number of inputs and outputs that the profile lists. */
  readonly tensors: number
}

/** Cost of a node without the profiler, µs, keyed by kind. */
export type PlainCosts = Readonly<Record<ChainKind, number>>

const KINDS: readonly ChainKind[] = ['unary', 'wide', 'varied']
const FEEDS = { x: { dtype: 'float32', shape: [1, CHAIN_WIDTH], data: new Float32Array(CHAIN_WIDTH).fill(0.5) } } as const

/** What a trivial node takes without the profiler, from a short and a long chain of each kind; about 0.2 s. */
export async function plainCosts(setup: ChainSetup): Promise<PlainCosts> {
  const costs: [ChainKind, number][] = []
  for (const kind of KINDS) {
    const { short, long } = LENGTHS[kind]
    const extraMs = await longerBy(setup, await openChain(setup, kind, short), await openChain(setup, kind, long))
    costs.push([kind, (Math.max(0, extraMs) / (long - short) / nodesPerLink(kind)) * 1000])
  }
  return Object.fromEntries(costs) as Record<ChainKind, number>
}

/** What the long one takes more, ms. Both are open at once, so that they meet the same state of the machine; closes them. */
async function longerBy(setup: ChainSetup, short: Session, long: Session): Promise<number> {
  const sessions = [short, long]
  const [shortRun, longRun] = sessions.map((session) => session.prepare(FEEDS))
  const differences: number[] = []
  for (let turn = 0; turn < PLAIN_TURNS; turn++) {
    const shortMs = await loopMs([shortRun!], planFor(PLAIN_TURN_MS), setup.now)
    differences.push((await loopMs([longRun!], planFor(PLAIN_TURN_MS), setup.now)) - shortMs)
  }
  for (const session of sessions) await session.close()
  return median(differences)
}

/** The profiler's cost now, in about 0.1 s. No session is left open: threads of idle sessions disturb the model's. */
export async function calibrateProfiler(setup: ChainSetup, plain: PlainCosts, nodes: number): Promise<ProfilerCost> {
  const costs: ChainCost[] = []
  for (const kind of KINDS) costs.push(await costOf(setup, kind, nodes, plain[kind]))
  const [unary, wide, varied] = costs as [ChainCost, ChainCost, ChainCost]
  // Noise can make tensors cost more than all that a varied node costs: then nothing is left that is fixed, and never less than nothing.
  const measuredUs = Math.max(0, (wide.insideUs - unary.insideUs) / (wide.tensors - unary.tensors))
  const perTensorUs = Math.min(measuredUs, varied.insideUs / varied.tensors)
  return {
    fixedUs: Math.max(0, varied.insideUs - perTensorUs * varied.tensors),
    perTensorUs,
    betweenUs: Math.max(0, varied.betweenUs),
    dispatchUs: Math.max(0, plain.unary),
  }
}

/** Rounds of a Loop: few and many. */
const ROUNDS = { short: 20, long: 120 } as const
/** Identity and Neg. */
const BODY_NODES = 2

/** What a round of a body takes in addition to its nodes, µs: setting up the frame of its values, taking over what it gives. */
export async function bodyCost(setup: ChainSetup, plain: PlainCosts): Promise<number> {
  const opened = (rounds: number) => openModel(setup, `loop-${rounds}.onnx`, () => loopModel(rounds))
  const extraMs = await longerBy(setup, await opened(ROUNDS.short), await opened(ROUNDS.long))
  return Math.max(0, (extraMs / (ROUNDS.long - ROUNDS.short)) * 1000 - BODY_NODES * plain.unary)
}

const openChain = (setup: ChainSetup, kind: ChainKind, links: number, profiling = {}): Promise<Session> =>
  openModel(setup, `chain-${kind}-${links}.onnx`, () => chainModel(kind, links), profiling)

/** Nothing is fused or folded: the nodes that were written are the nodes that run. */
function openModel(
  { engine, options, folder }: ChainSetup,
  name: string,
  made: () => Uint8Array,
  profiling: { readonly profilePrefix?: string } = {},
): Promise<Session> {
  const file = path.join(folder, name)
  if (!fs.existsSync(file)) fs.writeFileSync(file, made())
  return engine.open(file, { ...options, graphOptimization: 'disabled', ...profiling })
}

async function costOf(setup: ChainSetup, kind: ChainKind, nodes: number, plainUs: number): Promise<ChainCost> {
  const links = Math.max(LENGTHS[kind].profiled, Math.round(Math.min(nodes, MOST_NODES) / nodesPerLink(kind)))
  const perPrediction = links * nodesPerLink(kind)
  const session = await openChain(setup, kind, links, { profilePrefix: path.join(setup.folder, `chain-${kind}-`) })
  const profiledMs = await loopMs([session.prepare(FEEDS)], planFor(LOOP_MS), setup.now)
  const file = await session.endProfiling!()
  await session.close()
  const trace = file ? readTrace(file).nodes : []
  // Without it all that is corrected would be NaN.
  if (trace.length < perPrediction) throw new Error('the engine wrote no profile of the chains that calibrate it')
  const warm = Math.floor((trace.length / perPrediction) * (WARMUP_MS / (WARMUP_MS + LOOP_MS))) * perPrediction
  const spanUs = meanSpan(trace.slice(warm), perPrediction)
  return {
    insideUs: Math.max(0, spanUs - plainUs),
    betweenUs: (profiledMs / perPrediction) * 1000 - spanUs,
    tensors: trace.reduce((sum, n) => sum + n.inputTypes.length + n.outputTypes.length, 0) / Math.max(1, trace.length),
  }
}

/** Mean span of a node: spans are summed over whole predictions, so that each kind of node counts as often as it runs. */
function meanSpan(nodes: readonly { readonly dur: number }[], perPrediction: number): number {
  const sums: number[] = []
  for (let at = 0; at + perPrediction <= nodes.length; at += perPrediction) {
    let sum = 0
    for (let k = 0; k < perPrediction; k++) sum += nodes[at + k]!.dur
    sums.push(sum)
  }
  return midmean(sums) / perPrediction
}

const planFor = (sampleMs: number) => ({ least: { warmup: 1, samples: LEAST_RUNS }, warmupMs: WARMUP_MS, sampleMs })
