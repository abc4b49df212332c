// What the server counts, for Prometheus. Names are Triton's, so that dashboards for it work:
// https://github.com/triton-inference-server/server/blob/main/docs/user_guide/metrics.md
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Metrics, ServerState } from './metric-types.ts'

/** Upper ends of the buckets of durations, seconds: predictions take milliseconds and less. */
const BUCKETS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10]

/** `registry`: of this server alone; what else is registered there is told, too. */
export function createMetrics(model: string, registry = new Registry()): Metrics {
  const registers = [registry]
  const labels = { model: model.replace(/[\\"\n]/g, '_'), version: '1' }
  const labelNames = Object.keys(labels) as (keyof typeof labels)[]
  let count = 0
  let calls = 0
  let busyMs = 0
  const sums = { request: 0, queue: 0, compute: 0 }
  const failures = { REJECTED: 0, CANCELED: 0, OTHER: 0 }
  let state: ServerState | null = null
  // A request adds to plain numbers: what they are is asked for when they are told.
  const counter = (name: string, help: string, value: () => number) =>
    new Counter({
      ...{ name, help, labelNames, registers },
      collect() {
        this.reset()
        this.inc(labels, value())
      },
    })
  const gauge = (name: string, help: string, key: keyof ServerState) =>
    new Gauge({
      ...{ name, help, labelNames, registers },
      collect() {
        this.set(labels, state?.[key] ?? 0)
      },
    })
  const micros = (ms: number) => Math.round(ms * 1000)
  counter('nv_inference_request_success', 'Requests that got an answer', () => count)
  new Counter({
    name: 'nv_inference_request_failure',
    help: 'Requests that got none, by reason',
    labelNames: [...labelNames, 'reason'],
    registers,
    collect() {
      this.reset()
      for (const [reason, many] of Object.entries(failures)) this.inc({ ...labels, reason }, many)
    },
  })
  counter('nv_inference_count', 'Predictions', () => count)
  counter('nv_inference_exec_count', 'Calls of the model', () => Math.round(calls))
  counter('nv_inference_request_duration_us', 'Time of requests, in the server', () => micros(sums.request))
  counter('nv_inference_queue_duration_us', 'Time of requests in the queue', () => micros(sums.queue))
  counter('nv_inference_compute_infer_duration_us', 'Time of the model', () => micros(sums.compute))
  gauge('nv_inference_pending_request_count', 'Requests that wait for a worker', 'waiting')
  gauge('whyslow_queue_limit', 'Requests that may wait; more are refused', 'queueLimit')
  gauge(
    'whyslow_request_bytes',
    'Bytes of requests that are read, wait or are predicted, and of answers that are not read',
    'bodyBytes',
  )
  gauge('whyslow_request_bytes_limit', 'Bytes that they may hold; more are refused', 'mostBodyBytes')
  gauge('whyslow_running_requests', 'Requests that a worker predicts', 'running')
  gauge('whyslow_ready_workers', 'Workers that are ready', 'ready')
  counter('whyslow_worker_restarts', 'Workers that ended and were started again', () => state?.restarts ?? 0)
  const durations = new Histogram({
    name: 'whyslow_request_duration_seconds',
    help: 'Time of requests, in the server',
    buckets: BUCKETS,
    labelNames,
    registers,
  })
  durations.zero(labels)
  return {
    contentType: registry.contentType,
    counts: () => ({ requests: count, calls: Math.round(calls), busyMs }),
    succeeded({ queueMs, computeMs, together }, wholeMs) {
      count++
      calls += 1 / together
      sums.request += wholeMs
      sums.queue += queueMs
      sums.compute += computeMs
      busyMs += computeMs / together
      durations.observe(labels, wholeMs / 1000)
    },
    failed(reason) {
      failures[reason]++
    },
    text(now) {
      state = now
      return registry.metrics()
    },
  }
}
