import { InputError } from '@whyslow/graph/input-error.ts'
import type { ReportDocument } from '@whyslow/report/documents/report.ts'
import { describe, expect, test } from 'vitest'
import { clean, given, undisturbed, withBlock, worked } from '../../test/support/queue/example-agent.ts'
import { exampleQueue } from '../../test/support/queue/example-queue.ts'
import { type AgentParts, runAgent } from './agent.ts'
import { JOB_LIFE_MS, makeJob } from './job.ts'

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
