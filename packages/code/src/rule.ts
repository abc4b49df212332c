// A rule of pipelines: measured facts and a pattern of the source together, at a place of the user's own code. It gives a finding for each
// place. What is not hot is no finding.
import { definerOf, type Keys, type Rule } from '@whyslow/diagnosis/rule.ts'
import type { PipelineEvidence } from './evidence.ts'

export type PipelineRule = Rule<PipelineEvidence, Keys<PipelineEvidence>, Keys<PipelineEvidence>, PipelineEvidence>

export const defineRule = definerOf<PipelineEvidence, PipelineEvidence>()
