// What is asked under load, once it was met: the bytes of its requests, what is said of it, and its end.

import type { LoadServerFacts, LoadSetup, LoadTarget } from '@whyslow/report/documents/load.ts'
import type { ModelStatistics } from '../../load/statistics.ts'
import type { Target } from '../../load/target.ts'

/** Values for a server that is not this program's own: it is neither counted nor ended from here. */
export const FOREIGN_SERVER = {
  setup: null,
  facts: async () => null,
  check() {},
  close() {},
} as const

export interface OpenedTarget {
  readonly target: Target
  readonly described: LoadTarget
  /** Set-up of this program's own server; null for another. */
  readonly setup: LoadSetup | null
  readonly warnings: readonly string[]
  /** What the server counted since it was asked before; null if it is not this program's own. */
  facts(): Promise<LoadServerFacts | null>
  /** What another server has counted since it started; absent: it keeps no statistics. null: it did not tell them. */
  statistics?(): Promise<ModelStatistics | null>
  /** Throws InputError if the server was this program's own and is gone. */
  check(): void
  close(): void
}
