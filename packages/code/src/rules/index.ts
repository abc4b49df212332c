// The rules of pipelines, listed by hand. A page of docs/findings tells each; one that shares its id with a rule of models shares the page.
import type { PipelineRule } from '../rule.ts'
import { allProbabilities } from './all-probabilities.ts'
import { arrayOfNumbersInput } from './array-of-numbers-input.ts'
import { channelsFirstConvolutions } from './channels-first-convolutions.ts'
import { contextPerRequest } from './context-per-request.ts'
import { dataLoadingBound } from './data-loading-bound.ts'
import { dataframeConversion } from './dataframe-conversion.ts'
import { dataframePerRow } from './dataframe-per-row.ts'
import { decodeDominates } from './decode-dominates.ts'
import { deviceTransferInTheLoop } from './device-transfer-in-the-loop.ts'
import { dispatchOverhead } from './dispatch-overhead.ts'
import { eventLoopBlocking } from './event-loop-blocking.ts'
import { fileInTheLoop } from './file-in-the-loop.ts'
import { float32Weights } from './float32-weights.ts'
import { float64Inputs } from './float64-inputs.ts'
import { garbageCollection } from './garbage-collection.ts'
import { gilContention } from './gil-contention.ts'
import { gradientTracking } from './gradient-tracking.ts'
import { graphBreaks } from './graph-breaks.ts'
import { growingArray } from './growing-array.ts'
import { idleBfloat16Units } from './idle-bfloat16-units.ts'
import { imageTransforms } from './image-transforms.ts'
import { importTime } from './import-time.ts'
import { jsonInTheLoop } from './json-in-the-loop.ts'
import { lateTruncation } from './late-truncation.ts'
import { layoutShuffle } from './layout-shuffle.ts'
import { modelReloadedPerCall } from './model-reloaded-per-call.ts'
import { nonContiguousInput } from './non-contiguous-input.ts'
import { paddingWaste } from './padding-waste.ts'
import { predictCallOverhead } from './predict-call-overhead.ts'
import { promiseAllIsNotParallel } from './promise-all-is-not-parallel.ts'
import { quadraticDetokenization } from './quadratic-detokenization.ts'
import { repeatedAllocation } from './repeated-allocation.ts'
import { repeatedPrediction } from './repeated-prediction.ts'
import { retracing } from './retracing.ts'
import { scalarLoop } from './scalar-loop.ts'
import { sequentialCalls } from './sequential-calls.ts'
import { slowTokenizer } from './slow-tokenizer.ts'
import { tensorCopies } from './tensor-copies.ts'
import { tensorLeak } from './tensor-leak.ts'
import { tensorReadInForward } from './tensor-read-in-forward.ts'
import { threadCount } from './thread-count.ts'
import { threadOversubscription } from './thread-oversubscription.ts'
import { tokenizerDominates } from './tokenizer-dominates.ts'
import { trainingMode } from './training-mode.ts'
import { uncachedPrefix } from './uncached-prefix.ts'
import { uncompiledModel } from './uncompiled-model.ts'
import { unrequestedBeams } from './unrequested-beams.ts'
import { wrapperOverhead } from './wrapper-overhead.ts'

export const pipelineRules: readonly PipelineRule[] = [
  allProbabilities,
  arrayOfNumbersInput,
  channelsFirstConvolutions,
  contextPerRequest,
  dataLoadingBound,
  dataframeConversion,
  dataframePerRow,
  decodeDominates,
  deviceTransferInTheLoop,
  dispatchOverhead,
  eventLoopBlocking,
  fileInTheLoop,
  float32Weights,
  float64Inputs,
  garbageCollection,
  gilContention,
  gradientTracking,
  graphBreaks,
  growingArray,
  idleBfloat16Units,
  imageTransforms,
  importTime,
  jsonInTheLoop,
  lateTruncation,
  layoutShuffle,
  modelReloadedPerCall,
  nonContiguousInput,
  paddingWaste,
  predictCallOverhead,
  promiseAllIsNotParallel,
  quadraticDetokenization,
  repeatedAllocation,
  repeatedPrediction,
  retracing,
  scalarLoop,
  sequentialCalls,
  slowTokenizer,
  tensorCopies,
  tensorLeak,
  tensorReadInForward,
  threadCount,
  threadOversubscription,
  tokenizerDominates,
  trainingMode,
  uncompiledModel,
  uncachedPrefix,
  unrequestedBeams,
  wrapperOverhead,
]
