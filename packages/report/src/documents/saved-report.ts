// What a report document must have to be read again by `study`, for an estimate and, from a store, by `history`.

export interface SavedReport {
  readonly schema: 'whyslow-report/1' | 'whyslow-report/2'
  readonly tool: { readonly version: string }
  readonly createdAt: string
  readonly model: {
    readonly file: string
    readonly sha256: string
    readonly sizeBytes: number
    readonly inputs: readonly { readonly name: string; readonly dtype: string; readonly shape: readonly number[] }[]
  }
  readonly machine: SavedMachine
  readonly engine: {
    readonly id: string
    readonly version: string
    readonly device: string
    readonly options: { readonly threads: number | null }
  }
  readonly latency: {
    /** @exclusiveMinimum 0 */
    readonly p50Ms: number
    readonly ciLowMs: number
    readonly ciHighMs: number
    readonly trust: string
    readonly blocks: readonly { readonly handoffNs?: number | null }[] // one for each process
  }
  readonly profile: { readonly profiledP50Ms: number } | null
  readonly breakdown: readonly { readonly part: string; readonly timeMs: number }[]
  readonly nodes: readonly SavedNode[]
  readonly metric?: { readonly name: string; readonly value: number; readonly rows: number } | null
}

export interface SavedNode {
  readonly opType: string
  readonly timeMs: number
  readonly bytes: number | null
  readonly floorMs: number | null
  readonly bound: 'compute' | 'memory' | 'overhead' | null
  readonly runsPerPrediction: number
}

/** As `whyslow doctor --json` writes it, which names the engine too. */
export interface SavedMachine {
  readonly engine?: { readonly id: string; readonly version: string } | null
  readonly cpu: string
  readonly usableCpus: number
  readonly quotaCpus: number | null
  readonly isa: readonly string[]
  readonly caches: Readonly<Record<string, number | null>>
  readonly virtualised: boolean | null
  readonly roofs: readonly SavedRoofs[]
}

export interface SavedRoofs {
  readonly threads: number
  readonly flopsPerSecond: Readonly<Record<string, number>>
  readonly bytesPerSecond: Readonly<Record<string, number | null>>
  readonly elementsPerSecond?: Readonly<Record<string, number>>
}
