// Reports of a small model on machines, for tests: what study and foretell read of them.
import type { ReportDocument } from '@whyslow/report/documents/report.ts'
import type { SavedMachine, SavedReport } from '@whyslow/report/documents/saved-report.ts'

/** `speed`: of everything, against a machine of 1. */
export function exampleMachine(cpu: string, speed = 1, changed: Partial<SavedMachine> = {}): SavedMachine {
  return {
    cpu,
    usableCpus: 2,
    quotaCpus: null,
    isa: ['avx', 'avx2', 'fma'],
    caches: { L1d: 32_768, L2: 1_048_576, L3: 33_554_432 },
    virtualised: false,
    roofs: [
      {
        threads: 2,
        flopsPerSecond: { float32: 100e9 * speed, int8: 200e9 * speed },
        bytesPerSecond: { L1: null, L2: 100e9 * speed, L3: 50e9 * speed, DRAM: 10e9 * speed },
        elementsPerSecond: { Pow: 1e8 * speed, Div: 1e9 * speed },
      },
    ],
    ...changed,
  }
}

export interface ExampleReport {
  readonly model?: string
  readonly sha256?: string
  readonly p50Ms?: number
  readonly batch?: number
  readonly threads?: number | null
  readonly engine?: string
  readonly createdAt?: string
  /** A 4 in [batch, 4]. */
  readonly features?: number
  readonly accuracy?: number
  readonly engineVersion?: string
  /** Of each process. */
  readonly handoffsNs?: readonly (number | null)[]
}

/** 4 ms of arithmetic, 3 of memory, 2 of starts, 1 that no node has, for each 10 ms. */
export function exampleReport(machine: SavedMachine, given: ExampleReport = {}): ReportDocument {
  const { model = 'a.onnx', sha256 = model, p50Ms = 10, batch = 1, threads = null, engine = 'ort-cpu' } = given
  const { features = 4, accuracy, engineVersion = '1.30.0', handoffsNs = [] } = given
  const node = (opType: string, share: number, rest: Partial<SavedReport['nodes'][number]>) => ({
    ...{ opType, timeMs: p50Ms * share, bytes: null, floorMs: null, bound: null, runsPerPrediction: 1 },
    ...rest,
  })
  const blocks = handoffsNs.map((handoffNs) => ({ handoffNs }))
  const report: SavedReport = {
    schema: 'whyslow-report/1',
    tool: { version: '0.0.0' },
    createdAt: given.createdAt ?? '2026-01-01T00:00:00.000Z',
    model: {
      file: model,
      sha256,
      sizeBytes: 1000,
      inputs: [{ name: 'x', dtype: 'float32', shape: [batch, features] }],
      outputs: [{ shape: [batch, 2] }],
    } as never,
    machine,
    engine: { id: engine, version: engineVersion, device: 'cpu', options: { threads } },
    latency: { p50Ms, ciLowMs: p50Ms * 0.9, ciHighMs: p50Ms * 1.1, trust: 'A', blocks },
    profile: { profiledP50Ms: p50Ms },
    breakdown: [],
    ...(accuracy === undefined ? {} : { metric: { name: 'accuracy', value: accuracy, rows: 1000 } }),
    nodes: [
      node('Conv', 0.4, { floorMs: p50Ms * 0.2, bound: 'compute' }),
      node('Gemm', 0.3, { floorMs: p50Ms * 0.1, bound: 'memory', bytes: 1e9 }),
      node('Add', 0.2, { bound: 'overhead' }),
    ],
  }
  return { ...report, warnings: [] } as unknown as ReportDocument
}
