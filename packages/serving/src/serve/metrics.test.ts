import { expect, test } from 'vitest'
import { createMetrics } from './metrics.ts'

const state = { waiting: 0, queueLimit: 1, running: 1, ready: 2, restarts: 0, bodyBytes: 0, mostBodyBytes: 1 }

test('counts as Triton does, and a histogram in seconds', async () => {
  const metrics = createMetrics('a "b"')
  metrics.succeeded({ queueMs: 1, handOverMs: 0, computeMs: 2, together: 2 }, 4)
  metrics.succeeded({ queueMs: 0, handOverMs: 0, computeMs: 2, together: 2 }, 40)
  metrics.failed('REJECTED')
  const lines = (await metrics.text({ ...state, waiting: 3, queueLimit: 64, bodyBytes: 7 })).split('\n')
  const labels = '{model="a _b_",version="1"}'
  expect(lines).toContain(`nv_inference_request_success${labels} 2`)
  expect(lines).toContain(`nv_inference_queue_duration_us${labels} 1000`)
  expect(lines).toContain(`nv_inference_exec_count${labels} 1`)
  expect(metrics.counts()).toEqual({ requests: 2, calls: 1, busyMs: 2 })
  expect(lines).toContain(`whyslow_queue_limit${labels} 64`)
  expect(lines).toContain(`whyslow_request_bytes${labels} 7`)
  expect(lines).toContain(`nv_inference_pending_request_count${labels} 3`)
  expect(lines).toContain('nv_inference_request_failure{model="a _b_",version="1",reason="REJECTED"} 1')
  expect(lines).toContain('whyslow_request_duration_seconds_bucket{le="0.005",model="a _b_",version="1"} 1')
  expect(lines).toContain(`whyslow_request_duration_seconds_count${labels} 2`)
})

test('tells all there is before the first request, what is now when asked again, and nothing of another server', async () => {
  const [metrics, other] = [createMetrics('m'), createMetrics('m')]
  const labels = '{model="m",version="1"}'
  const first = await metrics.text({ ...state, restarts: 1 })
  expect(first).toContain(`nv_inference_count${labels} 0\n`)
  expect(first).toContain(`whyslow_request_duration_seconds_bucket{le="+Inf",model="m",version="1"} 0\n`)
  metrics.succeeded({ queueMs: 0, handOverMs: 0, computeMs: 1, together: 1 }, 1)
  const again = await metrics.text({ ...state, restarts: 2 })
  expect(again).toContain(`nv_inference_count${labels} 1\n`)
  expect(again).toContain(`whyslow_worker_restarts${labels} 2\n`)
  expect(await other.text(state)).toContain(`nv_inference_count${labels} 0\n`)
})
