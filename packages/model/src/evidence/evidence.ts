// Everything a rule may look at, complete before any rule runs. What is measured is saved and replayed; what is computed
// (costs, roofline, breakdown) is never saved: it is computed again.

import type { ModelFacts } from '@whyslow/graph/facts.ts'
import type { FirstTrees } from '@whyslow/graph/forest/first-trees.ts'
import type { DType, GraphView } from '@whyslow/graph/types.ts'
import type { DeviceKind, EngineOptions, TensorObservation } from '@whyslow/measure/engines/types.ts'
import type { Machine, Roofs } from '@whyslow/measure/machine/types.ts'
import type { Likeness } from '@whyslow/measure/samples/resolved.ts'
import type { OperatorExperiments } from '@whyslow/measure/timing/operators/types.ts'
import type {
  CallCost,
  DeviceTimes,
  EventLoop,
  Experiment,
  Latency,
  Memory,
  Profile,
  Sweep,
} from '@whyslow/measure/timing/types.ts'

export interface InputFacts {
  readonly name: string
  readonly dtype: DType
  readonly shape: readonly number[]
  /** Dimensions that were guessed, as 'axis 2 (height) = 224'. */
  readonly assumed: readonly string[]
  /** The same with the flag that changes each; absent in evidence from before it was told. */
  readonly assumptions?: readonly { readonly text: string; readonly flag: string }[]
  readonly source: 'data' | 'synthetic'
  /** What made-up values resemble. */
  readonly likeness?: Likeness
  /** Axes declared without a fixed size, with their symbol ('' where unnamed). */
  readonly freeAxes: readonly { readonly axis: number; readonly symbol: string }[]
}

export interface EngineFacts {
  readonly id: string
  readonly version: string
  readonly device: string
  /** Absent in evidence from before it was told. */
  readonly deviceKind?: DeviceKind
  readonly from: string
  /** What it computes floats in, where it chooses that. */
  readonly precision?: string
  /** What engines of one runtime are called together; absent: it is by itself. */
  readonly runtime?: string
  readonly options: EngineOptions
  /** Threads the engine works with when `options.threads` is null: its default on this machine. */
  readonly threadsInUse: number
}

/** Another engine that ran the same model and inputs, in turns with this one. */
export interface OtherEngine {
  readonly id: string
  readonly device: string
  /** What it computes floats in, where it chooses that. */
  readonly precision?: string
  /** As of EngineFacts. */
  readonly runtime?: string
  /** It is code that was written for the model, which `fix` ships: what it takes shows what calling an engine costs. */
  readonly generated?: true
  /** The error of its outputs over this engine's: root mean square over root mean square, of the worst output; 0: rounding. */
  readonly differs?: number
  /** A GPU's interface drawn by the CPU. */
  readonly software: boolean
  readonly p50Ms: number
  /** Its latency over this engine's, median over rounds of fresh processes, with its interval. */
  readonly ratio: number
  readonly ratioLow: number
  readonly ratioHigh: number
  readonly rounds: number
}

/** An option of the command line and its value, unquoted. */
export interface Flag {
  readonly flag: string
  readonly value: string
}

/** Measured: what `--save-evidence` writes. A key is absent if it was not measured; `absent` says why. */
export interface Evidence {
  readonly schema: 'whyslow-evidence/1'
  readonly toolVersion: string
  readonly createdAt: string
  /** The flags by which the run was told of inputs and engine, as on the command line: `--shape x=1x3x224x224`. Absent: none. */
  readonly given?: readonly Flag[]
  readonly machine: Machine
  readonly roofs?: Roofs
  readonly model?: ModelFacts
  /** The user's graph, without weights. */
  readonly graph?: GraphView
  readonly inputs?: readonly InputFacts[]
  readonly outputs?: readonly { readonly name: string; readonly dtype: string; readonly shape: readonly number[] | null }[]
  readonly engine?: EngineFacts
  readonly latency?: Latency
  readonly memory?: Memory
  /** Metric of the outputs under the labels of --data: accuracy, mse or mae. */
  readonly metric?: { readonly name: string; readonly value: number; readonly rows: number }
  readonly profile?: Profile
  readonly callCost?: CallCost
  readonly threadSweep?: Sweep
  readonly batchSweep?: Sweep
  /** Sweeps of free dimensions other than the batch: resolution, sequence length. */
  readonly sizeSweeps?: readonly Sweep[]
  readonly experiments?: readonly Experiment[]
  /** Experiments on operators taken out of the model. */
  readonly operatorExperiments?: OperatorExperiments
  readonly eventLoop?: EventLoop
  /** Observations of runtimes whose tensors live until they are disposed. */
  readonly observed?: TensorObservation
  /** Times of engines on a device; absent on the CPU. */
  readonly device?: DeviceTimes
  /** Measured by `compare`, and where the model's format says which engine its owner uses. */
  readonly otherEngines?: readonly OtherEngine[]
  /** What the first trees give, for forests whose data has labels. */
  readonly firstTrees?: FirstTrees
  /** Why an evidence key is missing: key -> reason, one line. */
  readonly absent: Readonly<Record<string, string>>
  readonly warnings: readonly string[]
}
