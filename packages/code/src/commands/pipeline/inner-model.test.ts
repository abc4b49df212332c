import type { Why } from '@whyslow/command/why-port.ts'
import type { ReportDocument } from '@whyslow/report/documents/report.ts'
import { describe, expect, test } from 'vitest'
import type { PipelineEvidence } from '../../evidence.ts'
import type { SessionFact } from '../../facts.ts'
import { innerModel } from './inner-model.ts'

const report = { answer: 'it is slow' } as ReportDocument

const evidenceOf = (sessions: readonly Partial<SessionFact>[]) =>
  ({ sessions, latency: { p50Ms: 10 } }) as unknown as PipelineEvidence

/** What the port was asked, and what came of it. */
async function innerOf(sessions: readonly Partial<SessionFact>[], why: Why = async () => ({ report })) {
  const asked: Parameters<Why>[] = []
  const inner = await innerModel(evidenceOf(sessions), {}, (...given) => {
    asked.push(given)
    return why(...given)
  })
  return { asked, inner }
}

const session = { engine: 'onnxruntime-node', modelFile: '/models/a.onnx', runMs: 5, threads: 2 }

describe('the model that predict runs', () => {
  test('is measured by what is handed in, with the threads of its session, if it takes most', async () => {
    const { asked, inner } = await innerOf([{ ...session, modelFile: '/models/b.onnx', runMs: 1 }, session])
    expect(asked).toEqual([['/models/a.onnx', { quick: true, threads: 2 }]])
    expect(inner).toEqual({ report })
  })

  test('is not measured if it is unknown, or takes next to nothing', async () => {
    const known = { ...session, runMs: 0.1 }
    expect(await innerOf([])).toEqual({ asked: [], inner: { reason: expect.stringMatching(/no session/) } })
    expect(await innerOf([{ ...session, modelFile: null }])).toEqual({
      asked: [],
      inner: { reason: expect.stringMatching(/file/) },
    })
    expect(await innerOf([known])).toEqual({ asked: [], inner: { reason: expect.stringMatching(/next to nothing/) } })
  })

  test('that cannot be measured is said, and the rest of the report stands', async () => {
    const { inner } = await innerOf([session], () => Promise.reject(new Error('a.onnx is gone')))
    expect(inner).toEqual({ reason: 'a.onnx is gone' })
  })
})
