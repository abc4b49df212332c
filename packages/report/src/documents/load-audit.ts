// What `whyslow load --json` says of its own generator: a part of the public contract in load.ts.

export interface LoadAudit {
  /** Requests a second that the generator reached against a server that answers at once, on this machine; null: not measured. */
  readonly ceilingPerSecond: number | null
  /** Its latency there at the highest rate asked for (or at its ceiling), ms: what it adds to every number. */
  readonly floorP50Ms: number | null
  readonly floorP99Ms: number | null
  /** How late it sent, over all runs, ms. */
  readonly lagP50Ms: number | null
  readonly lagP99Ms: number | null
  readonly lagMaxMs: number | null
  /** null: no number is given. Absent in documents from before it was told. */
  readonly ownLateness?: LoadOwnLateness | null
  /** Scheduled requests that were never accounted for. */
  readonly lost: number
  readonly repeated: number
  /** CPU time of the generator, once its threads have started, over the time of the runs, in cores. */
  readonly cores: number | null
  /** Whether the generator was good enough for every number that is given. */
  readonly ok: boolean
  readonly reasons: readonly string[]
  /** Absent in documents from before answers were looked at. */
  readonly answers?: LoadAnswers
}

/** The number that is given of which the generator's own lateness is the largest part. */
export interface LoadOwnLateness {
  readonly offeredPerSecond: number
  /** 'p99Ms', as the points name it. */
  readonly name: string
  readonly ms: number
  readonly share: number
}

/** Some answers under load, compared with those that the same requests get alone. */
export interface LoadAnswers {
  readonly compared: number
  /** Not what the same request gets alone, beyond rounding. */
  readonly different: number
  /** Kept, and not compared. */
  readonly notCompared: number
  /** Why some were not; null: all were. */
  readonly why: string | null
}
