// A run at one rate that nothing is wrong with, for the tests of rules.
import type { LoadAlternative, LoadPoint, LoadServerFacts, LoadSetup, LoadTarget } from '@whyslow/report/documents/load.ts'
import type { LoadAudit } from '@whyslow/report/documents/load-audit.ts'
import { pointOf } from '../../../src/load/point.ts'
import { type LoadEvidence, type LoadOutcome, loadEvidence } from '../../../src/load/rule.ts'
import { exampleRun } from './example-queue.ts'

const AUDIT: LoadAudit = {
  ceilingPerSecond: 10_000,
  floorP50Ms: 0.2,
  floorP99Ms: 0.5,
  lagP50Ms: 0.1,
  lagP99Ms: 0.3,
  lagMaxMs: 1,
  lost: 0,
  repeated: 0,
  cores: 0.1,
  ok: true,
  reasons: [],
}

/** 30 requests/s at a server that can 100. */
export const examplePoint = (changed: Partial<LoadPoint> = {}): LoadPoint => ({
  ...pointOf(exampleRun({ utilisation: 0.3, measuredMs: 5000 })),
  ...changed,
})

export const exampleEvidence = (
  asked: readonly LoadPoint[],
  audit: Partial<LoadAudit> = {},
  changed: Partial<LoadOutcome> = {},
): LoadEvidence =>
  loadEvidence({
    search: null,
    points: asked,
    audit: { ...AUDIT, ...audit },
    target: exampleTarget({}),
    setup: null,
    ...changed,
  })

export const exampleTarget = (changed: Partial<LoadTarget>): LoadEvidence['target'] => ({
  first: { latencyMs: 20, status: 200 },
  inputs: null,
  bodyBytes: null,
  ...changed,
})

export const exampleSetup = (changed: Partial<LoadSetup>): LoadSetup => ({
  engine: 'ort-cpu',
  workers: 2,
  threadsPerWorker: 1,
  queueLimit: 64,
  maxBatch: 1,
  deadlineMs: null,
  spinning: false,
  ...changed,
})

export const exampleServer = (changed: Partial<LoadServerFacts>): LoadServerFacts => ({
  meanTogether: 1,
  eventLoopShare: 0.1,
  eventLoopLongestMs: 2,
  collectionShare: 0.001,
  collectionLongestMs: 1,
  workerRestarts: 0,
  ...changed,
})

export interface ExamplePart {
  readonly slowest: number
  readonly all: number
  readonly variation?: number
}

/** Latencies that are made of these parts. */
export function withParts(point: LoadPoint, parts: Readonly<Record<string, ExamplePart>>): LoadPoint {
  const of = (group: 'slowest' | 'all') => {
    const partsMs = Object.values(parts).map((part) => part[group])
    return { requests: 10, latencyMs: partsMs.reduce((sum, ms) => sum + ms, 0), partsMs }
  }
  return {
    ...point,
    parts: {
      names: Object.keys(parts),
      basis: Object.keys(parts).map(() => 'measured'),
      all: of('all'),
      slowest: of('slowest'),
      typical: of('all'),
      variation: Object.values(parts).map(({ variation }) => variation ?? 0),
    },
  }
}

export const exampleAlternative = (
  setup: Partial<LoadSetup>,
  [before, point, after]: readonly [LoadPoint, LoadPoint, LoadPoint],
): LoadAlternative => ({ setup: exampleSetup(setup), before, point, after })

/** Its mean is 5 ms where the set-up of the command has 10 ms. */
export const betterAlternative = (setup: Partial<LoadSetup>): LoadAlternative =>
  exampleAlternative(setup, [withMean(10), withMean(5), withMean(10)])

/** And 20 ms. */
export const worseAlternative = (setup: Partial<LoadSetup>): LoadAlternative =>
  exampleAlternative(setup, [withMean(10), withMean(20), withMean(10)])

const withMean = (meanMs: number): LoadPoint => {
  const point = examplePoint({ meanMs, p99Ms: null })
  return { ...point, intervals: { ...point.intervals, meanMs: { low: 0.9 * meanMs, high: 1.1 * meanMs } } }
}
