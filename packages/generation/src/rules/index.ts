// The rules of generation, in the order of their findings, listed by hand. A page of docs/findings tells each.
import type { GenerationRule } from '../rule.ts'
import { accuracyLevelUnset } from './accuracy-level-unset.ts'
import { allPositionLogits } from './all-position-logits.ts'
import { cacheCapacity } from './cache-capacity.ts'
import { cacheCopies } from './cache-copies.ts'
import { cacheExport } from './cache-export.ts'
import { changingPrefix } from './changing-prefix.ts'
import { coldStart } from './cold-start.ts'
import { constantCrossAttention } from './constant-cross-attention.ts'
import { dequantizedPerToken } from './dequantized-per-token.ts'
import { encoderPerBeam } from './encoder-per-beam.ts'
import { eventLoopBlocking } from './event-loop-blocking.ts'
import { float16OnCpu } from './float16-on-cpu.ts'
import { float32Head } from './float32-head.ts'
import { float32Weights } from './float32-weights.ts'
import { garbageCollection } from './garbage-collection.ts'
import { modelReloadedPerCall } from './model-reloaded-per-call.ts'
import { paddedEncoderInput } from './padded-encoder-input.ts'
import { paddedPrompt } from './padded-prompt.ts'
import { quadraticDetokenization } from './quadratic-detokenization.ts'
import { queueingDominates } from './queueing-dominates.ts'
import { recomputedContext } from './recomputed-context.ts'
import { slowSampler } from './slow-sampler.ts'
import { smallQuantizationBlocks } from './small-quantization-blocks.ts'
import { threadCount } from './thread-count.ts'
import { tokenizerDominates } from './tokenizer-dominates.ts'
import { unamortizedTokens } from './unamortized-tokens.ts'
import { unbatchedPrefill } from './unbatched-prefill.ts'
import { uncachedPrefix } from './uncached-prefix.ts'
import { unrequestedBeams } from './unrequested-beams.ts'
import { uselessSpeculation } from './useless-speculation.ts'

export const generationRules: readonly GenerationRule[] = [
  recomputedContext,
  cacheExport,
  cacheCopies,
  cacheCapacity,
  float32Weights,
  float16OnCpu,
  accuracyLevelUnset,
  dequantizedPerToken,
  float32Head,
  smallQuantizationBlocks,
  allPositionLogits,
  unbatchedPrefill,
  unamortizedTokens,
  paddedPrompt,
  changingPrefix,
  uncachedPrefix,
  tokenizerDominates,
  slowSampler,
  quadraticDetokenization,
  garbageCollection,
  threadCount,
  modelReloadedPerCall,
  uselessSpeculation,
  unrequestedBeams,
  constantCrossAttention,
  paddedEncoderInput,
  encoderPerBeam,
  queueingDominates,
  eventLoopBlocking,
  coldStart,
]
