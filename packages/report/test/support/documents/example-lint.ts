// A lint document for the tests of what is drawn from it: three convolutions of one reason, a table, a hazard.
import type { LintDocument } from '../../../src/documents/lint.ts'

const conv = (node: string, conversionsMs: number | null): LintDocument['unfused'][number] => ({
  node,
  opType: 'Conv',
  condition: 'bias-scale',
  breaks: "its bias's scale is not the product of the input's and the weights' scales",
  conversionsMs,
  operatorMs: 1.5,
  wouldSaveMs: conversionsMs === null ? null : conversionsMs + 1,
  mend: null,
  conversions: [`${node}_dequantize`],
})

export function lintDocument(given: Partial<LintDocument> = {}): LintDocument {
  return {
    schema: 'whyslow-lint/1',
    tool: { version: '0.0.0' },
    createdAt: '2020-01-01T00:00:00.000Z',
    answer: 'The sentence.',
    measured: {
      p50Ms: 10,
      ciLowMs: 9.5,
      ciHighMs: 10.5,
      trust: 'A',
      reasons: [],
      engine: { id: 'ort-cpu', version: '1.30.0', threadsInUse: 2, graphOptimization: 'all' },
      machine: { cpu: 'Example CPU', isa: ['avx2'] },
      syntheticInputs: ['x'],
    },
    model: { file: 'quantized.onnx', format: 'onnx', sha256: 'ab', sizeBytes: 1000, opsets: { '': 17 } },
    written: { conversions: 12, integerProducts: 0, quantizedOperators: 0, fewBitProducts: 0, float16Constants: 0 },
    fused: [{ opType: 'QLinearConv', nodes: 5, timeMs: 2 }],
    unfused: [
      conv('first', 0.5),
      conv('second', 0.25),
      {
        node: 'table',
        opType: 'Gather',
        condition: 'weights-only',
        breaks: 'the whole table is dequantized at every prediction, and some rows of it are read',
        conversionsMs: 0.25,
        operatorMs: 0.01,
        wouldSaveMs: 0.25,
        mend: 'constant-dequantization',
        conversions: ['table_dequantize'],
      },
    ],
    borders: { nodes: 2, timeMs: 0.1 },
    hazards: [],
    repair: null,
    warnings: [],
    ...given,
  }
}

export const unknownConv = conv('third', null)
