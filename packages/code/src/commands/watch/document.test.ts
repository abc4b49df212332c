// What the numbers of a program that was watched say in words, and the command to type next.

import { renderWatch } from '@whyslow/report/text/watch/watch-text.ts'
import { describe, expect, test } from 'vitest'
import { partition } from '../../watch/partition.ts'
import { readRecords, type WatchLine } from '../../watch/records.ts'
import { documentOf, type WatchResult } from './document.ts'

const START: readonly WatchLine[] = [
  ['process', 7, 0, 'Node 20.20.2', ['/a/server.js']],
  ['model', 1, 'onnxruntime', '1.30.0', '/a/model.onnx', 1],
]

const documentIn = (lines: readonly WatchLine[], more: Partial<WatchResult> = {}) => {
  const seen = readRecords([[...START, ...lines].map((line) => JSON.stringify(line)).join('\n')])
  const sent = more.sent ?? new Map()
  return documentOf({
    ...{ seen, sent, parted: partition(seen, sent), command: ['node', 'server.js'], url: null, asked: [], driven: null },
    ...{ machine: { cpu: 'a CPU', usableCpus: 2 }, seconds: 10, ended: 'signal', warnings: [], ...more },
  })
}

/** Requests one after the other: some code, a model that computes on the thread, and what follows. */
const requests = (count: number, { code = 1, model = 0, wait = 0 }): WatchLine[] =>
  Array.from({ length: count }, (_, k): WatchLine[] => {
    const [id, at] = [k + 1, 100 * k]
    const back = at + code + model + wait
    return [
      ['request', id, 0, at, 'GET', '/'],
      ['slice', 0, at, at + code + model, id, 0],
      ...(model > 0 ? [['call', 1, 0, at + code, at + code + model, id] as const] : []),
      ['slice', 0, back, back + 1, id, 0],
      ['end', id, back + 1, 200],
    ]
  }).flat()

test('the model takes most: it is named, and looked at next', () => {
  const { answer, next, models, parts } = documentIn(requests(5, { code: 2, model: 30 }))
  expect(answer).toBe('30.0 ms of the 33.0 ms of a typical request are the model (model.onnx).')
  expect(next!.arguments).toEqual(['/a/model.onnx'])
  expect(models).toMatchObject([{ name: 'model.onnx', calls: 5, callsPerRequest: 1, aloneMs: 30, onLoop: true }])
  expect(parts.filter(({ timeMs }) => timeMs > 0).map(({ name, timeMs }) => [name, timeMs])).toEqual([
    ['model.onnx', 30],
    ['your code', 3],
  ])
})

test('the code takes most: the file of the command is looked at next', () => {
  const { answer, next } = documentIn(requests(5, { code: 40, model: 4 }))
  expect(answer).toBe('41.0 ms of the 45.0 ms of a typical request are your code, not the model.')
  expect(next!.arguments).toEqual(['pipeline', 'server.js'])
})

test.each([
  [['uvicorn', 'app.main:app', '--port', '80'], 'app/main.py'],
  [['gunicorn', '-b', '127.0.0.1:80', 'app:app'], 'app.py'],
  [['npx', 'tsx', 'src/server.ts'], 'src/server.ts'],
])('the user’s own file in %j', (command, file) => {
  expect(documentIn(requests(3, { code: 40 }), { command }).next!.arguments).toEqual(['pipeline', file])
})

test('waiting for the thread is the queue: with an address, load is next', () => {
  // Each request is sent while the thread runs other code for 50 ms: of 211 ms the thread is busy for 11 + 61 + 61.
  const lines = requests(3, { code: 5, model: 5 }).concat(
    [0, 1, 2].map((k): WatchLine => ['slice', 0, 100 * k - 50, 100 * k, 0, 0]),
  )
  const sent = new Map([0, 1, 2].map((k) => [k, { sent: 100 * k - 40, done: 100 * k + 12 }]))
  const driven = { ratePerSecond: 10, shown: 'http://localhost/', unanswered: 2, sent: [] }
  const {
    answer,
    next,
    requests: seen,
    warnings,
  } = documentIn(lines, { sent, url: driven.shown, asked: ['--body', '{}'], driven })
  expect(answer).toBe(
    '40.0 ms of the 52.0 ms of a typical request wait for the thread that answers, which was busy for 63 % of the time: your code runs on it for 6.00 ms of each request.',
  )
  expect(next!.arguments).toEqual(['load', 'http://localhost/', '--body', '{}', '--concurrency', '1,2,4,8'])
  expect(warnings).toEqual(['2 requests that whyslow sent got no answer: the numbers are of the others'])
  expect(seen).toMatchObject({ basis: 'client', p50Ms: 52, p99Ms: null, slowestShare: 0.1 })
})

test('waiting for I/O is none of these', () => {
  expect(documentIn(requests(3, { wait: 30 })).answer).toMatch(/^30\.0 ms of the 32\.0 ms .* something other than the model/)
})

describe('of what was seen', () => {
  test('requests that ran a model are judged, if any did', () => {
    const health: WatchLine[] = [
      ['request', 99, 0, 5000, 'GET', '/health'],
      ['slice', 0, 5000, 5001, 99, 0],
      ['end', 99, 5001, 200],
      ['request', 100, 0, 5100, 'GET', '/slow'],
      ['request', 101, 0, 5200, 'GET', '/broken'],
      ['slice', 0, 5200, 5201, 101, 0],
      ['end', 101, 5201, 500],
    ]
    const { requests: seen } = documentIn([...requests(3, { model: 9 }), ...health])
    expect(seen).toMatchObject({ seen: 6, judged: 3, unanswered: 1, failed: 1 })
  })

  test('calls of a model without a request', () => {
    const document = documentIn([['call', 1, 0, 0, 2500, 0]])
    expect(document.answer).toBe(
      'No HTTP request was answered; model.onnx ran for 25 % of the 10.0 s that the program was watched.',
    )
    expect(document).toMatchObject({ parts: [], next: { arguments: ['/a/model.onnx'] } })
  })
})

test('on a terminal', () => {
  const body = documentIn(requests(5, { code: 2, model: 30, wait: 6 }))
  const document = { schema: 'whyslow-watch/1', tool: { version: '1' }, createdAt: '', ...body } as const
  expect(
    renderWatch(document, { width: 80, colour: false }),
  ).toBe(`30.0 ms of the 39.0 ms of a typical request are the model (model.onnx).

a request                  typical  of all     mean  slowest 10 %
model.onnx                 30.0 ms    77 %  30.0 ms       30.0 ms
your code                  3.00 ms     8 %  3.00 ms       3.00 ms
waiting for anything else  6.00 ms    15 %  6.00 ms       6.00 ms
all                        39.0 ms          39.0 ms       39.0 ms

requests  5 requests, p50 39.0 ms, from when the server read them to the end of
          the answer
model     model.onnx in onnxruntime 1.30.0, 1 call a request, 30.0 ms each,
          30.0 ms alone, computes on the thread that calls it
watched   Node 20.20.2, process 7 (server.js)

Next: why the model takes that long
  whyslow /a/model.onnx
`)
})
