// A measurement of embeddings with a number in every place, for tests of what draws it.
import type { EmbeddingDocument, EmbeddingPart, EmbeddingParts, EmbeddingWay } from '@whyslow/report/documents/embedding.ts'
import { EXAMPLE_HEAD, EXAMPLE_MACHINE, measured } from './example-measured.ts'

const way = (batch: number, order: EmbeddingWay['order'], ms: number, given: Partial<EmbeddingWay> = {}): EmbeddingWay => ({
  ...{ batch, order, padding: 'longest', paddedTo: null, texts: 64, paddedShare: 0, ratio: measured(ms / 8) },
  msPerText: measured(ms),
  ...given,
})

/** What the model computes of padding is known by its share of the positions. */
function partsOf(batch: number, times: Readonly<Partial<Record<EmbeddingPart['id'], number>>>): EmbeddingParts {
  const howOf = (id: string) =>
    id === 'unexplained' ? 'rest' : id.startsWith('model') && 'model-padding' in times ? 'computed' : 'timed'
  const parts = Object.entries(times).map(([id, ms]) => ({ id: id as EmbeddingPart['id'], ms, how: howOf(id) }) as const)
  return { batch, totalMs: parts.reduce((sum, { ms }) => sum + ms, 0), parts }
}

export const exampleEmbedding: EmbeddingDocument = {
  schema: 'whyslow-embedding/1',
  ...EXAMPLE_HEAD,
  answer: 'Your texts take 8.00 ms (7.60–8.40) each, one at a time, with a median of 40 tokens.',
  model: {
    ...{ name: 'mini', modelFile: 'mini/onnx/model.onnx', architecture: 'bert', dtype: 'fp32', sizeBytes: 90e6, gives: 'vector' },
    ...{
      dimensions: 384,
      pooling: 'mean',
      poolingFrom: '1_Pooling/config.json',
      normalizes: true,
      tokenizer: 'mini/tokenizer.json',
    },
  },
  engine: { id: 'ort-cpu', title: 'ONNX Runtime for Node, CPU', versions: { onnxruntime: '1.30.0' }, threads: null },
  machine: EXAMPLE_MACHINE,
  setup: {
    ...{ texts: 64, from: 'user', batch: 32, longestTokens: 256, longestFrom: 'sentence_bert_config.json' },
    ...{ processes: 5, passesPerProcess: 3 },
  },
  lengths: { shortest: 5, median: 40, mean: 61.5, p90: 180, longest: 700, cutTexts: 3, cutShare: 0.08 },
  ways: [
    way(1, 'given', 8, { ratio: null }),
    way(8, 'given', 12, { paddedShare: 0.5 }),
    way(8, 'sorted', 6, { paddedShare: 0.05 }),
    way(32, 'given', 16, { paddedShare: 0.7 }),
    way(32, 'sorted', 7, { paddedShare: 0.1 }),
    way(8, 'given', 12, { paddedShare: 0.5, texts: 8 }),
    way(8, 'given', 40, { padding: 'maximum', paddedTo: 256, paddedShare: 0.85, texts: 8, ratio: measured(40 / 12) }),
  ],
  oneParts: partsOf(1, { tokenize: 0.4, padding: 0.01, model: 7.5, pooling: 0.05, normalization: 0.01, unexplained: 0.03 }),
  batchParts: partsOf(32, {
    ...{ tokenize: 0.4, padding: 0.02, model: 4.6, 'model-padding': 10.8, pooling: 0.1, normalization: 0.01, unexplained: 0.07 },
  }),
  openMs: measured(300),
  firstTextMs: measured(20),
  trust: { grade: 'B', reasons: ['processes vary by ±5.1 % around the median'] },
  findings: [
    {
      ...{ rule: 'padding-waste', title: 'Padding: batches of texts of different lengths compute padding' },
      sentence: 'In batches of 32 texts, as your texts come, 70 % of the positions are padding.',
      ...{ textMs: 9, savingIs: 'measured', place: null },
      run: { command: 'embed', arguments: ['mini', '--batch', '32'] },
    },
  ],
  ...{ clear: ['unbatched-texts'], doesNotApply: [], notChecked: [{ rule: 'late-truncation', reason: 'an example' }] },
  ...{ reasons: {}, warnings: ['the first 64 of 900 texts were encoded'] },
}
