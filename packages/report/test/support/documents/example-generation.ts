// A generation with a number in every place, for tests of what draws it.
import type { GenerationDocument } from '@whyslow/report/documents/generation.ts'
import { EXAMPLE_HEAD, EXAMPLE_MACHINE, measured } from './example-measured.ts'

export const exampleGeneration: GenerationDocument = {
  schema: 'whyslow-generation/1',
  ...EXAMPLE_HEAD,
  answer: 'A token takes 41.0 ms (39.0–43.0) after 512 tokens of context; the weights alone need 17.0 ms on this machine.',
  model: {
    ...{ name: 'tiny-llm', kind: 'transformers-folder', architecture: 'llama', layers: 30, kvHeads: 3, headSize: 64 },
    ...{ vocabulary: 49_152, context: 2048, dtype: 'float32', cacheDtype: 'float32', parameters: 135e6 },
    ...{ bytesPerToken: 538e6, cacheBytesPerToken: 46_080, tokenizer: 'tokenizer.json' },
  },
  engine: { id: 'ort-cpu', title: 'ONNX Runtime', versions: { onnxruntime: '1.30.0' }, threads: null, prefillThreads: null },
  machine: EXAMPLE_MACHINE,
  setup: {
    ...{ promptTokens: 480, newTokens: 64, prompts: 'made-up', sampling: 'greedy', endIgnored: true },
    ...{ processes: 5, callsPerProcess: 3, cachedShare: 0 },
  },
  speed: {
    timeToFirstTokenMs: measured(1900),
    timePerTokenMs: measured(41),
    interTokenMs: { p50: 40, p90: 44, p99: 71 },
    prefillTokensPerSecond: measured(260),
    tokensPerSecond: measured(24.4),
    coldFirstTokenMs: measured(2300),
    openMs: measured(800),
    naturalStop: { tokens: 37, totalMs: 3400 },
    trust: { grade: 'B', reasons: ['processes vary by ±5.1 % around the median'] },
  },
  depthLine: {
    points: [2, 512, 1024].map((depth) => ({ depth, ms: 30 + depth / 50, low: 29 + depth / 50, high: 31 + depth / 50 })),
    interceptMs: 30,
    slopeMsPerThousand: 20,
    slopeOverFloor: 4.3,
  },
  severalTokens: {
    depth: 480,
    points: [
      { tokens: 1, ms: 41, ratio: 1 },
      { tokens: 4, ms: 53, ratio: 53 / 41 },
      { tokens: 16, ms: 110, ratio: 110 / 41 },
    ],
  },
  tokenParts: {
    totalMs: 41,
    depth: 512,
    parts: [
      { id: 'weights', ms: 17, how: 'computed', note: null },
      { id: 'cache-read', ms: 1, how: 'computed', note: null },
      { id: 'cache-exported', ms: 15, how: 'difference', note: null },
      { id: 'sampler', ms: 6, how: 'timed', note: null },
      { id: 'unexplained', ms: 2, how: 'rest', note: null },
    ],
  },
  firstTokenParts: {
    totalMs: 1900,
    depth: 480,
    parts: [
      { id: 'weights', ms: 17, how: 'computed', note: null },
      { id: 'matmul', ms: 1100, how: 'timed', note: null },
      { id: 'head', ms: 700, how: 'timed', note: null },
      { id: 'unexplained', ms: 83, how: 'rest', note: null },
    ],
  },
  floor: { bytesPerSecond: 31.6e9, level: 'DRAM', threads: 2, weightsMs: 17, cacheMsPerThousand: 1.46, shareOfFloor: 0.43 },
  estimates: [{ what: 'weights in int4', depth: 512, timePerTokenMs: 26.7, why: 'products with weights take less' }],
  findings: [
    {
      rule: 'cache-export',
      title: 'The KV cache goes through JavaScript at every token',
      sentence: 'Each step hands 47.2 MB to JavaScript and back.',
      ...{ tokenMs: 15, firstTokenMs: null, savingIs: 'measured', place: '/model/layers.0/attn/Concat' },
      run: { command: 'fix', arguments: ['tiny-llm', '-o', 'fast/'] },
    },
  ],
  clear: ['float16-on-cpu'],
  doesNotApply: [],
  notChecked: [],
  reasons: {},
  warnings: ['measured without the lock of the machine'],
}
