// A rule of models: over what was measured of one, and what analysis computes from it.

import { definerOf, type Rule } from '@whyslow/diagnosis/rule.ts'
import type { AnalyzedEvidence } from '../analyze/analyzed-evidence.ts'

export type ModelRule = Rule<AnalyzedEvidence>

export const defineRule = definerOf<AnalyzedEvidence>()
