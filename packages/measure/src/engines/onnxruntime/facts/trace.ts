// ONNX Runtime's profile: an array of Chrome trace events, microseconds, numbers in args as strings, not sorted by time.
// Fields: onnxruntime/core/common/profiler.cc; node events: onnxruntime/core/framework/sequential_executor.cc.
import fs from 'node:fs'
import type { DType, TensorType } from '@whyslow/graph/types.ts'

/** The profiler stops silently at this many events (core/common/profiler.cc, kMaxNumEvents). */
const MAX_EVENTS = 1_000_000

export interface TraceNode {
  readonly name: string
  readonly nodeIndex: number
  readonly opType: string
  readonly provider: string
  readonly ts: number
  readonly dur: number
  readonly inputTypes: readonly TensorType[]
  readonly outputTypes: readonly TensorType[]
}

export interface Trace {
  /** Nodes in order of time; a parent comes before the nodes inside it. */
  readonly nodes: readonly TraceNode[]
  /** Start and duration of each prediction, µs, in order. */
  readonly runs: readonly { readonly ts: number; readonly dur: number }[]
  readonly truncated: boolean
}

interface RawEvent {
  readonly cat: string
  readonly name: string
  readonly ts: number
  readonly dur: number
  readonly args: Readonly<Record<string, unknown>>
}

const SUFFIX = '_kernel_time'

export function readTrace(file: string): Trace {
  const text = fs.readFileSync(file, 'utf8')
  const events = JSON.parse(text) as RawEvent[]
  const parsed = new Map<string, readonly TensorType[]>()
  const types = (raw: unknown): readonly TensorType[] => {
    const key = JSON.stringify(raw)
    const known = parsed.get(key)
    if (known) return known
    const read = readTypes(raw)
    parsed.set(key, read)
    return read
  }
  const nodes = events
    .filter((e) => e.cat === 'Node' && e.name.endsWith(SUFFIX))
    .map((e) => ({
      name: e.name.slice(0, -SUFFIX.length),
      nodeIndex: Number(e.args.node_index ?? -1),
      opType: String(e.args.op_name ?? ''),
      provider: String(e.args.provider ?? ''),
      ts: e.ts,
      dur: e.dur,
      inputTypes: types(e.args.input_type_shape),
      outputTypes: types(e.args.output_type_shape),
    }))
    .sort((a, b) => a.ts - b.ts || b.dur - a.dur)
  const runs = events
    .filter((e) => e.name === 'model_run')
    .map(({ ts, dur }) => ({ ts, dur }))
    .sort((a, b) => a.ts - b.ts)
  return { nodes, runs, truncated: events.length >= MAX_EVENTS - 1 }
}

/** The engine's C++ names of element types; others are ONNX's own. */
const ELEMENT_TYPES: Readonly<Record<string, DType>> = { float: 'float32', double: 'float64' }

function readTypes(raw: unknown): TensorType[] {
  if (!Array.isArray(raw)) return []
  return raw.flatMap((entry: Record<string, number[]>) =>
    Object.entries(entry).map(([name, shape]) => ({
      dtype: ELEMENT_TYPES[name] ?? (name as DType),
      shape: Array.isArray(shape) ? shape : [],
    })),
  )
}
