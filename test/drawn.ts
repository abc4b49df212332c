// Documents as a terminal of 80 columns shows them.
import type { DistillDocument } from '@whyslow/report/documents/distill.ts'
import type { ReportDocument } from '@whyslow/report/documents/report.ts'
import { renderAb } from '@whyslow/report/text/ab-text.ts'
import { renderComparison } from '@whyslow/report/text/comparison-text.ts'
import { renderDistill } from '@whyslow/report/text/distill-text.ts'
import { renderEmbedding } from '@whyslow/report/text/embedding/embedding-text.ts'
import { renderGap } from '@whyslow/report/text/gap/gap-text.ts'
import { renderGeneration } from '@whyslow/report/text/generation/generation-text.ts'
import { renderLint } from '@whyslow/report/text/lint-text.ts'
import { renderLoad } from '@whyslow/report/text/load-text.ts'
import { renderPipeline } from '@whyslow/report/text/pipeline-text.ts'
import { renderStudy } from '@whyslow/report/text/study-text.ts'
import { renderTerminal } from '@whyslow/report/text/terminal.ts'
import { renderFix } from '@whyslow/report/text/trials.ts'

const AT_80 = { width: 80, colour: false }

function renderReport(report: ReportDocument, options: typeof AT_80): string {
  return (report.pipeline ? renderPipeline : report.fix ? renderFix : renderTerminal)(report, options)
}

const RENDERERS: Readonly<Record<string, (document: never, options: typeof AT_80) => string>> = {
  'whyslow-report/1': renderReport,
  'whyslow-report/2': renderReport,
  'whyslow-ab/1': renderAb,
  'whyslow-load/1': renderLoad,
  'whyslow-study/1': renderStudy,
  'whyslow-lint/1': renderLint,
  'whyslow-gap/1': renderGap,
  'whyslow-generation/1': renderGeneration,
  'whyslow-embedding/1': renderEmbedding,
  'whyslow-distill/1': (document: DistillDocument, { width }) => `${renderDistill(document, width)}\n`,
  'whyslow-comparison/1': renderComparison,
}

export const drawn = (document: { readonly schema: string }): string => RENDERERS[document.schema]!(document as never, AT_80)
