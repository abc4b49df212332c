// An engine that follows a script, for tests of what opens sessions and times predictions: nothing is computed, and time passes on the
// script's clock alone.
import { writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import type {
  Availability,
  Engine,
  EngineOffer,
  Feeds,
  OpenOptions,
  Results,
  SamplePlan,
  SampleRun,
  Session,
} from '../../../src/engines/types.ts'
import type { ScriptedClock } from './example-clock.ts'

/** A session that was opened. */
export interface Opened {
  /** Base name of the model's file. */
  readonly file: string
  readonly options: OpenOptions
  /** Feeds of its predictions so far, in order. */
  readonly fed: Feeds[]
}

/** A node's share of a profiled prediction. */
export interface ScriptedSpan {
  readonly name: string
  readonly opType: string
  readonly us: number
  /** Inputs and outputs that the profile lists. */
  readonly tensors?: readonly [number, number]
  /** What ran within it. */
  readonly body?: readonly ScriptedSpan[]
}

export interface EngineScript {
  readonly clock: ScriptedClock
  readonly offers?: readonly EngineOffer[]
  readonly available?: Availability
  /** Of looking for the engine's package. */
  readonly importMs?: number
  /** Throws if the engine refuses the model. */
  readonly loadMs?: (file: string, options: OpenOptions) => number
  /** Of the session's k-th prediction, the first is 0. */
  readonly runMs: (opened: Opened, k: number) => number
  /** What each prediction takes once the engine's own run has ended; 0 if left out. */
  readonly outsideMs?: number
  readonly results?: (opened: Opened, feeds: Feeds) => Results
  readonly outputs?: readonly string[]
  readonly threads?: number
  /** Of a session that is timed where it runs. */
  readonly sample?: (opened: Opened, plan: SamplePlan) => SampleRun
  /** What the profile says that ran in the session's k-th prediction, one after the other. */
  readonly spans?: (opened: Opened, k: number) => readonly ScriptedSpan[]
}

export interface ScriptedEngine extends Engine {
  readonly opened: readonly Opened[]
  /** 'open model.onnx', 'close model.onnx', in order. */
  readonly log: readonly string[]
}

export function scriptedEngine(script: EngineScript): ScriptedEngine {
  const { clock, offers = [], importMs = 0 } = script
  const opened: Opened[] = []
  const log: string[] = []
  return {
    id: 'scripted',
    title: 'Scripted',
    formats: ['onnx'],
    runs: 'graph',
    package: 'scripted',
    offers,
    opened,
    log,
    async available() {
      clock.pass(importMs)
      return (
        script.available ?? { ok: true, version: '1.0', device: 'cpu', deviceKind: 'cpu', from: '/scripted', accelerators: [] }
      )
    },
    async open(modelFile, options) {
      const file = basename(modelFile)
      clock.pass(script.loadMs?.(file, options) ?? 0)
      const one: Opened = { file, options, fed: [] }
      opened.push(one)
      log.push(`open ${file}`)
      return session(script, one, () => log.push(`close ${file}`))
    },
  }
}

function session(script: EngineScript, opened: Opened, onClose: () => void): Session {
  const { clock, threads, sample, outputs = [] } = script
  const { profilePrefix } = opened.options
  const profile: TraceEvent[] = []
  const run = async (feeds: Feeds): Promise<Results> => {
    const start = clock.now()
    const k = opened.fed.push(feeds) - 1
    clock.pass(script.runMs(opened, k))
    if (profilePrefix !== undefined) profile.push(...eventsOf(start, clock.now(), script.spans?.(opened, k) ?? []))
    clock.pass(script.outsideMs ?? 0)
    return script.results?.(opened, feeds) ?? {}
  }
  return {
    inputs: [],
    outputs: outputs.map((name) => ({ name, isTensor: true, dtype: null, shape: null })),
    ...(threads === undefined ? {} : { threads }),
    run,
    prepare: (feeds) => () => run(feeds),
    ...(sample === undefined ? {} : { sample: async (_, plan) => sample(opened, plan) }),
    async endProfiling() {
      if (profilePrefix === undefined) return null
      const file = `${profilePrefix}trace.json`
      writeFileSync(file, JSON.stringify(profile))
      return file
    },
    async close() {
      onClose()
    },
  }
}

interface TraceEvent {
  readonly cat: 'Node' | 'Session'
  readonly name: string
  /** µs. */
  readonly ts: number
  readonly dur: number
  readonly args: Readonly<Record<string, unknown>>
}

/** One prediction in onnxruntime's profile. */
function eventsOf(startMs: number, endMs: number, spans: readonly ScriptedSpan[]): TraceEvent[] {
  const run: TraceEvent = { cat: 'Session', name: 'model_run', ts: startMs * 1000, dur: (endMs - startMs) * 1000, args: {} }
  return [run, ...spanEvents(startMs * 1000, spans)]
}

function spanEvents(fromUs: number, spans: readonly ScriptedSpan[]): TraceEvent[] {
  const types = (count: number) => Array.from({ length: count }, () => ({ float: [1, 8] }))
  let ts = fromUs
  return spans.flatMap(({ name, opType, us, tensors: [inputs, outputs] = [1, 1], body = [] }, node_index): TraceEvent[] => {
    const start = ts
    ts += us
    const args = {
      op_name: opType,
      provider: 'CPUExecutionProvider',
      node_index,
      input_type_shape: types(inputs),
      output_type_shape: types(outputs),
    }
    return [{ cat: 'Node', name: `${name}_kernel_time`, ts: start, dur: us, args }, ...spanEvents(start, body)]
  })
}
