// The documents that a page draws, under short names.
import type { AbDocument } from '@whyslow/report/documents/ab.ts'
import type { ComparisonDocument } from '@whyslow/report/documents/comparison.ts'
import type { DistillDocument } from '@whyslow/report/documents/distill.ts'
import type { EmbeddingDocument } from '@whyslow/report/documents/embedding.ts'
import type { GapDocument } from '@whyslow/report/documents/gap.ts'
import type { GenerationDocument } from '@whyslow/report/documents/generation.ts'
import type { LintDocument } from '@whyslow/report/documents/lint.ts'
import type { LoadDocument } from '@whyslow/report/documents/load.ts'
import type { ReportDocument, ReportFinding, ReportNode, ReportTrial } from '@whyslow/report/documents/report.ts'
import type { StudyDocument } from '@whyslow/report/documents/study.ts'

export type { Given } from './unpacked.ts'

export type Report = ReportDocument
export type Comparison = ComparisonDocument
export type Load = LoadDocument
export type Ab = AbDocument
export type Study = StudyDocument
export type Gap = GapDocument
export type Distill = DistillDocument
export type Embedding = EmbeddingDocument
export type Generation = GenerationDocument
export type Lint = LintDocument
export type Node = ReportNode
export type Finding = ReportFinding
export type Trial = ReportTrial
export type AreaKey = keyof ReportDocument['areas']
