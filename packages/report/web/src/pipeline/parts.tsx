// What the page of the user's own code holds below its first screen: stages, lines, the model inside, how sure it is.
import { OperatorTable } from '../operators/table.tsx'
import type { PartOf } from '../parts.tsx'
import { Blocks } from '../pictures/blocks.tsx'
import { Distribution } from '../pictures/distribution.tsx'
import { MeasuringConditions } from '../pictures/measured-with.tsx'
import { Waterfall } from '../pictures/waterfall.tsx'
import { isOneRun, type PipelineReport } from './facts.ts'
import { HotLines } from './hot-lines.tsx'
import { CallBreakdown, innerReport } from './inside.tsx'
import { Processes } from './processes.tsx'
import { Stages } from './stages.tsx'
import { Start } from './start.tsx'
import { TorchModel } from './torch.tsx'

export const PIPELINE_PARTS: readonly PartOf<PipelineReport>[] = [
  {
    id: 'stages',
    title: 'Stage by stage',
    draw: (report) => <Stages report={report} />,
    when: ({ stages }) => (stages?.length ?? 0) > 1,
  },
  {
    id: 'lines',
    title: 'Line by line',
    draw: (report) => <HotLines report={report} />,
    when: ({ lines }) => (lines?.length ?? 0) > 0,
  },
  {
    id: 'torch',
    title: 'The PyTorch model',
    draw: ({ pipeline: { torch } }) => (torch == null ? null : <TorchModel torch={torch} />),
    when: ({ pipeline }) => pipeline.torch != null,
  },
  {
    id: 'inside',
    title: 'The model inside',
    draw: (report) => {
      const inner = innerReport(report)
      return (
        <div class="figures">
          <CallBreakdown report={report} />
          {inner !== null && inner.breakdown.length > 0 && <Waterfall report={inner} />}
          {inner?.nodes.some(({ timeMs }) => timeMs > 0) && <Blocks report={inner} />}
        </div>
      )
    },
    when: ({ pipeline }) => pipeline.sessions.length > 0 || pipeline.inner != null,
  },
  {
    id: 'operators',
    title: 'Operators of the model',
    draw: (report) => <OperatorTable report={innerReport(report) ?? report} />,
    when: ({ nodes }) => nodes.length > 0,
  },
  {
    id: 'samples',
    title: 'How sure it is',
    draw: (report) => (
      <div class="figures">
        <Processes report={report} />
        <Distribution report={report} />
      </div>
    ),
    when: ({ latency }) => latency !== null && latency.samplesMs.length > 1,
  },
  {
    id: 'start',
    title: 'Before the first prediction',
    draw: (report) => <Start report={report} />,
    when: ({ pipeline }) => pipeline.kind !== 'script' || isOneRun(pipeline),
  },
  { id: 'setup', title: 'Measured with', draw: (report) => <MeasuringConditions report={report} /> },
]
