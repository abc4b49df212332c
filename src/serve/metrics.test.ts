import { expect, test } from 'vitest'
import { createMetrics } from './metrics.ts'

const state = { waiting: 0, queueLimit: 1, running: 1, ready: 2, restarts: 0, bodyBytes: 0, mostBodyBytes: 1 }

test('counts as Triton does, and a histogram in seconds', () => {
  const metrics = createMetrics('a "b"')
  metrics.succeeded({ queueMs: 1, handOverMs: 0, computeMs: 2, together: 2 }, 4)
  metrics.succeeded({ queueMs: 0, handOverMs: 0, computeMs: 2, together: 2 }, 40)
  metrics.failed('REJECTED')
  const lines = metrics.text({ ...state, waiting: 3, queueLimit: 64, bodyBytes: 7 }).split('\n')
  const labels = '{model="a _b_",version="1"}'
  expect(lines).toContain(`nv_inference_request_success${labels} 2`)
  expect(lines).toContain(`nv_inference_queue_duration_us${labels} 1000`)
  expect(lines).toContain(`nv_inference_exec_count${labels} 1`)
  expect(metrics.counts()).toEqual({ requests: 2, calls: 1, busyMs: 2 })
  expect(lines).toContain(`whyslow_queue_limit${labels} 64`)
  expect(lines).toContain(`whyslow_request_bytes${labels} 7`)
  expect(lines).toContain(`nv_inference_pending_request_count${labels} 3`)
  expect(lines).toContain('nv_inference_request_failure{model="a _b_",version="1",reason="REJECTED"} 1')
  expect(lines).toContain('whyslow_request_duration_seconds_bucket{model="a _b_",version="1",le="0.005"} 1')
  expect(lines).toContain(`whyslow_request_duration_seconds_count${labels} 2`)
})
