import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { examplePoint } from '../../../test/support/load/example-evidence.ts'
import type { MeasuredPoint } from '../../load/measure.ts'
import { openOipTarget } from './oip-target.ts'
import { LOAD_DEFAULTS } from './options.ts'
import { runWithServerCounters } from './server-counters.ts'

let server: http.Server
afterEach(() => server.close())

/** Answers as Triton does, each prediction a quarter of a millisecond in the queue. */
async function triton({ extensions, keepsStatistics = true }: { extensions: string[]; keepsStatistics?: boolean }) {
  let predicted = 0
  const counts = (ms: number) => ({ count: predicted, ns: predicted * ms * 1e6 })
  const asked: string[] = []
  const answers: Readonly<Record<string, () => unknown>> = {
    '/v2': () => ({ name: 'triton', version: '2.50.0', extensions }),
    '/v2/models/m': () => ({ name: 'm', inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2] }], outputs: [] }),
    '/v2/models/m/infer': () => {
      predicted++
      return { model_name: 'm', outputs: [{ name: 'y', datatype: 'FP32', shape: [1], data: [1] }] }
    },
    '/v2/models/m/stats': () =>
      keepsStatistics
        ? {
            model_stats: [
              {
                inference_count: predicted,
                execution_count: predicted,
                inference_stats: {
                  queue: counts(0.25),
                  compute_input: counts(0.01),
                  compute_infer: counts(2),
                  compute_output: counts(0.02),
                },
              },
            ],
          }
        : { error: 'the server does not support model statistics' },
  }
  server = http.createServer((request, response) => {
    asked.push(request.url!)
    request.resume().on('end', () => response.end(JSON.stringify(answers[request.url!]!())))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v2/models/m`
  return { address, asked, opened: await openOipTarget(address, LOAD_DEFAULTS, null) }
}

const RUN = { timeoutMs: 1000, signal: undefined }

test("a run has what a server's statistics counted meanwhile", async () => {
  const { address, opened } = await triton({ extensions: ['statistics'] })
  const run = async () => {
    for (let k = 0; k < 4; k++) await fetch(`${address}/infer`, { method: 'POST', body: '{}' })
    return { point: examplePoint() } as MeasuredPoint
  }
  expect((await runWithServerCounters(opened, run, RUN)).point.statistics).toEqual({
    requests: 4,
    rowsTogether: 1,
    queueMs: 0.25,
    inputMs: 0.01,
    inferMs: 2,
    outputMs: 0.02,
  })
})

test('a server that keeps none is not asked, and one that does not tell them has none', async () => {
  const run = async () => ({ point: examplePoint() }) as MeasuredPoint
  const without = await triton({ extensions: ['binary_tensor_data'] })
  expect((await runWithServerCounters(without.opened, run, RUN)).point.statistics).toBeUndefined()
  expect(without.asked.filter((path) => path.endsWith('/stats'))).toEqual([])
  server.close()
  const silent = await triton({ extensions: ['statistics'], keepsStatistics: false })
  expect((await runWithServerCounters(silent.opened, run, RUN)).point.statistics).toBeUndefined()
  expect(silent.asked.filter((path) => path.endsWith('/stats'))).toHaveLength(1)
})
