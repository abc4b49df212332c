// What the server counts, as Prometheus takes it: https://prometheus.io/docs/instrumenting/exposition_formats/. Names are Triton's, so
// that dashboards for it work: https://github.com/triton-inference-server/server/blob/main/docs/user_guide/metrics.md
import type { Timing } from './dispatcher.ts'

export interface Metrics {
  succeeded(timing: Timing, wholeMs: number): void
  /** Requests that were predicted; calls of the model, which may be for several of them; time in which workers predicted, ms. */
  counts(): { readonly requests: number; readonly calls: number; readonly busyMs: number }
  failed(reason: 'REJECTED' | 'CANCELED' | 'OTHER'): void
  text(now: ServerState): string
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

/** Upper ends of the buckets of durations, seconds: predictions take milliseconds and less. */
const BUCKETS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10]

export function createMetrics(model: string): Metrics {
  const labels = `model="${model.replace(/[\\"\n]/g, '_')}",version="1"`
  let count = 0
  let calls = 0
  let busyMs = 0
  const sums = { request: 0, queue: 0, compute: 0 }
  const failures = { REJECTED: 0, CANCELED: 0, OTHER: 0 }
  const buckets = BUCKETS.map(() => 0)
  return {
    counts: () => ({ requests: count, calls: Math.round(calls), busyMs }),
    succeeded({ queueMs, computeMs, together }, wholeMs) {
      count++
      calls += 1 / together
      sums.request += wholeMs
      sums.queue += queueMs
      sums.compute += computeMs
      busyMs += computeMs / together
      for (const [k, bucket] of BUCKETS.entries()) if (wholeMs / 1000 <= bucket) buckets[k]!++
    },
    failed(reason) {
      failures[reason]++
    },
    text({ waiting, queueLimit, running, ready, restarts, bodyBytes, mostBodyBytes }) {
      const one = (name: string, kind: 'counter' | 'gauge', help: string, value: number) =>
        `# HELP ${name} ${help}\n# TYPE ${name} ${kind}\n${name}{${labels}} ${value}\n`
      const micros = (ms: number) => Math.round(ms * 1000)
      const name = 'whyslow_request_duration_seconds'
      return [
        one('nv_inference_request_success', 'counter', 'Requests that got an answer', count),
        '# HELP nv_inference_request_failure Requests that got none, by reason\n# TYPE nv_inference_request_failure counter\n',
        ...Object.entries(failures).map(
          ([reason, many]) => `nv_inference_request_failure{${labels},reason="${reason}"} ${many}\n`,
        ),
        one('nv_inference_count', 'counter', 'Predictions', count),
        one('nv_inference_exec_count', 'counter', 'Calls of the model', Math.round(calls)),
        one('nv_inference_request_duration_us', 'counter', 'Time of requests, in the server', micros(sums.request)),
        one('nv_inference_queue_duration_us', 'counter', 'Time of requests in the queue', micros(sums.queue)),
        one('nv_inference_compute_infer_duration_us', 'counter', 'Time of the model', micros(sums.compute)),
        one('nv_inference_pending_request_count', 'gauge', 'Requests that wait for a worker', waiting),
        one('whyslow_queue_limit', 'gauge', 'Requests that may wait; more are refused', queueLimit),
        one('whyslow_request_bytes', 'gauge', 'Bytes of requests that are read, wait or are predicted', bodyBytes),
        one('whyslow_request_bytes_limit', 'gauge', 'Bytes that they may hold; more are refused', mostBodyBytes),
        one('whyslow_running_requests', 'gauge', 'Requests that a worker predicts', running),
        one('whyslow_ready_workers', 'gauge', 'Workers that are ready', ready),
        one('whyslow_worker_restarts', 'counter', 'Workers that ended and were started again', restarts),
        `# HELP ${name} Time of requests, in the server\n# TYPE ${name} histogram\n`,
        ...BUCKETS.map((bucket, k) => `${name}_bucket{${labels},le="${bucket}"} ${buckets[k]}\n`),
        `${name}_bucket{${labels},le="+Inf"} ${count}\n${name}_sum{${labels}} ${sums.request / 1000}\n${name}_count{${labels}} ${count}\n`,
      ].join('')
    },
  }
}
