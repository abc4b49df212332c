// Which page a document gets, by its schema; two reports stand side by side.
import { useMemo } from 'preact/hooks'
import { AbPage } from './ab/page.tsx'
import { PairedLoads } from './beside/load.tsx'
import { PairedComparisons, PairedStudies } from './beside/many.tsx'
import { BesidePage } from './beside/page.tsx'
import { cleaned } from './cleaned.ts'
import { ComparisonPage } from './comparison-page.tsx'
import { DistillPage } from './distill/page.tsx'
import { EmbeddingPage } from './embedding/page.tsx'
import { AdviceOf } from './first/advice.tsx'
import { Unreadable } from './frame.tsx'
import { GapPage } from './gap/page.tsx'
import { GenerationPage } from './generation/page.tsx'
import { LintPage } from './lint/page.tsx'
import { served } from './live.ts'
import { LiveLine, LivePage } from './live-page.tsx'
import { LoadPage } from './load/page.tsx'
import {
  normalAb,
  normalComparison,
  normalDistill,
  normalEmbedding,
  normalGap,
  normalGeneration,
  normalLint,
  normalLoad,
  normalReport,
  normalStudy,
} from './normal.ts'
import type { Given } from './page-data.ts'
import { ReportPage } from './report-page.tsx'
import { StudyPage } from './study/page.tsx'

/** Whether it is a report of either version: they differ in what p90 to p99 are. */
const isReport = (schema: unknown): boolean => schema === 'whyslow-report/1' || schema === 'whyslow-report/2'

export function App({ given }: { given: Given | null }) {
  if (given !== null) return <Drawn given={given} />
  // Served: documents come, and come anew.
  const now = served.value
  if (now === null || now.documents.length === 0) return <LivePage />
  return (
    <>
      <LiveLine />
      <Drawn given={now} />
    </>
  )
}

function Drawn({ given }: { given: Given }) {
  return (
    <AdviceOf.Provider value={given.advice}>
      <DocumentPage given={given} />
    </AdviceOf.Provider>
  )
}

function DocumentPage({ given: { documents, names } }: { given: Given }) {
  // A theme or a fragment that changes is no reason to read all of it again.
  const [first, second] = useMemo(() => documents.map(cleaned), [documents])
  const original = documents[0]
  if (second !== undefined) {
    const alike = isReport(first?.schema) ? isReport(second.schema) : first?.schema === second.schema
    if (!alike) return <Unreadable reason="It holds two documents of different kinds." />
    if (isReport(first?.schema)) return <BesidePage before={normalReport(first)} after={normalReport(second)} names={names} />
    if (first?.schema === 'whyslow-load/1')
      return <PairedLoads before={normalLoad(first)} after={normalLoad(second)} names={names} />
    if (first?.schema === 'whyslow-comparison/1')
      return <PairedComparisons before={normalComparison(first)} after={normalComparison(second)} names={names} />
    if (first?.schema === 'whyslow-study/1')
      return <PairedStudies before={normalStudy(first)} after={normalStudy(second)} names={names} />
    return <Unreadable reason="It holds two documents that have no page side by side." />
  }
  if (isReport(first?.schema)) return <ReportPage report={normalReport(first)} original={original!} />
  if (first?.schema === 'whyslow-comparison/1')
    return <ComparisonPage comparison={normalComparison(first)} original={original!} />
  if (first?.schema === 'whyslow-load/1') return <LoadPage load={normalLoad(first)} original={original!} />
  if (first?.schema === 'whyslow-study/1') return <StudyPage study={normalStudy(first)} original={original!} />
  if (first?.schema === 'whyslow-ab/1') return <AbPage ab={normalAb(first)} original={original!} />
  if (first?.schema === 'whyslow-gap/1') return <GapPage gap={normalGap(first)} original={original!} />
  if (first?.schema === 'whyslow-distill/1') return <DistillPage distill={normalDistill(first)} original={original!} />
  if (first?.schema === 'whyslow-embedding/1') return <EmbeddingPage embedding={normalEmbedding(first)} original={original!} />
  if (first?.schema === 'whyslow-generation/1')
    return <GenerationPage generation={normalGeneration(first)} original={original!} />
  if (first?.schema === 'whyslow-lint/1') return <LintPage lint={normalLint(first)} original={original!} />
  return <Unreadable reason="It holds a document that this page does not know." />
}
