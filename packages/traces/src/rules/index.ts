// Every rule of recordings, listed by hand. A rule is one file here, its test next to it, and its page docs/findings/<id>.md.
import type { TraceRule } from '../rule.ts'
import { copyBound } from './copy-bound.ts'
import { dataLoadingBound } from './data-loading-bound.ts'
import { exposedCommunication } from './exposed-communication.ts'
import { gpuIdle } from './gpu-idle.ts'
import { gradientTracking } from './gradient-tracking.ts'
import { hostBound } from './host-bound.ts'
import { launchBound } from './launch-bound.ts'
import { lowPrecisionHeadroom } from './low-precision-headroom.ts'
import { memoryChurn } from './memory-churn.ts'
import { modelReloadedPerCall } from './model-reloaded-per-call.ts'
import { prefillDominates } from './prefill-dominates.ts'
import { preprocessingDominates } from './preprocessing-dominates.ts'
import { pythonOverhead } from './python-overhead.ts'
import { retracing } from './retracing.ts'
import { shapeChanges } from './shape-changes.ts'
import { syncThenGap } from './sync-then-gap.ts'
import { tensorCoresIdle } from './tensor-cores-idle.ts'
import { tinyKernels } from './tiny-kernels.ts'
import { trainingMode } from './training-mode.ts'
import { uncachedPrefix } from './uncached-prefix.ts'

/** Rules of profiles, in the order in which verdicts are given. */
export const profileRules: readonly TraceRule[] = [
  gpuIdle,
  hostBound,
  launchBound,
  dataLoadingBound,
  copyBound,
  syncThenGap,
  tinyKernels,
  tensorCoresIdle,
  lowPrecisionHeadroom,
  exposedCommunication,
  trainingMode,
  gradientTracking,
  retracing,
  preprocessingDominates,
  pythonOverhead,
  memoryChurn,
  shapeChanges,
]

/** Rules of times of requests, whose answers are generated token by token. */
export const requestRules: readonly TraceRule[] = [modelReloadedPerCall, prefillDominates, uncachedPrefix]

export const traceRules: readonly TraceRule[] = [...profileRules, ...requestRules]
