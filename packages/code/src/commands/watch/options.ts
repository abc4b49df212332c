// Options of `watch`.
import type { StageProgress } from '@whyslow/command/progress.ts'
import { localTrials } from '@whyslow/measure/trials/local-runner.ts'
import type { TrialRunner } from '@whyslow/measure/trials/port.ts'

export interface WatchOptions {
  /** What whyslow sends requests to; null: it waits for those of others. */
  readonly url: string | null
  /** As those of `load`. */
  readonly bodies: readonly string[]
  readonly headers: readonly string[]
  readonly method: string | null
  /** null: about half of what one client that waits for its answers gets. */
  readonly ratePerSecond: number | null
  /** How long requests are sent, or others' are waited for; null: ten seconds or fifty requests; until the command ends. */
  readonly seconds: number | null
  /** A request without an answer after this long has failed, s. */
  readonly timeoutSeconds: number
  /** How long the command may take until it listens, s. */
  readonly startSeconds: number
  /** Resolves with the name of the signal when the user has seen enough. */
  readonly stopped: Promise<string>
  readonly trials: Pick<TrialRunner, 'alone' | 'machine'>
  readonly onProgress?: (progress: StageProgress) => void
}

export const WATCH_DEFAULTS: WatchOptions = {
  url: null,
  bodies: [],
  headers: [],
  method: null,
  ratePerSecond: null,
  seconds: null,
  timeoutSeconds: 10,
  startSeconds: 60,
  stopped: new Promise(() => {}),
  trials: localTrials,
}
