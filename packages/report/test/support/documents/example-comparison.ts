// Comparison documents for tests, built from a short notation.

import type { ComparisonDocument, Contestant } from '../../../src/documents/comparison.ts'
import { comparisonSentences } from '../../../src/text/comparison-sentences.ts'

/** A contestant of ±5 %. */
export function contestant(id: string, p50Ms: number | null, given: Partial<Contestant> = {}): Contestant {
  return {
    id,
    file: 'model.onnx',
    engine: 'ort-cpu',
    outcome: p50Ms === null ? 'crashed' : 'measured',
    reason: p50Ms === null ? 'the engine’s process ended by SIGSEGV' : null,
    fix: null,
    report: null,
    device: 'cpu',
    software: false,
    p50Ms,
    ciLowMs: p50Ms === null ? null : p50Ms * 0.95,
    ciHighMs: p50Ms === null ? null : p50Ms * 1.05,
    startMs: p50Ms === null ? null : 20 * p50Ms,
    ratio: null,
    ratioLow: null,
    ratioHigh: null,
    samplesPerSecond: p50Ms === null ? null : 1000 / p50Ms,
    atBatch: p50Ms === null ? null : 1,
    batches: [],
    fit: null,
    transferShare: null,
    keptOnDevice: null,
    sizeBytes: 1_200_000,
    macs: 39_300_000,
    agreement: null,
    agreementReason: null,
    agreementSamples: null,
    metric: null,
    ...given,
  }
}

/** The first one is the reference; ratios are those of the times, ±5 %. */
export function comparison(
  contestants: readonly Contestant[],
  given: Partial<ComparisonDocument> = {},
  withData = false,
): ComparisonDocument {
  const measured = contestants.filter(({ p50Ms }) => p50Ms !== null)
  const ranked = measured.filter(({ software }) => !software).sort((a, b) => a.p50Ms! - b.p50Ms!)
  const pairs = measured.flatMap((a, i) =>
    measured.slice(i + 1).map((b) => {
      const ratio = b.p50Ms! / a.p50Ms!
      const order = ratio * 0.95 > 1 ? 'faster' : ratio * 1.05 < 1 ? 'slower' : 'no-difference'
      return { a: a.id, b: b.id, batch: 1, ratio, ratioLow: ratio * 0.95, ratioHigh: ratio * 1.05, rounds: 5, order } as const
    }),
  )
  const isTied = (x: Contestant, y: Contestant) => x !== y && Math.abs(Math.log(x.p50Ms! / y.p50Ms!)) < 0.05
  const facts: Omit<ComparisonDocument, 'answer' | 'sentences'> = {
    schema: 'whyslow-comparison/1',
    tool: { version: '0.0.0' },
    createdAt: '2026-01-15T09:30:00.000Z',
    of: 'engines',
    reference: contestants[0]!.id,
    batch: 1,
    contestants: [...contestants],
    ranking: ranked.map((one) => ({
      id: one.id,
      place: 1 + ranked.filter((other) => other.p50Ms! < one.p50Ms! && !isTied(one, other)).length,
      tiedWith: ranked.filter((other) => isTied(one, other)).map(({ id }) => id),
    })),
    pairs,
    pareto: { axes: ['latency', 'start'], front: ranked.slice(0, 1).map(({ id }) => id), dominated: [] },
    breakEven: [],
    notHere: [],
    reports: [],
    warnings: [],
    ...given,
  }
  return { ...facts, ...comparisonSentences(facts, withData ? null : 'synthetic inputs') }
}
