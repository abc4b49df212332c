// An agent of a fleet at work: jobs in a queue in memory, and measurements that a test writes down.
import type { ReportDocument } from '@whyslow/report/documents/report.ts'
import { type AgentMeasurement, type AgentParts, runAgent } from '../../../src/queue/agent.ts'
import type { FleetResult } from '../../../src/queue/result.ts'
import { exampleMachine, exampleReport } from '../study/example-reports.ts'
import { exampleQueue } from './example-queue.ts'

/** A job as it is given, of the model of that name. */
export const given = (name: string) => ({
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
/** A report whose one block was disturbed that much. */
export const withBlock = (waitedMs: number, { throttledMs = 0, threads = 1 } = {}): ReportDocument => {
  const block = { waitedMs, throttledMs, stolenMs: 0, samplesMs: [10, 10], p50Ms: 10 }
  const engine = { ...report.engine!, options: { threads } }
  return { ...report, engine, latency: { ...report.latency!, blocks: [block] } } as unknown as ReportDocument
}
export const clean = withBlock(0)
export const undisturbed = (report: ReportDocument): AgentMeasurement => ({ report, disturbed: null })

/** An agent that works until nothing waits. */
export async function worked(jobs: readonly object[], parts: Partial<AgentParts> = {}) {
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
