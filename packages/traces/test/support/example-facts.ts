// Facts of traces for the tests of rules: a device that is busy, a host that keeps up, nothing wrong; a test changes what it is about.
import type {
  DeviceFacts,
  FunctionFacts,
  HostFacts,
  MatrixFacts,
  TokenFacts,
  TraceFacts,
  TrainingFacts,
} from '../../src/facts/facts.ts'
import type { TraceEvidence } from '../../src/rule.ts'

const parts = {
  dataLoading: 0,
  compiling: 0,
  allocating: 0,
  synchronising: 0,
  launching: 0.02,
  dispatching: 0.02,
  unrecorded: 0.01,
}

const device: DeviceFacts = {
  name: '0',
  shares: { lengthMs: 100, compute: 0.9, communication: 0.02, copy: 0.03, idle: 0.05 },
  ...{ kernels: 1000, tinyKernels: 100, tinyMs: 1, hostWait: 0.03, idleParts: parts, syncGap: 0.01, syncs: 10 },
  ...{ communicationMs: 4, overlappedCommunication: 0.5, occupancyBound: 0.8 },
  copies: { count: 20, bytes: 2e6, toDevice: 2, toHost: 1, onDevice: 0, pageableBytes: 0, totalMs: 3 },
}
const host: HostFacts = {
  parts: { dataLoading: 0.02, compiling: 0, allocating: 0, operators: 0.8, framework: 0.13, unrecorded: 0.05 },
  ...{ unrecorded: 0.05, operators: 0.8, dataLoading: 0.02, exposedDataLoading: 0.01, compiling: 0, compilations: 0 },
  ...{ allocating: 0, allocations: 0, python: null, stacks: false },
}
const matrix: MatrixFacts = {
  ...{ totalMs: 60, tensorCoresMs: 55, plainMs: 0, unknownMs: 5, float32Ms: 0, kernels: ['sgemm'] },
}
const training: TrainingFacts = { trainingOnly: [], trainingMs: 0, backward: false, tracked: 0, operators: 500, operatorsMs: 80 }
const functions: FunctionFacts = {
  ...{ how: 'samples', samples: 1000, model: 0.9, modelCall: 'Session.run', outside: 0.05, python: 0.05, idle: 0, imports: 0 },
  margin: 0.02,
  rows: [],
}

/** Ten requests of 1 s: 200 ms to the first token of a prompt of 500, 100 tokens of 8 ms after it. */
const tokens: TokenFacts = {
  ...{ requests: 10, promptTokens: 500, cachedTokens: 400, generatedTokens: 101, firstTokenMs: 200, tokenMs: 8 },
  parts: { load: 0, tokenize: 0, prompt: 200, firstToken: 0, decode: 800, sampling: 0, detokenize: 0, other: 0 },
  ...{ reloads: { share: 0, ms: 0 }, gaps: { p50Ms: 8, p99Ms: 10 }, tokensPerChunk: 1, tests: [] },
}

/** Times of requests alone, with these changes. */
export const requested = (changes: Partial<TokenFacts> = {}): TraceEvidence =>
  traced({
    ...{ device: null, host: null, matrix: null, training: null },
    facts: {
      ...{ format: 'ollama', slowed: false, devices: [], shares: null, launches: null, shapes: null },
      window: { lengthMs: 10_000, steps: 10, stepMs: 1000, leftOut: [] },
      tokens: { ...tokens, ...changes, parts: { ...tokens.parts, ...changes.parts } },
    },
  })

/** Parts that a test changes; null: missing. */
export interface TraceChanges {
  readonly device?: Partial<DeviceFacts> | null
  readonly host?: Partial<HostFacts> | null
  readonly matrix?: Partial<MatrixFacts> | null
  readonly training?: Partial<TrainingFacts> | null
  readonly functions?: Partial<FunctionFacts> | null
  readonly facts?: Partial<TraceFacts>
}

const changed = <T>(whole: T, change: Partial<T> | null | undefined): T | null =>
  change === null ? null : { ...whole, ...change }

/** A trace of 10 steps of 10 ms on an A100, with these changes. */
export function traced(changes: TraceChanges = {}): TraceEvidence {
  const trace: TraceFacts = {
    ...{ format: 'pytorch', version: '1', recognisedBy: 'its members', recordedWith: ['shapes'], slowed: true, warnings: [] },
    devices: [
      {
        name: 'NVIDIA A100',
        computeCapability: 8,
        memoryBytes: 40e9,
        multiprocessors: 108,
        flopsPerSecond: null,
        bytesPerSecond: null,
      },
    ],
    window: { lengthMs: 100, steps: 10, stepMs: 10, leftOut: [] },
    ...{ shares: device.shares, otherDevices: [] },
    device: changed(device, changes.device),
    launches: { count: 1000, totalMs: 5, medianUs: 5, medianDelayUs: 20, negativeShare: 0 },
    host: changed(host, changes.host),
    matrix: changed(matrix, changes.matrix),
    training: changed(training, changes.training),
    shapes: { newShapes: 0, operators: 200, excess: 0 },
    functions: changes.functions === undefined ? null : changed(functions, changes.functions),
    ...{ memory: null, tracing: null, operators: [], table: null, tokens: null, missing: {} },
    ...changes.facts,
  }
  return { trace, absent: {} }
}
