// Evidence of a generator that tests start from, in which nothing is slow: int4 weights of 40 MB and an int8 head of 5 MB, at 10 GB/s. The first
// token of a prompt of 64 takes 100 ms, each of the ten after it 10 ms: 200 ms a call.

import type { PartsOf, TokenPartId } from '@whyslow/report/documents/generation.ts'
import type { GenerationEvidence, GraphFact, WeightFact } from '../../src/facts.ts'

const sure = (value: number) => ({ value, low: value * 0.98, high: value * 1.02 })

/** Parts by their milliseconds; `unexplained` is the rest. */
export function exampleParts(totalMs: number, depth: number, parts: Partial<Record<TokenPartId, number>>): PartsOf {
  const named = Object.entries(parts) as [TokenPartId, number][]
  const restMs = totalMs - named.reduce((sum, [, ms]) => sum + ms, 0)
  return {
    totalMs,
    depth,
    parts: [
      ...named.map(([id, ms]) => ({ id, ms, how: 'timed' as const, note: null })),
      { id: 'unexplained', ms: restMs, how: 'rest', note: null },
    ],
  }
}

/** A token of 10 ms, by parts that differ from the example's. */
export const tokenParts = (parts: Partial<Record<TokenPartId, number>>): PartsOf =>
  exampleParts(10, 64, {
    ...{ weights: 4.5, attention: 1, 'cache-copied': 0.1, 'cache-exported': 0.1 },
    sampler: 0.1,
    garbage: 0.1,
    ...parts,
  })

/** A first token of 100 ms. */
export const firstTokenParts = (parts: Partial<Record<TokenPartId, number>>): PartsOf =>
  exampleParts(100, 64, { tokenize: 1, head: 0.5, ...parts })

export const exampleWeight = (given: Partial<WeightFact> = {}): WeightFact => ({
  node: '/model/layers.0/mlp/MatMul',
  operator: 'MatMulNBits',
  role: 'body',
  dtype: 'int4',
  elements: 64e6,
  bytes: 40e6,
  scaleBytes: 8e6,
  blockSize: 32,
  accuracyLevel: 4,
  decodeMs: 4,
  ...given,
})

export const exampleHead = (given: Partial<WeightFact> = {}): WeightFact =>
  exampleWeight({
    ...{ node: '/lm_head/MatMul', operator: 'MatMulInteger', role: 'head', dtype: 'int8', elements: 5e6, bytes: 5e6 },
    ...{ scaleBytes: null, blockSize: null, accuracyLevel: null, decodeMs: 0.5 },
    ...given,
  })

export const exampleGraph = (given: Partial<GraphFact> = {}): GraphFact => ({
  cache: 'shared-buffer',
  cacheNode: null,
  logits: 'last',
  headNode: '/lm_head/MatMul',
  casts: { nodes: 0, decodeMs: null, node: null },
  constantWork: { nodes: 0, decodeMs: 0, node: null },
  constantOutputs: { names: [], bytes: 0 },
  crossCopies: { nodes: 0, decodeMs: null, node: null },
  ...given,
})

/** Time of m tokens at once: `ratio` of 2, 4 and 8. */
export const exampleSeveral = (...ratios: readonly number[]) => ({
  depth: 64,
  points: [1, 2, 4, 8].slice(0, ratios.length + 1).map((tokens, i) => {
    const ratio = i === 0 ? 1 : ratios[i - 1]!
    return { tokens, ratio, ms: 10 * ratio }
  }),
})

export const exampleLine = (slopeMsPerThousand: number, slopeOverFloor: number | null, interceptMs = 9.5) => ({
  points: [
    { depth: 0, ms: interceptMs, low: interceptMs, high: interceptMs },
    { depth: 1000, ms: interceptMs + slopeMsPerThousand, low: interceptMs, high: interceptMs + slopeMsPerThousand },
  ],
  ...{ interceptMs, slopeMsPerThousand, slopeOverFloor },
})

const example: GenerationEvidence = {
  model: {
    ...{ name: 'tiny', kind: 'onnx', architecture: 'llama', layers: 2, kvHeads: 2, headSize: 16, vocabulary: 512, context: 2048 },
    ...{
      dtype: 'int4',
      cacheDtype: 'float32',
      parameters: 70e6,
      bytesPerToken: 45e6,
      cacheBytesPerToken: 10_000,
      tokenizer: 'bpe',
    },
  },
  engine: { id: 'ort-cpu', title: 'ONNX Runtime', versions: {}, threads: 2, prefillThreads: null },
  machine: { cpu: 'a CPU', usableCpus: 2, node: 'v20' },
  setup: {
    ...{
      promptTokens: 64,
      newTokens: 11,
      prompts: 'made-up',
      sampling: 'greedy',
      endIgnored: true,
      processes: 3,
      callsPerProcess: 3,
    },
    cachedShare: 0,
  },
  speed: {
    ...{ timeToFirstTokenMs: sure(100), timePerTokenMs: sure(10), interTokenMs: { p50: 10, p90: 10.5, p99: 11 } },
    ...{ prefillTokensPerSecond: sure(640), tokensPerSecond: sure(100), coldFirstTokenMs: sure(150), openMs: sure(300) },
    ...{ naturalStop: null, trust: { grade: 'A', reasons: [] } },
  },
  floor: { bytesPerSecond: 10e9, level: 'memory', threads: 2, weightsMs: 4.5, cacheMsPerThousand: 1, shareOfFloor: 0.45 },
  depthLine: exampleLine(1.2, 1.2),
  severalTokens: exampleSeveral(1.1, 1.3, 1.8),
  tokenParts: tokenParts({}),
  firstTokenParts: firstTokenParts({}),
  weights: [exampleWeight(), exampleHead()],
  graph: exampleGraph(),
  prompt: { fedTokens: 64, paddingTokens: 0, place: null },
  prefix: { tokens: 64, commonTokens: 0, alikeTokens: 0, cachedTokens: 0, different: null },
  threads: [
    { threads: 1, tokenMs: 15, firstTokenMs: 190 },
    { threads: 2, tokenMs: 10, firstTokenMs: 100 },
  ],
  options: { beams: 1, searched: 1, beamsFrom: null, cacheCapacity: null, capacityFrom: null },
  detokenize: { tokens: 256, earlyMs: 0.02, lateMs: 0.02 },
  opening: { opensPerCall: 0, openMs: 300, place: null },
  speculation: { draftTokens: 3, acceptance: 0.8, draftCost: 0.05 },
  eventLoop: { utilization: 0.3, longestDelayMs: 12 },
  faults: { firstCall: 2000, laterCall: 3 },
  together: { clients: 4, firstTokenMs: 130, tokenMs: 12 },
  encoder: { ms: 40, runs: 1, windows: 1, positions: 1500, emptyPositions: 0, positionMs: 20 },
  absent: {},
}

export const exampleEvidence = (given: Partial<GenerationEvidence> = {}): GenerationEvidence => ({ ...example, ...given })

/** The example without some of its facts. */
export function withoutFacts(
  given: Partial<GenerationEvidence>,
  ...keys: readonly (keyof GenerationEvidence)[]
): GenerationEvidence {
  const left = Object.entries(exampleEvidence(given)).filter(([key]) => !keys.includes(key as keyof GenerationEvidence))
  return Object.fromEntries(left) as unknown as GenerationEvidence
}

/** The example with other times. */
export const timed = (firstMs: number, tokenMs: number, given: Partial<GenerationEvidence['speed']> = {}) => ({
  speed: { ...example.speed, timeToFirstTokenMs: sure(firstMs), timePerTokenMs: sure(tokenMs), ...given },
})
export const setup = (given: Partial<GenerationEvidence['setup']>) => ({ setup: { ...example.setup, ...given } })
export { sure }
