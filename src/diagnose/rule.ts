// A rule of models: over what was measured of one, and what analysis computes from it.
import type { AnalyzedEvidence } from '../analyze/analyzed-evidence.ts'
import { definerOf, type Rule } from '../diagnosis/rule.ts'

export type ModelRule = Rule<AnalyzedEvidence>

export const defineRule = definerOf<AnalyzedEvidence>()
