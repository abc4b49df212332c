import type { Feeds } from '@whyslow/measure/engines/types.ts'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { type Batching, createDispatcher, type DispatchResult, NotApart, type Server, WorkerLost } from './dispatcher.ts'

const feedsOf = (name: string): Feeds => ({ [name]: { dtype: 'float32', shape: [], data: new Float32Array(1) } })
/** Rows of one model, whose numbers tell them apart. */
const rowsFrom = (first: number, rows = 1, width = 1): Feeds => ({
  x: { dtype: 'float32', shape: [rows, width], data: new Float32Array(rows * width).fill(first) },
})
const firstOf = (feeds: Feeds) => (feeds.x?.data as Float32Array | undefined)?.[0]

/** A worker whose answers are given by hand. */
function worker() {
  const asked: { name: string; firsts: unknown[]; answer: () => void; fail: (error: Error) => void }[] = []
  const server: Server = {
    predict: (requests) =>
      new Promise<DispatchResult>((resolve, reject) => {
        const answer = () => resolve({ results: requests, startedMs: clock.now, endedMs: clock.now + 3 })
        asked.push({ name: Object.keys(requests[0]!)[0]!, firsts: requests.map((feeds) => firstOf(feeds)), answer, fail: reject })
      }),
  }
  return { server, asked }
}
const clock = { now: 0 }
const turn = () => new Promise((resolve) => setImmediate(resolve))
const setUp = (limit = 2, batching?: Batching) => {
  clock.now = 0
  const queue = createDispatcher(limit, () => clock.now)
  if (batching !== undefined) queue.join(batching)
  return queue
}

describe('the queue', () => {
  test('is first come, first served, by whoever is free', async () => {
    const queue = setUp()
    const [a, b] = [worker(), worker()]
    queue.add(a.server)
    queue.add(b.server)
    const tickets = ['1', '2', '3'].map((name) => queue.submit(feedsOf(name), null))
    expect([queue.running, queue.waiting]).toEqual([2, 1])
    b.asked[0]!.answer()
    await turn()
    expect(b.asked.map(({ name }) => name)).toEqual(['2', '3'])
    expect(Object.keys((await tickets[1]!.answer).results)).toEqual(['2'])
  })

  test('refuses at once where it is full', () => {
    const queue = setUp(1)
    queue.add(worker().server)
    queue.submit(feedsOf('runs'), null)
    queue.submit(feedsOf('waits'), null)
    expect(queue.isFull).toBe(true)
    expect(() => queue.submit(feedsOf('one too many'), null)).toThrow(/queue is full/)
  })

  test('answers at the deadline though the worker goes on, and though nobody is free to look', async () => {
    const queue = setUp(5)
    const { server, asked } = worker()
    queue.add(server)
    const runs = queue.submit(feedsOf('runs'), 20)
    const waits = queue.submit(feedsOf('waits'), 20)
    const ends = Promise.allSettled([runs.answer, waits.answer])
    clock.now = 21
    expect((await ends).map((end) => (end as PromiseRejectedResult).reason)).toEqual([
      expect.objectContaining({ status: 504, message: 'the deadline passed while the request was predicted' }),
      expect.objectContaining({ status: 504, message: 'the deadline passed while the request waited' }),
    ])
    expect([queue.running, queue.waiting]).toEqual([1, 0])
    const next = queue.submit(feedsOf('next'), null)
    asked[0]!.answer()
    await turn()
    asked[1]!.answer()
    expect(Object.keys((await next.answer).results)).toEqual(['next'])
  })

  test('drops what waited past its deadline, and what nobody waits for', async () => {
    const queue = setUp(5)
    const { server, asked } = worker()
    queue.add(server)
    queue.submit(feedsOf('runs'), null)
    const late = queue.submit(feedsOf('late'), 10)
    const gone = queue.submit(feedsOf('gone'), null)
    const served = queue.submit(feedsOf('served'), 100)
    gone.cancel()
    clock.now = 50
    const ends = Promise.allSettled([late.answer, gone.answer])
    asked[0]!.answer()
    await turn()
    expect((await ends).map((end) => (end as PromiseRejectedResult).reason.status)).toEqual([504, 499])
    expect(asked.map(({ name }) => name)).toEqual(['runs', 'served'])
    asked[1]!.answer()
    expect((await served.answer).timing.queueMs).toBe(50)
  })

  test('holds no place for clients that have gone, nor for what waited past its deadline', async () => {
    const queue = setUp(3)
    const { server, asked } = worker()
    queue.add(server)
    queue.submit(feedsOf('runs'), null)
    const gone = [1, 2, 3].map(() => queue.submit(feedsOf('gone'), null))
    expect(queue.isFull).toBe(true)
    const ends = Promise.allSettled(gone.map(({ answer }) => answer))
    for (const ticket of gone) ticket.cancel()
    expect([queue.isFull, queue.waiting]).toEqual([false, 0])
    expect((await ends).map((end) => (end as PromiseRejectedResult).reason.status)).toEqual([499, 499, 499])
    const late = [1, 2, 3].map(() => queue.submit(feedsOf('late'), 10).answer.catch((error) => error.status))
    expect(queue.isFull).toBe(true)
    clock.now = 20
    const real = queue.submit(feedsOf('real'), null)
    expect([queue.waiting, await Promise.all(late)]).toEqual([1, [504, 504, 504]])
    asked[0]!.answer()
    await turn()
    expect(asked.map(({ name }) => name)).toEqual(['runs', 'real'])
    asked[1]!.answer()
    expect(Object.keys((await real.answer).results)).toEqual(['real'])
  })

  test('asks another worker once where one dies, and answers 500 where that dies, too', async () => {
    const queue = setUp()
    const [a, b] = [worker(), worker()]
    queue.add(a.server)
    const ticket = queue.submit(feedsOf('1'), null)
    queue.add(b.server)
    queue.remove(a.server)
    a.asked[0]!.fail(new WorkerLost())
    await turn()
    expect(b.asked.map(({ name }) => name)).toEqual(['1'])
    const end = ticket.answer.catch((error) => error.status)
    b.asked[0]!.fail(new WorkerLost())
    expect(await end).toBe(500)
  })

  test('drains: what was accepted is answered, nothing more is taken', async () => {
    const queue = setUp()
    const { server, asked } = worker()
    queue.add(server)
    const tickets = [queue.submit(feedsOf('1'), null), queue.submit(feedsOf('2'), null)]
    let isDrained = false
    const drained = queue.drain().then(() => {
      isDrained = true
    })
    expect(() => queue.submit(feedsOf('3'), null)).toThrow(/shutting down/)
    asked[0]!.answer()
    await turn()
    expect(isDrained).toBe(false)
    asked[1]!.answer()
    await drained
    expect((await Promise.all(tickets.map(({ answer }) => answer))).length).toBe(2)
  })
})

describe('requests that are joined', () => {
  const joining = (mostRows = 4, onGivenUp = () => {}, { delayMs = 0, fewRows = mostRows } = {}) => {
    const queue = setUp(20, { mostRows, fewRows, delayMs, onGivenUp })
    const { server, asked } = worker()
    queue.add(server)
    return { queue, asked, submit: (...sent: Feeds[]) => sent.map((feeds) => queue.submit(feeds, null)) }
  }

  test('are those that wait anyway, of one shape, up to the limit, each with its own results', async () => {
    const { queue, asked, submit } = joining()
    const tickets = submit(rowsFrom(1), rowsFrom(2), rowsFrom(3, 1, 2), rowsFrom(4, 2), rowsFrom(5), rowsFrom(6))
    expect(asked.map(({ firsts }) => firsts)).toEqual([[1]])
    asked[0]!.answer()
    await turn()
    expect([asked[1]!.firsts, queue.running, queue.waiting]).toEqual([[2, 4, 5], 3, 2])
    clock.now = 10
    asked[1]!.answer()
    await turn()
    expect(asked[2]!.firsts).toEqual([3])
    const { results, timing } = await tickets[3]!.answer
    expect([firstOf(results), timing.together, timing.computeMs]).toEqual([4, 3, 3])
    asked[2]!.answer()
    await turn()
    expect(asked[3]!.firsts).toEqual([6])
  })

  test('are few where no whole batch waits', async () => {
    const { asked, submit } = joining(4, () => {}, { fewRows: 2 })
    submit(rowsFrom(1), ...[2, 3, 4, 5, 6, 7, 8].map((k) => rowsFrom(k)))
    for (let k = 0; k < 4; k++) {
      asked[k]!.answer()
      await turn()
    }
    expect(asked.map(({ firsts }) => firsts)).toEqual([[1], [2, 3, 4, 5], [6, 7], [8]])
  })

  test('are joined or not as it was told last, whenever they came', async () => {
    const { queue, asked, submit } = joining()
    queue.join({ mostRows: 1, fewRows: 1, delayMs: 0, onGivenUp() {} })
    submit(...[1, 2, 3, 4, 5].map((k) => rowsFrom(k)))
    asked[0]!.answer()
    await turn()
    queue.join({ mostRows: 4, fewRows: 4, delayMs: 0, onGivenUp() {} })
    asked[1]!.answer()
    await turn()
    expect(asked.map(({ firsts }) => firsts)).toEqual([[1], [2], [3, 4, 5]])
  })

  test('are predicted one by one where the engine refuses them together, so that only the guilty one fails', async () => {
    const { asked, submit } = joining()
    const [, good, bad] = submit(rowsFrom(0), rowsFrom(1), rowsFrom(2))
    asked[0]!.answer()
    await turn()
    asked[1]!.fail(new Error('no'))
    await turn()
    expect(asked[2]!.firsts).toEqual([1])
    asked[2]!.answer()
    await turn()
    expect(asked[3]!.firsts).toEqual([2])
    asked[3]!.fail(new Error('no'))
    expect(firstOf((await good!.answer).results)).toBe(1)
    await expect(bad!.answer).rejects.toThrow('no')
  })

  test('are joined no more where results cannot be taken apart', async () => {
    let givenUp = 0
    const { asked, submit } = joining(4, () => givenUp++)
    const tickets = submit(rowsFrom(0), rowsFrom(1), rowsFrom(2), rowsFrom(3))
    asked[0]!.answer()
    await turn()
    asked[1]!.fail(new NotApart())
    for (let k = 2; k < 5; k++) {
      await turn()
      expect(asked[k]!.firsts).toEqual([k - 1])
      asked[k]!.answer()
    }
    expect((await Promise.all(tickets.map(({ answer }) => answer))).map(({ timing }) => timing.together)).toEqual([1, 1, 1, 1])
    expect(givenUp).toBe(1)
  })

  test('go on without those that nobody waits for, and one that ends a worker ends no other', async () => {
    const { queue, asked, submit } = joining()
    const [, gone, left, other] = submit(rowsFrom(0), rowsFrom(1), rowsFrom(2), rowsFrom(3))
    const end = gone!.answer.catch((error) => error.status)
    gone!.cancel()
    asked[0]!.answer()
    await turn()
    expect([await end, asked[1]!.firsts]).toEqual([499, [2, 3]])
    const second = worker()
    queue.add(second.server)
    asked[1]!.fail(new WorkerLost())
    await turn()
    const served = [...asked.slice(2), ...second.asked]
    expect(served.map(({ firsts }) => firsts)).toEqual([[3], [2]])
    for (const one of served) one.answer()
    expect((await Promise.all([left!.answer, other!.answer])).map(({ results }) => firstOf(results))).toEqual([2, 3])
  })

  describe('with a delay', () => {
    afterEach(() => vi.useRealTimers())
    const delayed = () => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
      return joining(4, () => {}, { delayMs: 10 })
    }
    const pass = (ms: number) => {
      clock.now += ms
      vi.advanceTimersByTime(ms)
    }

    test('wait for others until the first has waited so long, counted from its coming', () => {
      const { asked, submit } = delayed()
      submit(rowsFrom(1))
      pass(6)
      submit(rowsFrom(2))
      pass(3)
      expect(asked).toEqual([])
      pass(1)
      expect(asked.map(({ firsts }) => firsts)).toEqual([[1, 2]])
    })

    test('tell what they wait for each other apart from what they wait for a worker', async () => {
      const { asked, submit } = delayed()
      const [first] = submit(rowsFrom(1))
      pass(6)
      const [second] = submit(rowsFrom(2))
      pass(4)
      const [third] = submit(rowsFrom(3))
      pass(5)
      asked[0]!.answer()
      await turn()
      // A worker is free from here on.
      pass(5)
      asked[1]!.answer()
      const waits = []
      for (const ticket of [first!, second!, third!]) {
        const { queueMs, batchWaitMs } = (await ticket.answer).timing
        waits.push([queueMs, batchWaitMs])
      }
      expect(waits).toEqual([
        [10, 10],
        [4, 4],
        [10, 5],
      ])
    })

    test('wait for a worker and not for each other once none is free', async () => {
      const { asked, submit } = delayed()
      submit(rowsFrom(1))
      pass(4)
      // Of another shape: it waits beside the first, and is left over when that goes.
      const [other] = submit(rowsFrom(2, 1, 2))
      pass(6)
      expect(asked.map(({ firsts }) => firsts)).toEqual([[1]])
      pass(7)
      asked[0]!.answer()
      await turn()
      asked[1]!.answer()
      expect((await other!.answer).timing).toMatchObject({ queueMs: 13, batchWaitMs: 6 })
    })

    test('go at once where they make a whole batch, and in half the time to their deadline', () => {
      const { queue, asked, submit } = delayed()
      submit(rowsFrom(1), rowsFrom(2, 2), rowsFrom(3))
      expect(asked.map(({ firsts }) => firsts)).toEqual([[1, 2, 3]])
      queue.add(worker().server)
      queue.submit(rowsFrom(4), 8)
      expect(queue.waiting).toBe(1)
      pass(4)
      expect(queue.waiting).toBe(0)
    })

    test('hold up neither what cannot be joined nor the end', async () => {
      const { queue, asked, submit } = delayed()
      const odd = { ...rowsFrom(1), y: { dtype: 'float32' as const, shape: [2], data: new Float32Array(2) } }
      submit(odd)
      expect(asked).toHaveLength(1)
      asked[0]!.answer()
      await turn()
      submit(rowsFrom(2))
      expect(asked).toHaveLength(1)
      void queue.drain()
      expect(asked).toHaveLength(2)
    })

    test('are refused where the queue is full, though a worker is free', () => {
      const { submit } = delayed()
      for (let k = 0; k < 20; k++) submit(rowsFrom(k, 1, k + 1))
      expect(() => submit(rowsFrom(20))).toThrow(/queue is full/)
    })

    test('hold up no others behind them: what cannot be joined, and what makes a whole batch', async () => {
      const { queue, asked, submit } = delayed()
      submit(rowsFrom(1))
      const odd = { ...rowsFrom(2), y: { dtype: 'float32' as const, shape: [2], data: new Float32Array(2) } }
      submit(odd)
      expect(asked.map(({ firsts }) => firsts)).toEqual([[2]])
      asked[0]!.answer()
      await turn()
      submit(...[3, 4, 5, 6].map((k) => rowsFrom(k, 1, 2)))
      expect(asked.map(({ firsts }) => firsts)).toEqual([[2], [3, 4, 5, 6]])
      expect(queue.waiting).toBe(1)
      pass(10)
      asked[1]!.answer()
      await turn()
      expect(asked[2]!.firsts).toEqual([1])
    })
  })
})
