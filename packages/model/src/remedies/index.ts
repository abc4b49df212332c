// Every remedy, in the order in which they are tried where no finding ranks them.
import { dynamicQuantization } from './approximate/dynamic-quantization.ts'
import { float16 } from './approximate/float16.ts'
import { float32 } from './approximate/float32.ts'
import { geluTanh } from './approximate/gelu-tanh.ts'
import { groupRequantization } from './approximate/group-requantization.ts'
import { hardSigmoid } from './approximate/hard-sigmoid.ts'
import { inputResolution } from './approximate/input-resolution.ts'
import { lowRank } from './approximate/low-rank.ts'
import { nbitsAccuracyLevel } from './approximate/nbits-accuracy-level.ts'
import { selectiveDequantization } from './approximate/selective-dequantization.ts'
import { staticQuantization } from './approximate/static-quantization.ts'
import { uint8Activations } from './approximate/uint8-activations.ts'
import { weightQuantization } from './approximate/weight-quantization.ts'
import { weightStorage } from './approximate/weight-storage.ts'
import type { Remedy } from './kit/remedy.ts'
import { activationAfterMaximum } from './rewrites/activation-after-maximum.ts'
import { activationForms } from './rewrites/activation-forms.ts'
import { affineAsBatchnorm } from './rewrites/affine-as-batchnorm.ts'
import { affineAsDepthwise } from './rewrites/affine-as-depthwise.ts'
import { broadcastRuns } from './rewrites/broadcast-runs.ts'
import { cancellingPairs } from './rewrites/cancelling-pairs.ts'
import { constantDequantization } from './rewrites/constant-dequantization.ts'
import { constantFolding } from './rewrites/constant-folding.ts'
import { convBatchnorm } from './rewrites/conv-batchnorm.ts'
import { conv1dAsConv2d } from './rewrites/conv1d-as-conv2d.ts'
import { dropOutputs } from './rewrites/drop-outputs.ts'
import { duplicateWeights } from './rewrites/duplicate-weights.ts'
import { engineOptimized } from './rewrites/engine-optimized.ts'
import { externalData } from './rewrites/external-data.ts'
import { fixShapes } from './rewrites/fix-shapes.ts'
import { fourierAsProducts } from './rewrites/fourier-as-products.ts'
import { fuseAttention } from './rewrites/fuse-attention.ts'
import { fuseGelu } from './rewrites/fuse-gelu.ts'
import { fuseHardSwish } from './rewrites/fuse-hard-swish.ts'
import { fuseInstanceNorm } from './rewrites/fuse-instance-norm.ts'
import { fuseLayerNorm } from './rewrites/fuse-layer-norm.ts'
import { fuseSkipLayerNorm } from './rewrites/fuse-skip-layer-norm.ts'
import { globalPoolingAsMean } from './rewrites/global-pooling-as-mean.ts'
import { initializersAsInputs } from './rewrites/initializers-as-inputs.ts'
import { integerScaling } from './rewrites/integer-scaling.ts'
import { knownBranches } from './rewrites/known-branches.ts'
import { layoutBridges } from './rewrites/layout-bridges.ts'
import { loopInvariants } from './rewrites/loop-invariants.ts'
import { mergeParallelMatmuls } from './rewrites/merge-parallel-matmuls.ts'
import { modernOperators } from './rewrites/modern-operators.ts'
import { narrowConvolutions } from './rewrites/narrow-convolutions.ts'
import { rowIndices } from './rewrites/row-indices.ts'
import { scaleIntoWeights } from './rewrites/scale-into-weights.ts'
import { slicesToSplit } from './rewrites/slices-to-split.ts'
import { softmaxOfTwo } from './rewrites/softmax-of-two.ts'
import { softmaxOverOuterAxis } from './rewrites/softmax-over-outer-axis.ts'
import { splitSkipLayerNorm } from './rewrites/split-skip-layer-norm.ts'
import { trainingLeftovers } from './rewrites/training-leftovers.ts'
import { transposedConvolutions } from './rewrites/transposed-convolutions.ts'
import { upsampledConvolutions } from './rewrites/upsampled-convolutions.ts'
import { zipmapRemoval } from './rewrites/zipmap-removal.ts'
import { batchSize } from './settings/batch-size.ts'
import { compile } from './settings/compile.ts'
import { denormals } from './settings/denormals.ts'
import { directCall } from './settings/direct-call.ts'
import { dynamicBlockBase } from './settings/dynamic-block-base.ts'
import { engineChoice } from './settings/engine-choice.ts'
import { executionMode } from './settings/execution-mode.ts'
import { graphOptimization } from './settings/graph-optimization.ts'
import { int8Activations } from './settings/int8-activations.ts'
import { memoryArena } from './settings/memory-arena.ts'
import { memoryPattern } from './settings/memory-pattern.ts'
import { pointwiseConv } from './settings/pointwise-conv.ts'
import { prepacking } from './settings/prepacking.ts'
import { reuseOutputs } from './settings/reuse-outputs.ts'
import { spinning } from './settings/spinning.ts'
import { threadAffinity } from './settings/thread-affinity.ts'
import { threadCount } from './settings/thread-count.ts'

export const remedies: readonly Remedy[] = [
  initializersAsInputs,
  constantDequantization,
  integerScaling,
  directCall,
  threadCount,
  graphOptimization,
  spinning,
  fuseAttention,
  fuseLayerNorm,
  fuseInstanceNorm,
  fuseGelu,
  fuseSkipLayerNorm,
  mergeParallelMatmuls,
  fuseHardSwish,
  narrowConvolutions,
  broadcastRuns,
  constantFolding,
  convBatchnorm,
  conv1dAsConv2d,
  cancellingPairs,
  slicesToSplit,
  trainingLeftovers,
  scaleIntoWeights,
  affineAsDepthwise,
  affineAsBatchnorm,
  dropOutputs,
  knownBranches,
  loopInvariants,
  fixShapes,
  externalData,
  engineOptimized,
  duplicateWeights,
  zipmapRemoval,
  denormals,
  dynamicBlockBase,
  pointwiseConv,
  threadAffinity,
  executionMode,
  memoryArena,
  memoryPattern,
  prepacking,
  reuseOutputs,
  batchSize,
  engineChoice,
  compile,
  float16,
  float32,
  uint8Activations,
  int8Activations,
  groupRequantization,
  selectiveDequantization,
  nbitsAccuracyLevel,
  geluTanh,
  hardSigmoid,
  lowRank,
  inputResolution,
  staticQuantization,
  dynamicQuantization,
  weightQuantization,
  weightStorage,
  transposedConvolutions,
  upsampledConvolutions,
  modernOperators,
  activationForms,
  activationAfterMaximum,
  softmaxOfTwo,
  softmaxOverOuterAxis,
  fourierAsProducts,
  globalPoolingAsMean,
  splitSkipLayerNorm,
  layoutBridges,
  rowIndices,
]
