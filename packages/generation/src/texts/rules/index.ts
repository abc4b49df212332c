// The rules of texts that a model encodes, listed by hand.
import type { TextRule } from '../facts.ts'
import { fixedPadding } from './fixed-padding.ts'
import { lateTruncation } from './late-truncation.ts'
import { oversizedBatches } from './oversized-batches.ts'
import { paddingWaste } from './padding-waste.ts'
import { unbatchedTexts } from './unbatched-texts.ts'

export const textRules: readonly TextRule[] = [
  fixedPadding,
  lateTruncation,
  oversizedBatches,
  paddingWaste,
  unbatchedTexts,
] as readonly TextRule[]
