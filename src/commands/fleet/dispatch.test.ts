import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { ReportDocument } from '../../report/documents/report.ts'
import { exampleMachine, exampleReport } from '../study/example-reports.ts'
import { FLEET_DEFAULTS } from '../study/fleet.ts'
import { dispatch } from './dispatch.ts'
import { exampleQueue } from './example-queue.ts'
import { folderStore } from './file-store.ts'
import { checkJob } from './job.ts'

const models = mkdtempSync(path.join(tmpdir(), 'whyslow-dispatch-'))
afterAll(() => rmSync(models, { recursive: true, force: true }))
const file = path.join(import.meta.dirname, '../../../fixtures/models/symbolic-batch.onnx')
const machine = exampleMachine('there')

async function answering(queue: ReturnType<typeof exampleQueue>, fail: (batch: number | null) => boolean) {
  for (let held = await queue.agent.take(); held !== null; held = await queue.agent.take()) {
    const checked = checkJob(held.job, null)
    if (!checked.ok) throw new Error(checked.reason)
    const { batch } = checked.job
    if (fail(batch)) await held.failed('it does not fit', true)
    else await held.done(exampleReport(machine, { model: '/tmp/agent/symbolic-batch.onnx', batch: batch ?? 1 }))
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
        for (let held = await queue.agent.take(); held !== null; held = await queue.agent.take()) {
          const { batch } = held.job as { batch: number }
          await held.done(batch === 8 ? (handed as unknown as ReportDocument) : exampleReport(machine, { batch }))
        }
        return parts.queue.outcome(...given)
      }
      const { table, failures } = await dispatch([file], { ...parts, queue: { ...parts.queue, outcome } })
      expect(table.rows.map(({ batch }) => batch)).toEqual([1])
      expect(failures).toEqual([
        expect.objectContaining({
          batch: 8,
          reason: expect.stringMatching(/^what the agent handed in is no report of a latency/),
        }),
      ])
    },
  )

  test('without anyone who listens, or who fits, is refused', async () => {
    const queue = exampleQueue()
    await expect(dispatch([file], partsOf(queue))).rejects.toThrow(/no agent listens; start one/)
    await queue.agent.announce()
    await expect(dispatch([file], partsOf(queue, ['cuda*']))).rejects.toThrow(
      /none of those that listen fits: x64-avx2-2c-abcdef/,
    )
  })

  test('goes to machines by what they have beside the processor, too, and names them by the processor', async () => {
    const queue = exampleQueue('x64-avx512_vnni-8c-abcdef+cuda-nvidia-a10')
    await queue.agent.announce()
    const parts = partsOf(queue, ['arm64*', 'cuda*'])
    const outcome = async (...given: [string, string]) => {
      await answering(queue, (batch) => batch === 8)
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
