// Remedies of a decoder's graph, in the order in which they are tried: what each leaves is what the next is given.
import { accuracyLevel } from './accuracy-level.ts'
import { crossOutputs } from './cross-outputs.ts'
import { float16ToFloat32 } from './float16-to-float32.ts'
import { groupQueryAttention } from './group-query-attention.ts'
import { int4Weights } from './int4-weights.ts'
import { int8Cache } from './int8-cache.ts'
import { int8Head } from './int8-head.ts'
import { int8Weights } from './int8-weights.ts'
import type { GeneratorRemedy } from './kit/remedy.ts'
import { lastLogits } from './last-logits.ts'
import { splitBranches } from './split-branches.ts'

export const remedies: readonly GeneratorRemedy[] = [
  splitBranches,
  crossOutputs,
  float16ToFloat32,
  lastLogits,
  groupQueryAttention,
  accuracyLevel,
  int4Weights,
  int8Weights,
  int8Head,
  int8Cache,
]
