// Every rule of models, listed by hand. A rule is one file here, its test next to it, and its page docs/findings/<id>.md.
import type { ModelRule } from '../rule.ts'
import { batchHeadroom } from './batch-headroom.ts'
import { callOverhead } from './call-overhead.ts'
import { coldCaches } from './cold-caches.ts'
import { coldStart } from './cold-start.ts'
import { computeBoundOperators } from './compute-bound-operators.ts'
import { costlyActivations } from './costly-activations.ts'
import { cpuThrottling } from './cpu-throttling.ts'
import { deepUnbalancedTrees } from './deep-unbalanced-trees.ts'
import { denormals } from './denormals.ts'
import { dispatchOverhead } from './dispatch-overhead.ts'
import { engineChoice } from './engine-choice.ts'
import { eventLoopBlocking } from './event-loop-blocking.ts'
import { fallbackOperators } from './fallback-operators.ts'
import { featuresDominate } from './features-dominate.ts'
import { firstCallCompilation } from './first-call-compilation.ts'
import { forestOutOfCache } from './forest-out-of-cache.ts'
import { gpuUnderfed } from './gpu-underfed.ts'
import { graphOptimizationOff } from './graph-optimization-off.ts'
import { idleAccelerator } from './idle-accelerator.ts'
import { idleInt8Units } from './idle-int8-units.ts'
import { inefficientKernels } from './inefficient-kernels.ts'
import { initializersAsInputs } from './initializers-as-inputs.ts'
import { int8SlowerThanFloat } from './int8-slower-than-float.ts'
import { largeInputResolution } from './large-input-resolution.ts'
import { layoutConversions } from './layout-conversions.ts'
import { loopCopies } from './loop-copies.ts'
import { memoryBoundOperators } from './memory-bound-operators.ts'
import { noisyMachine } from './noisy-machine.ts'
import { paging } from './paging.ts'
import { parallelOverhead } from './parallel-overhead.ts'
import { predictCallOverhead } from './predict-call-overhead.ts'
import { recurrentSteps } from './recurrent-steps.ts'
import { shaderCompilation } from './shader-compilation.ts'
import { singleThreadedWasm } from './single-threaded-wasm.ts'
import { slowBroadcast } from './slow-broadcast.ts'
import { slowNormalization } from './slow-normalization.ts'
import { slowThreadHandoff } from './slow-thread-handoff.ts'
import { threadCount } from './thread-count.ts'
import { threadOversubscription } from './thread-oversubscription.ts'
import { tinyModel } from './tiny-model.ts'
import { tooManyTrees } from './too-many-trees.ts'
import { transferBound } from './transfer-bound.ts'
import { undisposedTensors } from './undisposed-tensors.ts'
import { unfusedElementwise } from './unfused-elementwise.ts'
import { unfusedOperators } from './unfused-operators.ts'
import { unfusedQuantization } from './unfused-quantization.ts'
import { wrongBackend } from './wrong-backend.ts'
/** All rules, in the order in which verdicts are given. */
export const modelRules: readonly ModelRule[] = [
  computeBoundOperators,
  memoryBoundOperators,
  largeInputResolution,
  recurrentSteps,
  costlyActivations,
  tinyModel,
  dispatchOverhead,
  callOverhead,
  tooManyTrees,
  deepUnbalancedTrees,
  forestOutOfCache,
  featuresDominate,
  inefficientKernels,
  parallelOverhead,
  slowBroadcast,
  unfusedElementwise,
  slowNormalization,
  coldCaches,
  layoutConversions,
  unfusedOperators,
  unfusedQuantization,
  int8SlowerThanFloat,
  idleInt8Units,
  graphOptimizationOff,
  initializersAsInputs,
  threadCount,
  threadOversubscription,
  batchHeadroom,
  coldStart,
  cpuThrottling,
  noisyMachine,
  slowThreadHandoff,
  paging,
  denormals,
  eventLoopBlocking,
  transferBound,
  fallbackOperators,
  gpuUnderfed,
  shaderCompilation,
  singleThreadedWasm,
  idleAccelerator,
  engineChoice,
  wrongBackend,
  predictCallOverhead,
  firstCallCompilation,
  undisposedTensors,
  loopCopies,
]
