// A server of its own asked over HTTP on this machine's clock: its answer holds unless the machine is disturbed.
import { expect, test } from 'vitest'
import type { Server } from '../../serve/dispatcher.ts'
import { whyJoiningDoesNotPay } from './joining-pays.ts'

const tensor = { datatype: 'FP32', dtype: 'float32' as const, shape: [-1, 2] }
const joining = {
  model: {
    name: 'm',
    version: null,
    platform: 'onnx_onnxv1',
    inputs: [{ ...tensor, name: 'x' }],
    outputs: [{ ...tensor, name: 'y' }],
  },
  requests: [{ x: { dtype: 'float32' as const, shape: [1, 2], data: Float32Array.of(1, 2) } }],
  batches: { mostRows: 4, fewRows: 4, delayMs: 0 },
}
/** A worker that takes so long for so many requests. */
const workerOf = (ms: (requests: number) => number): Server => {
  let before: Promise<unknown> = Promise.resolve()
  return {
    async predict(requests) {
      const startedMs = performance.now()
      const own = before.then(() => new Promise((resolve) => setTimeout(resolve, ms(requests.length))))
      before = own
      await own
      return { results: requests.map(({ x }) => ({ y: x! })), startedMs, endedMs: performance.now() }
    },
  }
}

test('a server is asked over HTTP: it pays where a prediction takes as long whatever its rows, and not where rows get dearer together', async () => {
  const fixed = workerOf(() => 10)
  expect(await whyJoiningDoesNotPay({ ...joining, servers: [fixed], ms: 10, gain: 8 })).toBe(null)
  const dear = workerOf((requests) => (requests === 1 ? 1 : 40 * requests))
  expect(await whyJoiningDoesNotPay({ ...joining, servers: [dear], ms: 45, gain: 1.1 })).toMatch(/^the whole server/)
})
