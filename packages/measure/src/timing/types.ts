// What measuring gives, as plain data that can be printed, saved and replayed.

import type { GraphView, InnerOrigin, TensorType } from '@whyslow/graph/types.ts'
import type { DeviceNode, DeviceProgram } from '../engines/onnxruntime/facts/device-trace.ts'

import type { RatioInterval } from '../statistics/ratios.ts'
import type { Grade } from '../statistics/trust.ts'

export type { DeviceNode, DeviceProgram }

/** What the operating system says of one process over its timed samples. */
export interface Disturbance {
  /** Time that the main thread and the engine's own waited for a CPU (run queue), ms over all samples, summed over threads. */
  readonly waitedMs: number
  /** How long a quota stopped CPUs, ms, summed over CPUs: two that are stopped for 10 ms are 20. */
  readonly throttledCpuMs: number
  /** What a hypervisor kept back, ms, summed over as many CPUs as the process may use at once. */
  readonly stolenCpuMs: number
  readonly majorFaults: number
  readonly involuntarySwitches: number
  readonly gcMs: number
  /** Clock rate after the samples over before, from a fixed chain of dependent additions; 1 = steady. */
  readonly clockRatio: number | null
}

/** One process's share of the latency measurement. */
export interface LatencyBlock extends Disturbance {
  readonly process: number
  readonly p50Ms: number
  readonly samplesMs: readonly number[]
  readonly loadMs: number
  readonly firstMs: number
  readonly warmupMs: number
  readonly warmupRuns: number
  /** Wall time of the sampling, ms. */
  readonly wallMs: number
  /** Atomics ping-pong between two threads, one handoff, before and after the samples, ns; null if it could not be measured. */
  readonly handoffBeforeNs: number | null
  readonly handoffAfterNs: number | null
  /** Blocks of the same regime have handoffs within 1.6x of each other. */
  readonly regime: string
  /** Wait for a CPU inside the samples near the median, ms per prediction. */
  readonly waitAtMedianMs: number
  readonly loadPeakBytes: number | null
  readonly predictPeakBytes: number | null
  /** Resident size after the samples, the session still open, minus before opening it. */
  readonly keptBytes: number | null
  /** Predicted in another process than the one that is watched, a browser's: its waits, page faults and memory are not seen. */
  readonly elsewhere?: true
}

export interface Latency {
  readonly loadMs: number
  readonly firstMs: number
  readonly warmupMs: number
  readonly p50Ms: number
  /** Interval of the p50 over processes: their range up to five of them, 95 % beyond. */
  readonly ciLowMs: number
  readonly ciHighMs: number
  /** Samples of the blocks in the reported regime, in order of time: percentiles are computed from them. */
  readonly samplesMs: readonly number[]
  readonly blocks: readonly LatencyBlock[]
  /** The regime that the p50 is of. */
  readonly regime: string
  /** p50 of the other regimes seen, by regime. */
  readonly otherRegimes: Readonly<Record<string, number>>
  readonly trust: Grade
  readonly reasons: readonly string[]
}

/** One node of the graph as the engine ran it. */
export interface ProfiledNode {
  /** Unique within the profile. */
  readonly name: string
  readonly opType: string
  readonly domain: string
  /** The user's nodes in it (see ReportDocument.nodes.origin). */
  readonly origin: readonly string[]
  /** Corrected time per prediction, ms, own time only (without nodes of its subgraphs). */
  readonly timeMs: number
  /** As the profiler gave it, ms per prediction, own time. */
  readonly rawMs: number
  /** How often it ran per prediction (bodies of loops run many times, untaken branches 0 times). */
  readonly runsPerPrediction: number
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  /** Types in the order of the node's inputs; null for omitted inputs. */
  readonly inputTypes: readonly (TensorType | null)[]
  readonly outputTypes: readonly (TensorType | null)[]
  readonly provider: string
  /** True for nodes the engine put in (reorders, casts, copies). */
  readonly inserted: boolean
  /** Name of the node whose subgraph holds it; null at the top. */
  readonly parent: string | null
  /** Origin of a node within a subgraph, whose `origin` is the node of the main graph around it; absent if it is not known. */
  readonly inner?: InnerOrigin
}

export interface Profile {
  /** The graph as run, without weights: attributes and constants for costing. Names are those of `nodes`. */
  readonly graph: GraphView
  readonly nodes: readonly ProfiledNode[]
  /** The profiler's cost that was taken off, µs per node, mean. */
  readonly overheadPerNodeUs: number
  readonly profiledP50Ms: number
  /** One sentence on what was corrected and by how much. */
  readonly correction: string
  readonly threads: number | null
  readonly predictions: number
  /** True cost of starting one trivial kernel on this engine, µs, calibrated on unprofiled chains. */
  readonly dispatchPerNodeUs: number
}

/** The price of asking: an empty model with the same inputs and outputs. */
export interface CallCost {
  readonly callMs: number
  readonly ciLowMs: number
  readonly ciHighMs: number
}

export interface SweepPoint {
  readonly at: number
  readonly p50Ms: number
  readonly ciLowMs: number
  readonly ciHighMs: number
  /** Ratio of an alternative (threads) to the value in use, round by round. The interval holds for all points together. Absent at the value itself. */
  readonly overCurrent?: RatioInterval
}

/** Latency against one dimension. `dimension`: 'threads', 'batch', or the symbol or input axis swept ('x.2'). */
export interface Sweep {
  readonly dimension: string
  /** 'threads', 'samples', 'pixels', 'tokens', 'elements'. */
  readonly unit: string
  readonly points: readonly SweepPoint[]
  /** Weighted least squares of p50 = fixed + perUnit * at; null for threads and where fewer than three points stand. */
  readonly fit: { readonly fixedMs: number; readonly perUnitMs: number } | null
  /** The value in use in the main measurement. */
  readonly current: number
}

/** The same model with one thing changed, paired ABBA in processes of their own. ratio = changed / as it is. */
export interface Experiment {
  readonly id: 'denormals' | 'graph-optimization' | 'initializers-as-inputs'
  readonly baseMs: number
  readonly changedMs: number
  readonly ratio: number
  readonly ratioLow: number
  readonly ratioHigh: number
  readonly pairs: number
  readonly detail: string
}

export interface Memory {
  readonly weightsBytes: number
  readonly loadPeakBytes: number | null
  readonly predictPeakBytes: number | null
  /** What stays allocated between predictions beyond the weights (arena). */
  readonly keptBytes: number | null
  readonly limitBytes: number | null
}

/** A prediction with tensors that stay on the device, compared with one that copies them there and back: in turns, within one process. */
export interface BoundTimes {
  readonly copiedMs: number
  readonly boundMs: number
  /** bound / copied, median over the rounds, with its 95 % interval. */
  readonly ratio: number
  readonly ratioLow: number
  readonly ratioHigh: number
  readonly rounds: number
}

/** What a prediction on a device with memory of its own is made of, ms per prediction. */
export interface DeviceTimes {
  /** Kernels by the device's own clock; null if the engine gives none. */
  readonly kernelsMs: number | null
  /** Longest first. */
  readonly programs: readonly DeviceProgram[]
  /** Inputs on their way to the device, and outputs on theirs back, timed alone. */
  readonly uploadMs: number
  readonly downloadMs: number
  /** null if the engine does not say on which side its nodes ran. */
  readonly nodes: {
    readonly onDevice: number
    readonly onCpu: readonly DeviceNode[]
    readonly copies: readonly DeviceNode[]
  } | null
  /** null: the engine keeps no tensors on the device, or there was no time. Absent in evidence of versions before. */
  readonly bound?: BoundTimes | null
  /** The engine refuses the model if the CPU may not help (`session.disable_cpu_ep_fallback`); null: not known. */
  readonly needsCpu?: boolean | null
}

/** How long the event loop was held by predictions. */
export interface EventLoop {
  /** Share 0..1 of wall time during predictions that the main thread was busy in `run()`. */
  readonly busyShare: number
  /** Longest delay of a timer due during predictions, ms. */
  readonly longestDelayMs: number
}
