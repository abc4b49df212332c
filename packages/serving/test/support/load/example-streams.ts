// Runs of the generator against a server that streams text on a known schedule (measure's mock engine), on a clock that jumps: no time passes.
import { mulberry32 } from '@whyslow/graph/random.ts'
import { mockAnswers } from '@whyslow/measure/support/streams/mock-answers.ts'
import type { MockSchedule } from '@whyslow/measure/support/streams/mock-engine.ts'
import type { MeasuredRun } from '../../../src/load/measured-run.ts'
import { makeRecords, recordsIn } from '../../../src/load/records.ts'
import { StreamLog } from '../../../src/load/stream-log.ts'
import { makeTimeline } from '../../../src/load/timeline.ts'

export interface ExampleStreams {
  readonly schedule: Partial<MockSchedule>
  readonly path?: string
  readonly ratePerSecond: number
  readonly measuredMs?: number
  readonly promptTokens?: number
  readonly newTokens?: number
  /** Different prompts that requests draw from; as many as there are requests if absent. */
  readonly prompts?: number
}

export function exampleStreams(given: ExampleStreams): MeasuredRun & { readonly streams: StreamLog['ended'] } {
  const { ratePerSecond, measuredMs = 60_000 } = given
  const warmUpMs = 1000
  const { dueMs, measuredFrom } = makeTimeline({ arrivals: { kind: 'poisson' }, ratePerSecond, warmUpMs, measuredMs, seed: 1 })
  const window = { measuredFrom, fromMs: warmUpMs, toMs: warmUpMs + measuredMs, ratePerSecond, clients: null }
  return { ...playStreams(dueMs, given), toldNames: [], repeated: 0, seed: 1, timeoutMs: 10_000, ...window }
}

/** What the generator would write down of requests that are due then. */
export function playStreams(
  dueMs: Float64Array,
  { schedule, path = '/v1/chat/completions', promptTokens = 20, newTokens = 64, prompts }: Omit<ExampleStreams, 'ratePerSecond'>,
): { readonly records: MeasuredRun['records']; readonly sent: number; readonly streams: StreamLog['ended'] } {
  const random = mulberry32(7)
  const inputs = [...dueMs].map((_, k) => (prompts === undefined ? k : Math.floor(random() * prompts)))
  // Each prompt begins with a word of its own.
  const promptOf = (input: number) => [`p${input}`, ...new Array<string>(promptTokens - 1).fill('word')].join(' ')
  const answers = mockAnswers(
    schedule,
    path,
    [...dueMs].map((atMs, k) => ({ atMs, prompt: promptOf(inputs[k]!), newTokens })),
  )
  const records = recordsIn(makeRecords(dueMs.length))
  const log = new StreamLog()
  for (const [k, { pieces }] of answers.entries()) {
    for (const { atMs, bytes } of pieces) log.add(k, bytes, atMs)
    const doneMs = pieces.at(-1)!.atMs
    records.dueMs[k] = records.sentMs[k] = records.openMs[k] = dueMs[k]!
    records.firstByteMs[k] = pieces[0]!.atMs
    records.doneMs[k] = doneMs
    records.outcome[k] = log.end(k, 200, { input: inputs[k]!, atMs: doneMs })
  }
  return { records, sent: dueMs.length, streams: log.ended }
}
