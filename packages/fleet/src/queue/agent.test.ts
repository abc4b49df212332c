import { InputError } from '@whyslow/graph/input-error.ts'
import type { ReportDocument } from '@whyslow/report/documents/report.ts'
import { describe, expect, test } from 'vitest'
import { exampleQueue } from '../../test/support/queue/example-queue.ts'
import { exampleMachine, exampleReport } from '../../test/support/study/example-reports.ts'
import { type AgentParts, type Measured, resultKey, runAgent } from './agent.ts'
import { JOB_LIFE_MS, makeJob } from './job.ts'
import { checkKept, checkResult, type FleetResult, makeResult } from './result.ts'

const given = (name: string) => ({
  model: [{ name, sha256: 'ab'.repeat(32), sizeBytes: 3 }],
  ...{
    data: [],
    engine: 'ort-cpu',
    batch: null,
    threads: null,
    seconds: null,
    quick: true,
    labels: null,
    shapes: {},
    values: {},
    run: 'one',
    issuedAt: new Date().toISOString(),
  },
})
const report = exampleReport(exampleMachine('here'))
const withBlock = (waitedMs: number, { throttledMs = 0, threads = 1 } = {}): ReportDocument => {
  const block = { waitedMs, throttledMs, stolenMs: 0, samplesMs: [10, 10], p50Ms: 10 }
  const engine = { ...report.engine!, options: { threads } }
  return { ...report, engine, latency: { ...report.latency!, blocks: [block] } } as unknown as ReportDocument
}
const clean = withBlock(0)
const undisturbed = (report: ReportDocument): Measured => ({ report, disturbed: null })

/** Until nothing waits. */
async function worked(jobs: readonly object[], parts: Partial<AgentParts> = {}) {
  const queue = exampleQueue()
  for (const [i, job] of jobs.entries()) await queue.asking.add('', (job as { trial?: string }).trial ?? `job ${i}`, job, 5)
  const stop = new AbortController()
  const lines: string[] = []
  const take = async () => {
    const held = await queue.agent.take()
    if (held === null) stop.abort()
    return held
  }
  const base = {
    machine: 'here',
    key: null,
    store: null,
    measure: () => Promise.resolve(undisturbed(clean)),
    log: (line: string) => lines.push(line),
  }
  await runAgent({ ...base, queue: { ...queue.agent, take }, signal: stop.signal, idleMs: 1, ...parts })
  const ended = [...queue.entries.values()].map(({ outcome }) => outcome)
  const results = ended.flatMap((one) => (one.state === 'done' ? [one.result as FleetResult] : []))
  const outcomes = ended.map((one) =>
    one.state === 'done' ? { state: one.state, report: (one.result as FleetResult).report } : one,
  )
  return { lines, outcomes, results, listening: await queue.asking.listening(), waits: queue.waits }
}

describe('an agent', () => {
  test('measures what waits, hands it in, and is gone when it ends', async () => {
    const { lines, outcomes, listening } = await worked([makeJob(given('a.onnx'), null), makeJob(given('b.onnx'), null)])
    expect(outcomes).toEqual([
      { state: 'done', report: clean },
      { state: 'done', report: clean },
    ])
    expect([lines.length, listening]).toEqual([2, []])
  })

  test('takes what has the lower number first', async () => {
    const queue = exampleQueue()
    const jobs = ['a.onnx', 'b.onnx', 'c.onnx'].map((name) => makeJob(given(name), null))
    for (const [i, job] of jobs.entries()) await queue.asking.add('', job.trial, job, [5, 1, 5][i]!)
    const taken = []
    for (let held = await queue.agent.take(); held !== null; held = await queue.agent.take())
      taken.push((held.job as { model: { name: string }[] }).model[0]!.name)
    expect(taken).toEqual(['b.onnx', 'a.onnx', 'c.onnx'])
  })

  test('refuses what is no job with one line, and goes on', async () => {
    const measured: string[] = []
    const measure: AgentParts['measure'] = ({ model }) => {
      measured.push(model[0]!.name)
      return Promise.resolve(undisturbed(clean))
    }
    const hostile = { ...makeJob(given('a.onnx'), null), kind: 'shell\n\u001b[2J' }
    const { lines, outcomes } = await worked([hostile, makeJob(given('b.onnx'), null)], { measure })
    expect(measured).toEqual(['b.onnx'])
    expect(outcomes[0]).toMatchObject({ state: 'failed' })
    expect(lines[0]).toMatch(/^refused a job: \P{Cc}+$/u)
  })

  test('takes a signed job for its own kind of machine and under its own name, and signs what it puts back', async () => {
    const key = 'a key of the whole fleet'
    const here = makeJob(given('a.onnx'), { key, machine: 'here' })
    const there = makeJob(given('b.onnx'), { key, machine: 'there' })
    let tries = 0
    const measure = () => {
      tries += 1
      return Promise.resolve({ report: tries > 2 ? clean : null, disturbed: tries > 2 ? null : 'others took 40 % of its CPUs' })
    }
    const { outcomes } = await worked([here, there], { key, measure })
    expect([tries, outcomes.map(({ state }) => state)]).toEqual([3, ['done', 'failed']])

    const queue = exampleQueue()
    await queue.asking.add('', 'again', here, 5)
    const stop = new AbortController()
    const take = async () => {
      const held = await queue.agent.take()
      if (held === null) stop.abort()
      return held
    }
    const parts = { machine: 'here', key, store: null, measure, log: () => {}, signal: stop.signal, idleMs: 1 }
    await runAgent({ ...parts, queue: { ...queue.agent, take } })
    expect(queue.entries.get('again')!.outcome).toEqual({ state: 'failed', reason: 'it lies in the queue under another name' })
  })

  test('of bad input fails at once, of anything else after three tries', async () => {
    let tries = 0
    const failing = (error: Error) => () => {
      tries += 1
      return Promise.reject(error)
    }
    await worked([makeJob(given('a.onnx'), null)], { measure: failing(new InputError('no model')) })
    expect(tries).toBe(1)
    const { outcomes } = await worked([makeJob(given('a.onnx'), null)], { measure: failing(new Error('broken')) })
    expect([tries, outcomes[0]]).toEqual([4, { state: 'failed', reason: 'broken' }])
  })

  test('puts back what was disturbed for half a minute, three times, and then records it', async () => {
    let tries = 0
    const measure = () => {
      tries += 1
      return Promise.resolve(undisturbed(withBlock(15)))
    }
    const { outcomes, waits } = await worked([makeJob(given('a.onnx'), null)], { measure })
    expect([tries, outcomes[0]!.state, waits]).toEqual([4, 'done', [30_000, 30_000, 30_000]])
  })

  test('takes a quota for a part of its machine, and waits for what each thread waited', async () => {
    let tries = 0
    const measuring = (measured: ReportDocument) => () => {
      tries += 1
      return Promise.resolve(undisturbed(measured))
    }
    for (const measured of [withBlock(0, { throttledMs: 15 }), withBlock(3, { threads: 2 })])
      await worked([makeJob(given('a.onnx'), null)], { measure: measuring(measured) })
    expect(tries).toBe(2)
  })

  test('measures nothing on a machine that is not quiet, and the fourth time all the same, and says so', async () => {
    const asked: boolean[] = []
    const measure: AgentParts['measure'] = (_, __, anyway) => {
      asked.push(anyway)
      return Promise.resolve({ report: anyway ? clean : null, disturbed: 'others took 40 % of its CPUs' })
    }
    const { outcomes, lines } = await worked([makeJob(given('a.onnx'), null)], { measure })
    expect(asked).toEqual([false, false, false, true])
    expect(lines[0]).toMatch(/the machine was disturbed \(others took 40 % of its CPUs\); put back$/)
    const warnings = ['the machine was not quiet: others took 40 % of its CPUs']
    expect(outcomes[0]).toMatchObject({ state: 'done', report: { warnings } })
  })

  test('measures nothing that the store has, and stores nothing twice', async () => {
    const rows = new Map<string, ReportDocument>()
    const store: AgentParts['store'] = {
      find: (trial) => Promise.resolve(rows.get(trial)),
      insertIfAbsent(trial, one) {
        if (!rows.has(trial)) rows.set(trial, one)
        return Promise.resolve()
      },
    }
    const job = makeJob(given('a.onnx'), null)
    await worked([job], { store })
    expect([...rows.keys()]).toEqual([resultKey({ ...job, machine: 'here' })])
    const measure = () => Promise.reject(new Error('not asked for'))
    expect((await worked([job], { store, measure })).outcomes).toEqual([{ state: 'done', report: clean }])
    // What another kind of machine measured is not its own.
    const other = withBlock(0.1)
    const there = await worked([job], { store, machine: 'there', measure: () => Promise.resolve(undisturbed(other)) })
    expect(there.outcomes).toEqual([{ state: 'done', report: other }])
    expect([...rows.keys()]).toEqual([resultKey({ ...job, machine: 'here' }), resultKey({ ...job, machine: 'there' })])
  })

  test('hands in what the store keeps, where another agent was first', async () => {
    const others = withBlock(0.1)
    let looks = 0
    const store: AgentParts['store'] = {
      find: () => Promise.resolve(looks++ === 0 ? undefined : others),
      insertIfAbsent: () => Promise.resolve(),
    }
    expect((await worked([makeJob(given('a.onnx'), null)], { store })).outcomes).toEqual([{ state: 'done', report: others }])
  })

  test('measures what the store has no report of, and says so', async () => {
    const store: AgentParts['store'] = {
      find: () => Promise.resolve({ ...clean, latency: null }),
      insertIfAbsent: () => Promise.resolve(),
    }
    const { outcomes, lines } = await worked([makeJob(given('a.onnx'), null)], { store })
    expect(outcomes).toEqual([{ state: 'done', report: clean }])
    expect(lines[0]).toMatch(/what the store has of it is not a report of a latency \(latency/)
  })

  test('signs what it hands in and keeps, and takes from the store only what the fleet signed for this trial', async () => {
    const key = 'a key of the whole fleet'
    const job = makeJob(given('a.onnx'), { key, machine: 'here' })
    const on = { trial: job.trial, machine: 'here' }
    const forged = withBlock(0.1)
    let row: unknown
    let measured = 0
    const store: AgentParts['store'] = {
      find: () => Promise.resolve(row),
      insertIfAbsent(_, one) {
        // As a database gives it back.
        row ??= Object.fromEntries(Object.entries(JSON.parse(JSON.stringify(one)) as object).reverse())
        return Promise.resolve()
      },
    }
    const measure = () => {
      measured += 1
      return Promise.resolve(undisturbed(clean))
    }
    const others = [
      forged,
      { ...forged, fleetSignature: 'ab'.repeat(32) },
      { ...forged, fleetSignature: makeResult({ ...on, trial: 'another' }, forged, key).signature },
      { ...forged, fleetSignature: makeResult({ ...on, machine: 'there' }, forged, key).signature },
      { ...forged, fleetSignature: makeResult(on, forged, 'the key of another fleet').signature },
      { ...forged, fleetSignature: makeResult(on, clean, key).signature },
    ]
    for (const one of others) {
      row = one
      const { outcomes, results, lines } = await worked([job], { key, store, measure })
      expect(outcomes).toEqual([{ state: 'done', report: clean }])
      expect(checkResult(results[0], on, key).ok).toBe(true)
      expect(lines[0]).toMatch(/what the store has of it is not signed with the fleet's key for this trial$/)
    }
    row = undefined
    await worked([job], { key, store, measure })
    expect([measured, checkKept(row, on, key).ok]).toEqual([others.length + 1, true])
    expect((await worked([job], { key, store, measure })).results).toEqual([makeResult(on, clean, key)])
    expect(measured).toBe(others.length + 1)
  })

  test('measures a trial once, though its job is put into the queue again, and none that is old', async () => {
    const key = 'a key of the whole fleet'
    const job = makeJob(given('a.onnx'), { key, machine: 'here' })
    const queue = exampleQueue()
    await queue.asking.add('', job.trial, job, 5)
    const stop = new AbortController()
    const lines: string[] = []
    let [looks, measured, nowMs] = [0, 0, Date.parse(job.issuedAt)]
    const take = async () => {
      const held = await queue.agent.take()
      if (held !== null) return held
      looks += 1
      if (looks === 3) stop.abort()
      // Who can write to the queue takes the trial out, and puts it in again.
      else Object.assign(queue.entries.get(job.trial)!, { outcome: { state: 'waiting' } })
      if (looks === 2) nowMs += 2 * JOB_LIFE_MS
      return null
    }
    const measure = () => {
      measured += 1
      return Promise.resolve(undisturbed(clean))
    }
    const parts = { machine: 'here', key, store: null, measure, log: (line: string) => void lines.push(line) }
    await runAgent({ ...parts, queue: { ...queue.agent, take }, signal: stop.signal, idleMs: 1, nowMs: () => nowMs })
    expect(measured).toBe(1)
    expect(lines.slice(1)).toEqual([
      'refused a job: its trial has ended: it was put into the queue again',
      expect.stringMatching(/^refused a job: it was issued 14 days ago/),
    ])
  })

  test('drops what was given to another meanwhile', async () => {
    const queue = exampleQueue()
    const job = makeJob(given('a.onnx'), null)
    await queue.asking.add('', job.trial, job, 5)
    queue.lose()
    const stop = new AbortController()
    const lines: string[] = []
    const measure: AgentParts['measure'] = (_, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          stop.abort()
          reject(signal.reason as Error)
        })
      })
    const parts = {
      queue: queue.agent,
      machine: 'here',
      key: null,
      store: null,
      measure,
      log: (line: string) => lines.push(line),
      signal: stop.signal,
    }
    await runAgent({ ...parts, renewMs: 1, idleMs: 1 })
    expect([...queue.entries.values()][0]!.outcome.state).toBe('active')
    expect(lines.at(-1)).toMatch(/given to another meanwhile; dropped$/)
  })

  test('that is interrupted gives back what it holds', async () => {
    const queue = exampleQueue()
    const job = makeJob(given('a.onnx'), null)
    await queue.asking.add('', job.trial, job, 5)
    const stop = new AbortController()
    const measure: AgentParts['measure'] = () => {
      stop.abort()
      return Promise.reject(new Error('interrupted'))
    }
    await runAgent({ queue: queue.agent, machine: 'here', key: null, store: null, measure, log: () => {}, signal: stop.signal })
    expect(queue.entries.get(job.trial)).toMatchObject({ outcome: { state: 'waiting' }, attempts: 0 })
  })

  test('outlives a queue and a store that do not answer for a while, and says so once', async () => {
    let fails = 0
    const flaky = <T>(use: () => Promise<T>): Promise<T> =>
      ++fails % 3 === 0 ? use() : Promise.reject(new Error('ECONNREFUSED'))
    const rows = new Map<string, ReportDocument>()
    const store: AgentParts['store'] = {
      find: (trial) => flaky(() => Promise.resolve(rows.get(trial))),
      insertIfAbsent: (trial, one) => flaky(() => Promise.resolve(void rows.set(trial, one))),
    }
    let measured = 0
    const measure = () => {
      measured += 1
      return Promise.resolve(undisturbed(clean))
    }
    const queue = exampleQueue()
    const job = makeJob(given('a.onnx'), null)
    await queue.asking.add('', job.trial, job, 5)
    const stop = new AbortController()
    const lines: string[] = []
    let takes = 0
    const take = async () => {
      takes += 1
      if (takes < 4) throw new Error('ECONNRESET')
      const held = await queue.agent.take()
      if (held === null) stop.abort()
      return held
    }
    const announce = () => Promise.reject(new Error('no retries are left'))
    const parts = {
      machine: 'here',
      key: null,
      store,
      measure,
      log: (line: string) => void lines.push(line),
      signal: stop.signal,
    }
    await runAgent({ ...parts, queue: { ...queue.agent, take, announce }, idleMs: 1, againMs: 1 })
    expect([measured, rows.size, queue.entries.get(job.trial)!.outcome.state]).toEqual([1, 1, 'done'])
    expect(lines.filter((line) => line.includes('ECONNRESET'))).toHaveLength(1)
    // Looked for, inserted, and looked for again.
    expect(lines.filter((line) => line.includes('the store cannot be used: ECONNREFUSED'))).toHaveLength(3)
  })

  test('goes on where what it measured can no longer be delivered, nor that it failed', async () => {
    const queue = exampleQueue()
    const jobs = ['a.onnx', 'b.onnx', 'c.onnx'].map((name) => makeJob(given(name), null))
    for (const job of jobs) await queue.asking.add('', job.trial, job, 5)
    const stop = new AbortController()
    const lines: string[] = []
    const missing = () => Promise.reject(new Error('Missing lock for job 1. moveToFinished'))
    const take = async () => {
      const held = await queue.agent.take()
      if (held === null) stop.abort()
      return held === null || lines.length >= 2 ? held : { ...held, done: missing, failed: missing }
    }
    const measure: AgentParts['measure'] = ({ model }) =>
      model[0]!.name === 'b.onnx' ? Promise.reject(new Error('broken')) : Promise.resolve(undisturbed(clean))
    const parts = { machine: 'here', key: null, store: null, measure, log: (line: string) => void lines.push(line) }
    await runAgent({ ...parts, queue: { ...queue.agent, take }, signal: stop.signal, idleMs: 1, againMs: 1 })
    expect(lines).toEqual([
      expect.stringMatching(/^a\.onnx .*not delivered: Missing lock/),
      expect.stringMatching(/^b\.onnx .*failed: broken; not delivered: Missing lock/),
      expect.stringMatching(/^c\.onnx [^;]* ms$/),
    ])
    expect(queue.entries.get(jobs[2]!.trial)!.outcome.state).toBe('done')
  })

  test('announces itself while it measures', async () => {
    const queue = exampleQueue()
    const job = makeJob(given('a.onnx'), null)
    await queue.asking.add('', job.trial, job, 5)
    const stop = new AbortController()
    let told = 0
    let enough = () => {}
    const announce = () => {
      told += 1
      if (told > 3) enough()
      return Promise.resolve()
    }
    const measure = async () => {
      await new Promise<void>((done) => {
        enough = done
      })
      stop.abort()
      return undisturbed(clean)
    }
    const parts = { machine: 'here', key: null, store: null, measure, log: () => {}, signal: stop.signal }
    await runAgent({ ...parts, queue: { ...queue.agent, announce }, idleMs: 1, announceMs: 1 })
    expect(queue.entries.get(job.trial)!.outcome.state).toBe('done')
  })
})
