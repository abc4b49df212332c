// What `--save` keeps of a measurement, one JSON line each, and what `history --json` writes: a public contract like the report document.
// Times in milliseconds.

export interface HistoryEntry {
  schema: 'whyslow-history/1'
  trial?: string // its name in a store; absent: of the local history
  savedAt: string
  model: { path: string; sha256: string; sizeBytes: number } // path: absolute; of a store as the model was named where it was measured
  machine: { key: string; cpu: string; usableCpus: number }
  engine: { id: string; version: string; device: string; threads: number | null }
  inputs: string // names, types and shapes
  latency: {
    /** @exclusiveMinimum 0 */
    p50Ms: number
    /** @exclusiveMinimum 0 */
    ciLowMs: number
    /** @exclusiveMinimum 0 */
    ciHighMs: number
    trust: 'A' | 'B' | 'C' | 'D'
    processes: number
  }
  metric: { name: string; value: number } | null
  whyslow: string
}

export interface HistoryDocument {
  schema: 'whyslow-history/1'
  file: string // where it is kept
  entries: HistoryEntry[] // oldest first
  warnings: string[]
}

/** Entries with one key were measured under the same conditions, but for the model's content and the engine's version. */
export const seriesOf = ({ machine, engine, inputs }: HistoryEntry): string =>
  [machine.key, engine.id, engine.device, engine.threads, inputs].join(' | ')

/** Of a later and an earlier latency: apart where the intervals do not touch. */
export function change(
  earlier: HistoryEntry['latency'],
  later: HistoryEntry['latency'],
): { ratio: number; order: 'faster' | 'slower' | 'no-difference' } {
  const ratio = later.p50Ms / earlier.p50Ms
  if (later.ciLowMs > earlier.ciHighMs) return { ratio, order: 'slower' }
  if (later.ciHighMs < earlier.ciLowMs) return { ratio, order: 'faster' }
  return { ratio, order: 'no-difference' }
}
