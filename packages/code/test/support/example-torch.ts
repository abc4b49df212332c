// A pipeline around a PyTorch model in which nothing is slow.
import type { TorchSection } from '@whyslow/report/documents/report-torch.ts'
import { exampleTorch } from '@whyslow/report/support/example-torch.ts'
import type { PipelineEvidence } from '../../src/evidence.ts'
import { examplePipeline } from './example-pipeline.ts'

export { exampleTimes, exampleTorch, exampleTrial } from '@whyslow/report/support/example-torch.ts'

export const torchPipeline = (given: Partial<TorchSection> = {}, more: Partial<PipelineEvidence> = {}): PipelineEvidence =>
  examplePipeline({
    language: 'python',
    file: 'model.py',
    target: { kind: 'stages', stages: ['predict'], places: [null], givesModel: true },
    torch: exampleTorch(given),
    ...more,
  })
