import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { ReportDocument } from '@whyslow/report/documents/report.ts'
import { afterAll, describe, expect, test } from 'vitest'
import { exampleQueue } from '../../test/support/queue/example-queue.ts'
import { exampleMachine, exampleReport } from '../../test/support/study/example-reports.ts'
import { FLEET_DEFAULTS } from '../fleet.ts'
import { dispatch, LOOK_MS, SILENT_MS } from './dispatch.ts'
import { folderStore } from './file-store.ts'
import { checkJob, type FleetJob } from './job.ts'
import { makeResult } from './result.ts'

const models = mkdtempSync(path.join(tmpdir(), 'whyslow-dispatch-'))
afterAll(() => rmSync(models, { recursive: true, force: true }))
const file = path.join(import.meta.dirname, '../../../../fixtures/models/symbolic-batch.onnx')
const machine = exampleMachine('there')
const KIND = 'x64-avx2-2c-abcdef'
const KEY = 'a key of the whole fleet'

async function answering(
  queue: ReturnType<typeof exampleQueue>,
  fail: (batch: number | null) => boolean,
  handed: (job: FleetJob, report: ReportDocument) => unknown = ({ trial }, report) =>
    makeResult({ trial, machine: KIND }, report, null),
) {
  for (let held = await queue.agent.take(); held !== null; held = await queue.agent.take()) {
    const checked = checkJob(held.job, null, Date.now())
    if (!checked.ok) throw new Error(checked.reason)
    const { batch } = checked.job
    if (fail(batch)) await held.failed('it does not fit', true)
    else {
      const report = exampleReport(machine, { model: '/tmp/agent/symbolic-batch.onnx', batch: batch ?? 1 })
      await held.done(handed(checked.job, report) as never)
    }
  }
}

const partsOf = (queue: ReturnType<typeof exampleQueue>, machines: string[] | null = null) => ({
  ...{ queue: queue.asking, machines, models: folderStore(models), key: null, priority: 5, pollMs: 1 },
  options: { ...FLEET_DEFAULTS, batches: [1, 8] },
})

describe('a study by the queue', () => {
  test('has what was measured under the names that the user gave, and what failed with its reason', async () => {
    const queue = exampleQueue()
    await queue.agent.announce()
    const parts = partsOf(queue)
    const looking = {
      ...parts.queue,
      outcome: async (...given: [string, string]) => {
        await answering(queue, (batch) => batch === 8)
        return parts.queue.outcome(...given)
      },
    }
    const { table, failures } = await dispatch([file], { ...parts, queue: looking })
    expect(table.rows.map(({ model, batch }) => [model, batch])).toEqual([[file, 1]])
    expect(failures).toEqual([
      { model: file, engine: 'ort-cpu', batch: 8, machine: 'x64-avx2-2c-abcdef', reason: 'it does not fit' },
    ])
  })

  test.each([null, {}, { ...exampleReport(machine), latency: null }, 'a text'])(
    'has a failure where an agent hands in what is no report: %j',
    async (handed) => {
      const queue = exampleQueue()
      await queue.agent.announce()
      const parts = partsOf(queue)
      const outcome: typeof parts.queue.outcome = async (...given) => {
        await answering(
          queue,
          () => false,
          ({ trial, batch }, report) =>
            makeResult({ trial, machine: KIND }, batch === 8 ? (handed as unknown as ReportDocument) : report, null),
        )
        return parts.queue.outcome(...given)
      }
      const { table, failures } = await dispatch([file], { ...parts, queue: { ...parts.queue, outcome } })
      expect(table.rows.map(({ batch }) => batch)).toEqual([1])
      expect(failures).toEqual([
        expect.objectContaining({
          batch: 8,
          reason: expect.stringMatching(/^what the agent handed in is not a report of a latency/),
        }),
      ])
    },
  )

  test.each<[string, (job: FleetJob, report: ReportDocument) => unknown, RegExp]>([
    ['nothing', () => null, /not a report of this trial$/],
    ['a report alone', (_, report) => report, /not a report of this trial$/],
    [
      'no signature',
      ({ trial }, report) => makeResult({ trial, machine: KIND }, report, null),
      /not signed with the fleet's key/,
    ],
    [
      'another key',
      ({ trial }, report) => makeResult({ trial, machine: KIND }, report, 'the key of another fleet'),
      /not signed/,
    ],
    ["another trial's", (_, report) => makeResult({ trial: 't0', machine: KIND }, report, KEY), /not a report of this trial$/],
    [
      "another trial's under this one's name",
      ({ trial }, report) => ({ ...makeResult({ trial: 't0', machine: KIND }, report, KEY), trial }),
      /not signed/,
    ],
    [
      "another machine's",
      ({ trial }, report) => makeResult({ trial, machine: 'there' }, report, KEY),
      /not a report of this trial$/,
    ],
    [
      'another report',
      ({ trial }, report) => ({ ...makeResult({ trial, machine: KIND }, report, KEY), report: { ...report, createdAt: 'then' } }),
      /not signed/,
    ],
  ])('with a key has a failure where what is handed in has %s', async (_, forged, reason) => {
    const queue = exampleQueue()
    await queue.agent.announce()
    const parts = partsOf(queue)
    const outcome = async (...given: [string, string]) => {
      const handed: typeof forged = (job, report) =>
        job.batch === 8 ? forged(job, report) : makeResult({ trial: job.trial, machine: KIND }, report, KEY)
      await answering(queue, () => false, handed)
      return parts.queue.outcome(...given)
    }
    const { table, failures } = await dispatch([file], { ...parts, key: KEY, queue: { ...parts.queue, outcome } })
    expect(table.rows.map(({ batch }) => batch)).toEqual([1])
    expect(failures).toEqual([expect.objectContaining({ batch: 8, reason: expect.stringMatching(reason) })])
  })

  /** A clock that goes on by `stepMs` whenever an outcome is asked for. */
  const clocked = (parts: ReturnType<typeof partsOf>, stepMs: number, asked: () => void = () => {}) => {
    let nowMs = Date.parse('2026-01-01T00:00:00.000Z')
    const outcome = (...given: [string, string]) => {
      nowMs += stepMs
      asked()
      return parts.queue.outcome(...given)
    }
    return { ...parts, queue: { ...parts.queue, outcome }, nowMs: () => nowMs }
  }

  test('fails the trials of a kind of machine that is silent for five minutes, takes them out, and says what it waits for', async () => {
    const queue = exampleQueue()
    await queue.agent.announce()
    const parts = partsOf(queue)
    const stages: string[] = []
    const options = { ...parts.options, onProgress: ({ stage }: { stage: string }) => void stages.push(stage) }
    let looks = 0
    const clock = clocked({ ...parts, options }, LOOK_MS / 2, () => {
      looks += 1
      // It ends with the first of two trials, and is not there any more.
      if (looks === 3)
        return void queue.agent
          .take()
          .then((held) => held!.failed('it does not fit', true))
          .then(queue.agent.close)
    })
    await expect(dispatch([file], clock)).rejects.toThrow(
      /^nothing could be measured: it does not fit; no agent of x64-avx2-2c-abcdef has listened for 5 minutes; start one/,
    )
    expect([...queue.entries.values()].map(({ outcome }) => outcome.state)).toEqual(['failed'])
    expect(stages[0]).toBe('0 of 2 trials; waits for x64-avx2-2c-abcdef (2)')
    expect(stages).toContainEqual(expect.stringMatching(/^1 of 2 trials; waits for x64-\S+ \(1, no agent for \d+ of 300 s\)$/))
    expect(stages.at(-1)).toBe('2 of 2 trials')
    // Announced until then: the five minutes begin with the last word.
    expect(looks).toBeGreaterThan(SILENT_MS / (LOOK_MS / 2))
  })

  test('waits for a kind that listens, or that holds a trial, as long as it takes', async () => {
    for (const holds of [false, true]) {
      const queue = exampleQueue()
      await queue.agent.announce()
      const parts = partsOf(queue)
      let looks = 0
      const clock = clocked(parts, SILENT_MS / 3, () => {
        looks += 1
        if (looks === 1 && holds) void queue.agent.take().then(queue.agent.close)
        if (looks === 30) for (const entry of queue.entries.values()) entry.outcome = { state: 'failed', reason: 'at last' }
      })
      await expect(dispatch([file], clock)).rejects.toThrow(/^nothing could be measured: at last$/)
    }
  })

  test('takes no announcement for an agent that is not of its fleet, and says why', async () => {
    const queue = exampleQueue()
    const parts = partsOf(queue)
    const stranger = { machine: KIND, agent: 'host\u001b-1', fault: "it is not signed with the fleet's key" }
    const strangers = { ...parts.queue, listening: () => Promise.resolve([stranger]) }
    await expect(dispatch([file], { ...parts, queue: strangers })).rejects.toThrow(
      /no agent of this fleet listens \(of what host -1 says of itself: it is not signed with the fleet's key\)/,
    )
    const both = { ...parts.queue, listening: () => Promise.resolve([stranger, { ...stranger, machine: 'there', fault: null }]) }
    const clock = clocked({ ...parts, queue: both }, 1)
    const outcome = () => Promise.resolve({ state: 'failed' as const, reason: 'no' })
    await expect(dispatch([file], { ...clock, queue: { ...both, outcome } })).rejects.toThrow('nothing could be measured: no')
    expect(queue.entries.size).toBe(2)
  })

  test('without anyone who listens, or who fits, is refused', async () => {
    const queue = exampleQueue()
    await expect(dispatch([file], partsOf(queue))).rejects.toThrow(/no agent listens; start one/)
    await queue.agent.announce()
    await expect(dispatch([file], partsOf(queue, ['cuda*']))).rejects.toThrow(
      /none of those that listen fits: x64-avx2-2c-abcdef/,
    )
  })

  test('goes to machines by what they have beside the processor, too, and names them by the processor', async () => {
    const kind = 'x64-avx512_vnni-8c-abcdef+cuda-nvidia-a10'
    const queue = exampleQueue(kind)
    await queue.agent.announce()
    const parts = partsOf(queue, ['arm64*', 'cuda*'])
    const outcome = async (...given: [string, string]) => {
      const handed = ({ trial }: FleetJob, report: ReportDocument) => makeResult({ trial, machine: kind }, report, null)
      await answering(queue, (batch) => batch === 8, handed)
      return parts.queue.outcome(...given)
    }
    const { table, failures } = await dispatch([file], { ...parts, queue: { ...parts.queue, outcome } })
    expect(table.rows).toHaveLength(1)
    expect(failures.map(({ machine }) => machine)).toEqual(['x64-avx512_vnni-8c-abcdef'])
  })

  test('that is interrupted takes out what nobody took', async () => {
    const queue = exampleQueue()
    await queue.agent.announce()
    const stop = new AbortController()
    const parts = partsOf(queue)
    const outcome = (...given: [string, string]) => {
      stop.abort(new Error('stopped'))
      return parts.queue.outcome(...given)
    }
    const asked = dispatch([file], {
      ...parts,
      queue: { ...parts.queue, outcome },
      options: { ...parts.options, signal: stop.signal },
    })
    await expect(asked).rejects.toThrow('stopped')
    expect(queue.entries.size).toBe(0)
  })
})
