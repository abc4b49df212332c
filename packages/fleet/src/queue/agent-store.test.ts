import type { ReportDocument } from '@whyslow/report/documents/report.ts'
import { describe, expect, test } from 'vitest'
import { clean, given, undisturbed, withBlock, worked } from '../../test/support/queue/example-agent.ts'
import { exampleQueue } from '../../test/support/queue/example-queue.ts'
import { type AgentParts, resultKey, runAgent } from './agent.ts'
import { makeJob } from './job.ts'
import { checkResult, checkStored, makeResult } from './result.ts'

describe('an agent with a store', () => {
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
    expect([measured, checkStored(row, on, key).ok]).toEqual([others.length + 1, true])
    expect((await worked([job], { key, store, measure })).results).toEqual([makeResult(on, clean, key)])
    expect(measured).toBe(others.length + 1)
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
})
