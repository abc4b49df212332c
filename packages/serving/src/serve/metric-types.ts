// What a server counts of its requests, and is asked for; `metrics.ts` counts.
import type { Timing } from './dispatcher.ts'

export interface Metrics {
  succeeded(timing: Timing, wholeMs: number): void
  /** Requests that were predicted; calls of the model, which may be for several of them; time in which workers predicted, ms. */
  counts(): { readonly requests: number; readonly calls: number; readonly busyMs: number }
  failed(reason: 'REJECTED' | 'CANCELED' | 'OTHER'): void
  /** As HTTP names Prometheus' format. */
  readonly contentType: string
  /** The text in that format. */
  text(now: ServerState): Promise<string>
}

export interface ServerState {
  readonly waiting: number
  readonly queueLimit: number
  readonly running: number
  readonly ready: number
  readonly restarts: number
  readonly bodyBytes: number
  readonly mostBodyBytes: number
}
