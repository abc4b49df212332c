import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { ReportDocument } from '../documents/report.ts'
import type { TrialRow } from '../documents/trial-row.ts'
import { renderQuantized } from './quantization.ts'

const cnn = JSON.parse(readFileSync(new URL('../../../fixtures/reports/cnn.json', import.meta.url), 'utf8')) as ReportDocument

const row = (engine: string, lookedSpeedup: number | null, rest: Partial<TrialRow> = {}): TrialRow => ({
  ...{ remedies: ['engine-choice'], name: `engine-choice ${engine}`, outcome: 'rejected', reason: null, kept: false },
  ...{ beforeMs: null, afterMs: null, speedup: null, speedupLow: null, speedupHigh: null, took: null },
  ...{
    changes: [`${engine} in place of ort-cpu`],
    agreement: null,
    sizeBytes: null,
    peakBytes: null,
    lookedSpeedup,
    pairs: null,
    predictedSpeedup: null,
  },
  ...rest,
})
const agreement = { maxAbs: 0.01, cosine: 0.99912345, sqnrDb: null, equal: false, top1: null, metric: null }

const rendered = (trials: readonly TrialRow[]): string =>
  renderQuantized({ ...cnn, trials: [...trials] }, { width: 80, colour: false }, { allowSynthetic: false })

test('what another engine would give is said, with what to type', () => {
  const text = rendered([row('litert', 1.2), row('OpenVINO in bfloat16', 1.6666, { agreement }), row('slow', 0.7)])
  expect(text.replace(/\s+/g, ' ')).toContain(
    'Another engine: OpenVINO in bfloat16 in place of ort-cpu, 1.67 times as fast in a first look, outputs of cosine 0.999123 with the ' +
      `original's. To have it proven and shipped: whyslow fix ${cnn.model!.file} -o fast/ --max-loss 0.01`,
  )
})

test.each([
  ['none was looked at', []],
  ['it gives no more than noise', [row('openvino', 1.04)]],
  ['it was judged', [row('openvino', null)]],
  ['it is what was kept', [row('openvino', 1.5, { kept: true })]],
])('nothing is said where %s', (_, trials) => {
  expect(rendered(trials)).not.toContain('Another engine')
})
