// What `--save` keeps of a measurement, one JSON line each, and what `history --json` writes: a public contract like the report document.
// Times in milliseconds.

export interface HistoryEntry {
  readonly schema: 'whyslow-history/1'
  readonly trial?: string // its name in a store; absent: of the local history
  readonly savedAt: string
  readonly model: { readonly path: string; readonly sha256: string; readonly sizeBytes: number } // path: absolute; of a store as the model was named where it was measured
  readonly machine: { readonly key: string; readonly cpu: string; readonly usableCpus: number }
  readonly engine: { readonly id: string; readonly version: string; readonly device: string; readonly threads: number | null }
  readonly inputs: string // names, types and shapes
  readonly latency: {
    /** @exclusiveMinimum 0 */
    readonly p50Ms: number
    /** @exclusiveMinimum 0 */
    readonly ciLowMs: number
    /** @exclusiveMinimum 0 */
    readonly ciHighMs: number
    readonly trust: 'A' | 'B' | 'C' | 'D'
    readonly processes: number
  }
  readonly metric: { readonly name: string; readonly value: number } | null
  readonly whyslow: string
}

export interface HistoryDocument {
  readonly schema: 'whyslow-history/1'
  readonly file: string // where it is kept
  readonly entries: readonly HistoryEntry[] // oldest first
  readonly warnings: readonly string[]
}

/** As an entry keeps inputs: 'x float32 1x3x224x224, y int64 1'. */
export const inputsOf = (
  inputs: readonly { readonly name: string; readonly dtype: string; readonly shape: readonly number[] }[],
): string => inputs.map(({ name, dtype, shape }) => `${name} ${dtype} ${shape.join('x')}`).join(', ')

/** Entries with one key were measured under the same conditions, but for the model's content and the engine's version. */
export const seriesOf = ({ machine, engine, inputs }: HistoryEntry): string =>
  [machine.key, engine.id, engine.device, engine.threads, inputs].join(' | ')

/** Change between an earlier and a later latency: they differ if the intervals do not touch. */
export function change(
  earlier: HistoryEntry['latency'],
  later: HistoryEntry['latency'],
): { ratio: number; order: 'faster' | 'slower' | 'no-difference' } {
  const ratio = later.p50Ms / earlier.p50Ms
  if (later.ciLowMs > earlier.ciHighMs) return { ratio, order: 'slower' }
  if (later.ciHighMs < earlier.ciLowMs) return { ratio, order: 'faster' }
  return { ratio, order: 'no-difference' }
}
