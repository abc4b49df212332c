// The page of a report: the first screen, then down to the single operator, or the single line of the user's code.
import { sentenceOf } from '@whyslow/report/text/answers/answer-command.ts'
import { ExportMenu } from './export-menu.tsx'
import { reportExports } from './exports.ts'
import { AreaBar } from './first/area-bar.tsx'
import { Findings } from './first/findings.tsx'
import { LatencyCard } from './first/latency-card.tsx'
import { MostTime } from './first/most-time.tsx'
import { NextStep } from './first/next-step.tsx'
import { Frame } from './frame.tsx'
import { Boundary } from './kit/boundary.tsx'
import { Sentence } from './kit/name.tsx'
import { OperatorTable } from './operators/table.tsx'
import type { Report } from './page-data.ts'
import { LaterParts, type Part, type PartOf, Parts, partsOf } from './parts.tsx'
import { Blocks } from './pictures/blocks.tsx'
import { Distribution } from './pictures/distribution.tsx'
import { OperatorExperiments } from './pictures/experiments.tsx'
import { MeasuringConditions } from './pictures/measured-with.tsx'
import { Roofline } from './pictures/roofline.tsx'
import { SameModel } from './pictures/same-model.tsx'
import { Samples } from './pictures/samples.tsx'
import { Sweeps } from './pictures/sweeps.tsx'
import { FixResult, Trials } from './pictures/trials.tsx'
import { Waterfall } from './pictures/waterfall.tsx'
import { WhatIfFigure } from './pictures/what-if-figure.tsx'
import { pipelineFacts } from './pipeline/facts.ts'
import { PIPELINE_PARTS } from './pipeline/parts.tsx'
import { StageBar } from './pipeline/stage-bar.tsx'

/**
 * Whether the nodes form blocks. The nodes of a recording are listed longest first, under names of functions and kernels: no blocks of a model, and
 * not in order.
 */
const hasBlocks = ({ nodes, trace }: Report): boolean => trace == null && nodes.some(({ timeMs }) => timeMs > 0)

const PARTS: readonly PartOf<Report>[] = [
  {
    id: 'tried',
    title: 'What was tried',
    draw: (report) => (
      <div class="figures">
        <FixResult report={report} />
        {report.trials.length > 0 && <Trials report={report} />}
      </div>
    ),
    when: ({ trials, fix }) => trials.length > 0 || fix != null,
  },
  {
    id: 'time',
    title: 'Where the time goes',
    draw: (report) => (
      <div class="figures">
        {report.breakdown.length > 0 && <Waterfall report={report} />}
        {hasBlocks(report) && <Blocks report={report} />}
      </div>
    ),
    when: (report) => report.breakdown.length > 0 || hasBlocks(report),
  },
  {
    id: 'operators',
    title: 'Operators',
    draw: (report) => <OperatorTable report={report} />,
    when: ({ nodes }) => nodes.length > 0,
  },
  {
    id: 'same-model',
    title: 'The same model, recorded and here',
    draw: ({ trace }) => (trace?.model ? <SameModel trace={trace} model={trace.model} /> : null),
    when: ({ trace }) => trace?.model != null,
  },
  {
    id: 'roofline',
    title: 'Roofline',
    draw: (report) => <Roofline report={report} />,
    // A recording of another tool has no roofs, unless somebody gave them.
    when: ({ nodes, trace }) => nodes.length > 0 && trace == null,
  },
  {
    id: 'alone',
    title: 'Operators alone',
    draw: (report) => <OperatorExperiments report={report} />,
    when: ({ operatorExperiments }) => (operatorExperiments?.rows.length ?? 0) > 0,
  },
  {
    id: 'samples',
    title: 'How sure it is',
    draw: (report) => (
      <div class="figures">
        <Samples report={report} />
        <Distribution report={report} />
      </div>
    ),
    when: ({ latency }) => latency !== null,
  },
  {
    id: 'scaling',
    title: 'Threads, batch, size',
    draw: (report) => <Sweeps report={report} />,
    when: ({ sweeps }) => sweeps.some(({ points }) => points.length > 1),
  },
  {
    id: 'what-if',
    title: 'What if',
    draw: (report) => <WhatIfFigure report={report} />,
    when: ({ latency, breakdown }) => latency !== null && breakdown.some(({ area }) => area !== 'unexplained'),
  },
  { id: 'setup', title: 'Measured with', draw: (report) => <MeasuringConditions report={report} /> },
]

const partsOfReport = (report: Report): readonly Part[] =>
  report.pipeline ? partsOf(PIPELINE_PARTS, { ...report, pipeline: report.pipeline }) : partsOf(PARTS, report)

/** `original`: the document as it came, for the export. */
export function ReportPage({ report, original }: { report: Report; original: object }) {
  const parts = partsOfReport(report)
  return (
    <Frame
      of={report.pipeline?.file ?? report.model?.file ?? 'a recording'}
      facts={factsOf(report)}
      sections={[{ id: 'answer', title: 'The answer' }, ...parts]}
      actions={<ExportMenu items={reportExports(report, original)} />}
    >
      <First report={report} />
      <LaterParts parts={parts} />
    </Frame>
  )
}

function factsOf({ pipeline, engine, machine, trace }: Report): string[] {
  if (pipeline) return pipelineFacts(pipeline, machine)
  if (engine === null) return trace ? [`recorded as ${trace.format}`] : []
  return [`${engine.id} ${engine.version}`, machine.cpu]
}

/** A report within another page, without its frame. */
export function ReportParts({ report }: { report: Report }) {
  return (
    <>
      <First report={report} isWithin />
      <Parts parts={partsOfReport(report)} />
    </>
  )
}

function First({ report, isWithin = false }: { report: Report; isWithin?: boolean }) {
  return (
    <section
      id={isWithin ? undefined : 'answer'}
      class="first"
      aria-label={isWithin ? 'The answer of this report' : 'The answer'}
    >
      <div class="first-columns">
        <div>
          {isWithin ? (
            <p class="sentence">
              <Sentence text={sentenceOf(report.answer)} />
            </p>
          ) : (
            <h1 class="sentence">
              <Sentence text={sentenceOf(report.answer)} />
            </h1>
          )}
          {report.pipeline ? <StageBar stages={report.stages ?? []} /> : <AreaBar areas={report.areas} />}
          {!report.pipeline && <MostTime report={report} />}
          <NextStep report={report} />
        </div>
        <LatencyCard report={report} />
      </div>
      <Boundary>
        <Findings report={report} />
      </Boundary>
    </section>
  )
}
