// Scripted records, and what a request's time was: each case's numbers stand in its comment.
import { describe, expect, test } from 'vitest'
import { partition, type RequestParts } from './partition.ts'
import { readRecords, type WatchLine } from './records.ts'

const PROCESS: WatchLine = ['process', 7, 0, 'Node 20.20.2', ['server.js']]
const MODEL: WatchLine = ['model', 1, 'onnxruntime', '1.30.0', '/a/model.onnx', 1]

const seenIn = (...processes: readonly (readonly WatchLine[])[]) =>
  readRecords(processes.map((lines) => lines.map((line) => JSON.stringify(line)).join('\n')))

const begin = (id: number, at: number): WatchLine => ['request', id, 0, at, 'POST', '/predict']
const end = (id: number, at: number): WatchLine => ['end', id, at, 200]
const slice = (start: number, to: number, request = 0, thread = 0): WatchLine => ['slice', thread, start, to, request, 0]
const call = (start: number, to: number, request = 0, thread = 0): WatchLine => ['call', 1, thread, start, to, request]

const rounded = (ms: number) => Math.round(ms * 1000) / 1000
const numbers = ({ totalMs, modelMs, codeMs, loopMs, sessionMs, otherMs, transportMs, unexplainedMs }: RequestParts) => ({
  total: rounded(totalMs),
  model: [...modelMs.values()].map(rounded),
  code: rounded(codeMs),
  loop: rounded(loopMs),
  session: rounded(sessionMs),
  other: rounded(otherMs),
  transport: rounded(transportMs),
  unexplained: rounded(unexplainedMs),
})
const NOTHING = { model: [], code: 0, loop: 0, session: 0, other: 0, transport: 0, unexplained: 0 }

const sumOf = (one: RequestParts) => {
  const { total, model, ...parts } = numbers(one)
  return { total, sum: rounded(model.reduce((sum, ms) => sum + ms, 0) + Object.values(parts).reduce((sum, ms) => sum + ms, 0)) }
}

const partsIn = (...lines: readonly WatchLine[]) => partition(seenIn([PROCESS, MODEL, ...lines])).requests.map(numbers)

describe('one request', () => {
  test('code before and after a model that computes on the thread', () => {
    // 2 ms of code, 5 ms of the model within the request's own slice, 1 ms of code.
    expect(partsIn(begin(1, 0), slice(0, 8, 1), call(2, 7, 1), end(1, 8))).toEqual([
      { ...NOTHING, total: 8, model: [5], code: 3 },
    ])
  })

  test('a model that computes on other threads while the loop is idle', () => {
    // The slice ends when the call is made; the loop is idle until it is done.
    expect(partsIn(begin(1, 0), slice(0, 2, 1), call(2, 12, 1), slice(12, 13, 1), end(1, 13))).toEqual([
      { ...NOTHING, total: 13, model: [10], code: 3 },
    ])
  })

  test('waiting for I/O: the loop is idle before the request goes on', () => {
    // Other code ran from 3 to 5, but the loop was idle from then to 9: the request was not ready.
    expect(partsIn(begin(1, 0), slice(0, 1, 1), slice(3, 5), slice(9, 10, 1), end(1, 10))).toEqual([
      { ...NOTHING, total: 10, code: 2, other: 8 },
    ])
  })

  test('waiting for the loop: other code runs until the request goes on', () => {
    // Idle from 1 to 3, other code from 3 to 9 without a pause.
    expect(partsIn(begin(1, 0), slice(0, 1, 1), slice(3, 6), slice(6.1, 9), slice(9, 10, 1), end(1, 10))).toEqual([
      { ...NOTHING, total: 10, code: 2, loop: 6, other: 2 },
    ])
  })

  test('two models, of which one runs while the other does', () => {
    // The first call from 1 to 6, the second from 4 to 9: the time that both have is the first one's.
    const second: WatchLine = ['model', 2, 'tfjs', null, null, null]
    const other: WatchLine = ['call', 2, 0, 4, 9, 1]
    const [one] = partition(
      seenIn([PROCESS, MODEL, second, begin(1, 0), slice(0, 1, 1), call(1, 6, 1), other, slice(9, 10, 1), end(1, 10)]),
    ).requests
    expect(numbers(one!)).toEqual({ ...NOTHING, total: 10, model: [5, 3], code: 2 })
  })

  test('without an end it is left out, and so is a line that was not written to its end', () => {
    const seen = readRecords([
      `${[PROCESS, begin(1, 0), begin(2, 1), end(2, 4)].map((one) => JSON.stringify(one)).join('\n')}\n["end",1,`,
    ])
    expect(seen.requests.map((one) => one.end)).toEqual([null, 4])
    expect(partition(seen).requests.map(({ request }) => request)).toEqual([1])
  })

  test('what its thread does is unexplained where the process cannot tell', () => {
    expect(partsIn(begin(1, 0), call(1, 4, 1), end(1, 10))).toEqual([{ ...NOTHING, total: 10, model: [3], unexplained: 7 }])
  })

  test('time of a thread that had no CPU is not code', () => {
    // The thread was at it for 10 ms, 3 ms of them on a CPU.
    expect(partsIn(begin(1, 0), ['slice', 0, 0, 10, 1, 3], end(1, 10))).toEqual([{ ...NOTHING, total: 10, code: 3, other: 7 }])
  })
})

describe('requests that overlap', () => {
  test('a model on the event loop: one waits while the model runs for the other', () => {
    // Both call at once; the first runs from 1 to 6, the second from 6 to 11.
    const parts = partsIn(
      ...[begin(1, 0), slice(0, 0.5, 1), begin(2, 0.5), slice(0.5, 1, 2)],
      ...[slice(1, 6, 1), call(0.4, 6, 1), end(1, 6), slice(6, 11, 2), call(0.9, 11, 2), end(2, 11)],
    )
    expect(parts).toEqual([
      // 0.5 to 1: the other's code.
      { ...NOTHING, total: 6, model: [5.1], code: 0.4, loop: 0.5 },
      { ...NOTHING, total: 10.5, model: [5.1], code: 0.4, loop: 5 },
    ])
  })

  test('a model on the event loop cannot run while other code does, with a pause between or not', () => {
    // Three calls that show where it runs. Then one is pending from 1001 to 1009: other code from 1001 to 1003, idle for 1 ms, other code
    // from 1004 to 1005, and the model from 1005 on.
    const alone = [1, 2, 3].flatMap((id) => [
      begin(id, 100 * id),
      slice(100 * id, 100 * id + 4, id),
      call(100 * id, 100 * id + 4, id),
      end(id, 100 * id + 4),
    ])
    const parts = partsIn(
      ...[...alone, begin(4, 1000), slice(1000, 1001, 4), slice(1001, 1003), slice(1004, 1005), slice(1005, 1009, 4)],
      ...[call(1001, 1009, 4), end(4, 1009)],
    )
    expect(parts[3]).toEqual({ ...NOTHING, total: 9, model: [4], code: 1, loop: 4 })
  })

  test('a model on other threads: beyond what it takes alone it waits for the model', () => {
    // Alone 4 ms, three times. Then two at once take 7 ms each: 3 ms of them are the other's.
    const alone = [1, 2, 3].flatMap((id) => {
      const at = 100 * id
      return [begin(id, at), slice(at, at + 1, id), call(at + 1, at + 5, id), slice(at + 5, at + 6, id), end(id, at + 6)]
    })
    const parts = partsIn(
      ...alone,
      ...[
        begin(4, 1000),
        slice(1000, 1001, 4),
        call(1001, 1008, 4),
        begin(5, 1001),
        slice(1001, 1001.5, 5),
        call(1001.5, 1008.5, 5),
      ],
      ...[slice(1008, 1008.5, 4), end(4, 1008.5), slice(1008.5, 1009, 5), end(5, 1009)],
    )
    expect(parts[3]).toEqual({ ...NOTHING, total: 8.5, model: [4], code: 1.5, session: 3 })
    // Half a millisecond more for the thread, on which the other went on first.
    expect(parts[4]).toEqual({ ...NOTHING, total: 8, model: [4], code: 1, loop: 0.5, session: 2.5 })
  })

  test('a call that is done while the loop is busy waits for the loop', () => {
    const alone = [1, 2, 3].flatMap((id) => {
      const at = 100 * id
      return [begin(id, at), slice(at, at + 1, id), call(at + 1, at + 5, id), slice(at + 5, at + 6, id), end(id, at + 6)]
    })
    // The call is made at 1001, the loop is busy from 1003 to 1011: alone the call takes 4 ms, so that 6 ms are the loop's.
    const parts = partsIn(
      ...alone,
      begin(4, 1000),
      slice(1000, 1001, 4),
      slice(1003, 1011),
      call(1001, 1011, 4),
      slice(1011, 1012, 4),
      end(4, 1012),
    )
    expect(parts[3]).toEqual({ ...NOTHING, total: 12, model: [4], code: 2, loop: 6 })
  })
})

describe('calls in threads that know no request', () => {
  test('are of the request that goes on when they are done, and wait for those before them', () => {
    // Two requests at once, one worker thread: it runs 1 to 5 for the first and 5 to 9 for the second.
    const seen = seenIn(
      [
        ...[PROCESS, begin(1, 0), slice(0, 1, 1), begin(2, 1), slice(1, 1.5, 2)],
        ...[slice(5.1, 6, 1), end(1, 6), slice(9.1, 10, 2), end(2, 10)],
      ],
      [['process', 7, 1, 'Node 20.20.2', ['worker.js']], MODEL, call(1, 5, 0, 1), call(5, 9, 0, 1), slice(1, 9, 0, 1)],
    )
    const { requests, byTime } = partition(seen)
    expect(byTime).toBe(2)
    expect(numbers(requests[0]!)).toMatchObject({ model: [4], code: 1.9, session: 0 })
    // From 1.5 to 5 the model ran for the first.
    expect(numbers(requests[1]!)).toMatchObject({ total: 9, model: [4], code: 1.4, session: 3.5 })
    for (const one of requests) expect(sumOf(one).sum).toBe(sumOf(one).total)
  })

  test('not of the request that waits longest: the worker may serve another first', () => {
    const seen = seenIn(
      [
        ...[PROCESS, begin(1, 0), slice(0, 1, 1), begin(2, 1), slice(1, 1.5, 2)],
        ...[slice(5.1, 6, 2), end(2, 6), slice(9.1, 10, 1), end(1, 10)],
      ],
      [['process', 7, 1, 'Node 20.20.2', ['worker.js']], MODEL, call(2, 5, 0, 1), call(5, 9, 0, 1), slice(1, 9, 0, 1)],
    )
    expect(partition(seen).requests.map((one) => numbers(one).model)).toEqual([[4], [3]])
  })

  test('and of none, if none waits', () => {
    const { requests, byTime, calls } = partition(
      seenIn([PROCESS, MODEL, begin(1, 0), slice(0, 1, 1), end(1, 1), call(5, 9, 0, 1)]),
    )
    expect(byTime).toBe(0)
    expect(calls[0]!.request).toBe(null)
    expect(requests[0]!.modelMs.size).toBe(0)
  })
})

describe('with what the client saw', () => {
  const lines = [PROCESS, slice(0, 6), begin(1, 6), slice(6, 8, 1), end(1, 8)]

  test('until the server reads a request, its thread was busy', () => {
    // Sent at 2, read at 6 after other code, answered at 8, received at 8.5.
    const { requests } = partition(seenIn(lines), new Map([[0, { sent: 2, done: 8.5 }]]))
    expect(numbers(requests[0]!)).toEqual({ ...NOTHING, total: 6.5, code: 2, loop: 4, transport: 0.5 })
  })

  test('an answer that is finished leaves when its thread is free', () => {
    // Finished at 8; other code until 12; received at 12.5.
    const { requests } = partition(seenIn([...lines, slice(8, 12)]), new Map([[0, { sent: 5, done: 12.5 }]]))
    expect(numbers(requests[0]!)).toEqual({ ...NOTHING, total: 7.5, code: 2, loop: 5, transport: 0.5 })
  })

  test('and what is left is the way', () => {
    // Sent 3 ms before the thread began with other code.
    const { requests } = partition(seenIn(lines), new Map([[0, { sent: -3, done: 9 }]]))
    expect(numbers(requests[0]!)).toEqual({ ...NOTHING, total: 12, code: 2, loop: 6, transport: 4 })
  })
})
