// What a report document must have to be read again by `study`, `foretell` and, from a store, `history`.

export interface SavedReport {
  schema: 'whyslow-report/1' | 'whyslow-report/2'
  tool: { version: string }
  createdAt: string
  model: {
    file: string
    sha256: string
    sizeBytes: number
    inputs: { name: string; dtype: string; shape: number[] }[]
  }
  machine: SavedMachine
  engine: { id: string; version: string; device: string; options: { threads: number | null } }
  latency: {
    /** @exclusiveMinimum 0 */
    p50Ms: number
    ciLowMs: number
    ciHighMs: number
    trust: string
    blocks: { handoffNs?: number | null }[] // one for each process
  }
  profile: { profiledP50Ms: number } | null
  breakdown: { part: string; timeMs: number }[]
  nodes: SavedNode[]
  metric?: { name: string; value: number; rows: number } | null
}

export interface SavedNode {
  opType: string
  timeMs: number
  bytes: number | null
  floorMs: number | null
  bound: 'compute' | 'memory' | 'overhead' | null
  runsPerPrediction: number
}

/** As `whyslow machine --json` writes it, which names the engine too. */
export interface SavedMachine {
  engine?: { id: string; version: string } | null
  cpu: string
  usableCpus: number
  quotaCpus: number | null
  isa: string[]
  caches: Record<string, number | null>
  virtualised: boolean | null
  roofs: SavedRoofs[]
}

export interface SavedRoofs {
  threads: number
  flopsPerSecond: Record<string, number>
  bytesPerSecond: Record<string, number | null>
  elementsPerSecond?: Record<string, number>
}
