// How long each part of a measurement takes, and what bounds it.
import type { TrialLimits } from './port.ts'

export interface Limits {
  readonly memoryBytes: number
  readonly signal: AbortSignal | undefined
  /** No trial takes longer, ms, once its engine has started. */
  readonly capMs?: number
  /** What starting the engine takes at worst, ms: a browser. */
  readonly startMs?: number
}

/** Cap of a trial on a driver that computes on the CPU and answers as a GPU, ms: there is little to learn from it, and it can be very slow. */
export const SOFTWARE_GPU_CAP_MS = 15_000

/** Native code that runs longer than this on its first prediction is taken to hang: a slow model's takes half a minute. */
const TRY_LIMIT_MS = 100_000
/** Time beyond the planned sampling that a trial may take: loading, and predictions that cannot be interrupted. */
const TRIAL_SLACK_MS = 60_000

/** What a process takes in addition to loading and predicting, ms: Node, the engine's package, and its end. */
export const PROCESS_MS = 250

export const tryLimits = ({ memoryBytes, signal, capMs = Number.POSITIVE_INFINITY, startMs = 0 }: Limits): TrialLimits => ({
  timeMs: startMs + Math.min(capMs, TRY_LIMIT_MS),
  memoryBytes,
  signal,
})

export const trialLimits = (
  { memoryBytes, signal, capMs = Number.POSITIVE_INFINITY, startMs = 0 }: Limits,
  sampleMs: number,
  p50Ms = 0,
): TrialLimits => ({
  timeMs: startMs + Math.min(capMs, TRIAL_SLACK_MS + 4 * sampleMs + 60 * p50Ms),
  memoryBytes,
  signal,
})
