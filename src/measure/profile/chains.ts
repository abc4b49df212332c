// Chains of trivial nodes on which the profiler's own cost is measured: once without and once with the profiler, in the process
// that profiles the user's model, and never fitted to that model. The cost inside a node's span grows with its tensors, since
// the engine writes their shapes before it stops the clock (onnxruntime/core/framework/sequential_executor.cc, KernelScope).
import fs from 'node:fs'
import path from 'node:path'
import type { EngineOptions, Session } from '../../engines/types.ts'
import { model, node, valueInfo, writeModel } from '../../graph/build.ts'
import { engineOf } from '../open.ts'
import { median, midmean } from '../statistics.ts'
import type { ProfilerCost } from '../tasks.ts'
import { readTrace } from './trace.ts'

const SHORT_CHAIN = 40
const LONG_CHAIN = 160
const PROFILED_CHAIN = 80
/** Inputs of the wide node: the same value, so that the arithmetic stays trivial. */
const WIDE_INPUTS = 8
const LOOP_MS = 60

type Kind = 'unary' | 'wide'
const tensorsOf: Readonly<Record<Kind, number>> = { unary: 2, wide: WIDE_INPUTS + 1 }

/** A chain of `length` nodes on one element that no optimizer shortens. */
export function chainModel(kind: Kind, length: number): Uint8Array {
  const nodes = Array.from({ length }, (_, i) => {
    const from = i === 0 ? 'x' : `v${i - 1}`
    return kind === 'unary'
      ? node(i % 2 ? 'Neg' : 'Abs', [from], [`v${i}`])
      : node('Sum', [from, ...Array<string>(WIDE_INPUTS - 1).fill('x')], [`v${i}`])
  })
  return writeModel(
    model({ nodes, inputs: [valueInfo('x', 'float32', [1, 1])], outputs: [valueInfo(`v${length - 1}`, 'float32', [1, 1])], opset: 13 }),
  )
}

interface ChainCost {
  readonly insideUs: number
  readonly betweenUs: number
  readonly trueUs: number
}

async function chainCost(kind: Kind, engineId: string, options: EngineOptions, folder: string): Promise<ChainCost> {
  const engine = engineOf(engineId)
  const open = (length: number, profilePrefix?: string): Promise<Session> => {
    const file = path.join(folder, `chain-${kind}-${length}.onnx`)
    fs.writeFileSync(file, chainModel(kind, length))
    return engine.open(file, { ...options, graphOptimization: 'all', ...(profilePrefix ? { profilePrefix } : {}) })
  }
  const feeds = { x: { dtype: 'float32', shape: [1, 1], data: new Float32Array([1]) } } as const
  const sessions = [await open(SHORT_CHAIN), await open(LONG_CHAIN)]
  const profiled = await open(PROFILED_CHAIN, path.join(folder, `chain-${kind}-`))
  const [short, long] = sessions.map((session) => session.prepare(feeds))
  const shortMs: number[] = []
  const longMs: number[] = []
  const profiledMs: number[] = []
  const profiledRun = profiled.prepare(feeds)
  // Alternating, so that a change of the machine's pace meets all three.
  for (let round = 0; round < 3; round++) {
    shortMs.push(await loopMs(short!))
    longMs.push(await loopMs(long!))
    profiledMs.push(await loopMs(profiledRun))
  }
  const file = await profiled.endProfiling!()
  for (const session of [...sessions, profiled]) await session.close()
  const spans = file ? readTrace(file).nodes.map((n) => n.dur) : []
  const trueUs = ((median(longMs) - median(shortMs)) / (LONG_CHAIN - SHORT_CHAIN)) * 1000
  const spanUs = midmean(spans.slice(spans.length >> 2))
  return { trueUs, insideUs: spanUs - trueUs, betweenUs: (median(profiledMs) / PROFILED_CHAIN) * 1000 - spanUs }
}

async function loopMs(run: () => Promise<unknown>): Promise<number> {
  const samples: number[] = []
  for (const start = performance.now(); performance.now() - start < LOOP_MS; ) {
    const t = performance.now()
    await run()
    samples.push(performance.now() - t)
  }
  return median(samples)
}

/** The profiler's cost on this engine with these options, in this process. Takes about a second. */
export async function calibrateProfiler(engine: string, options: EngineOptions, folder: string): Promise<ProfilerCost> {
  const unary = await chainCost('unary', engine, options, folder)
  const wide = await chainCost('wide', engine, options, folder)
  const perTensorUs = Math.max(0, (wide.insideUs - unary.insideUs) / (tensorsOf.wide - tensorsOf.unary))
  return {
    fixedUs: unary.insideUs - perTensorUs * tensorsOf.unary,
    perTensorUs,
    betweenUs: Math.max(0, unary.betweenUs),
    dispatchUs: Math.max(0, unary.trueUs),
  }
}
