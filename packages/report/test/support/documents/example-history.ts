// Entries of a history for tests.
import type { HistoryEntry } from '../../../src/documents/history.ts'

/** ±5 %. */
export const historyEntry = (p50Ms: number, given: Partial<HistoryEntry> = {}): HistoryEntry => ({
  schema: 'whyslow-history/1',
  savedAt: '2026-01-15T09:30:00.000Z',
  model: { path: '/models/model.onnx', sha256: 'a'.repeat(64), sizeBytes: 1000 },
  machine: { key: '0123456789ab', cpu: 'AMD EPYC', usableCpus: 2 },
  engine: { id: 'ort-cpu', version: '1.30.0', device: 'cpu', threads: null },
  inputs: 'x float32 1x16',
  latency: { p50Ms, ciLowMs: p50Ms * 0.95, ciHighMs: p50Ms * 1.05, trust: 'A', processes: 5 },
  metric: null,
  whyslow: '0.1.0',
  ...given,
})
