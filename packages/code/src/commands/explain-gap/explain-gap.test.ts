// Which file and which function the ladder climbs, and what stands on it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MODEL, scriptedMachine } from '@whyslow/command/support/example-trials.ts'
import { failed } from '@whyslow/measure/support/trials/example-runner.ts'
import { afterAll, expect, test } from 'vitest'
import {
  type AlternativeFound,
  type Contestant,
  ContestantFailed,
  type Request,
  type Source,
  type TimeRequest,
} from '../../turns/contestant.ts'
import { explainGap } from './explain-gap.ts'

const folder = mkdtempSync(join(tmpdir(), 'whyslow-gap-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test.each([
  ['score', 'app.mjs', 'score'],
  ['app:score', 'app.mjs', 'score'],
  ['other:score', 'other.mjs', 'score'],
] as const)('--call %s', async (call, file, name) => {
  for (const one of ['app.mjs', 'other.mjs']) writeFileSync(join(folder, one), '')
  const started: Source[] = []
  const start = (source: Source): never => {
    started.push(source)
    throw new Error('not in this test')
  }
  const trials = { alone: <T>(work: () => Promise<T>) => work() } as never
  await expect(explainGap(join(folder, 'app.mjs'), { call, start, trials })).rejects.toThrow('not in this test')
  expect(started).toMatchObject([{ file: join(folder, file), call: name }])
})

interface Script {
  readonly others: readonly AlternativeFound[] | 'fails'
  /** ms of one call. */
  readonly timeMs: (request: TimeRequest) => number
}

const broken = (reason: string) =>
  new ContestantFailed({ kind: 'threw', reason, stage: 'the whole call', sample: null, line: null })

/** An application with two samples of its own, and something around its predict. */
function scripted({ others, timeMs }: Script): () => Contestant {
  const opened = { runtime: 'Node 20', stages: ['preprocess', 'predict'], hasSamples: true, takesSample: true }
  const sample = { tree: { kind: 'number', type: 'number', value: 1 }, buffers: [] }
  const answer = (request: Request): unknown => {
    switch (request.ask) {
      case 'open':
        return { ...opened, importMs: 1, loadMs: null, packages: [] }
      case 'samples':
        return { samples: [sample, sample], stays: null }
      case 'output':
        return { value: sample, timeMs: 1, wroteInput: false, copied: true }
      case 'others':
        if (others === 'fails') throw broken('it never answers')
        return { others, main: MODEL }
      case 'time':
        return { passMs: [request.order.length * timeMs(request)] }
      default:
        return {}
    }
  }
  return () => ({ pid: 1, end: async () => {}, ask: async (request: Request) => answer(request) as never })
}

const session = { engine: 'onnxruntime', modelFile: MODEL, device: 'cpu', threads: 1, runsPerPrediction: 2, runMs: 1 }
const fed = { kind: 'tensor', dtype: 'float32', shape: [8, 16], length: 128, bytes: 512, contiguous: null, device: null }
const pass = async () => ({ messages: [{ kind: 'sessions', sessions: [{ ...session, inputs: [fed] }] }] }) as never

const climbed = (script: Script, trials = scriptedMachine({ latency: () => 3 })) => {
  const file = join(folder, 'app.mjs')
  writeFileSync(file, '')
  return explainGap(file, { start: scripted(script), trials, pass, quick: true })
}

const busy = { other: 'loop', seen: 'busy for 40 % of the time between calls', reason: null } as const
const idle = { other: 'threads', seen: null, reason: null } as const
const needed = { other: 'sessions', seen: 'b.onnx beside a.onnx', reason: 'a call waits for it' } as const

test('what goes on beside the calls is taken away, and the ladder ends in the model alone', async () => {
  const timeMs = ({ gapMs, still, alone }: TimeRequest) => (alone ? 10 : gapMs === undefined ? 15 : still ? 20 : 40)
  const document = await climbed({ others: [busy, needed, idle], timeMs })
  expect(document.rungs.map(({ id, timeMs, matters }) => [id, Math.round(timeMs), matters])).toEqual([
    ['app', 40, false],
    ['app-again', 40, false],
    ['loop-still', 20, true],
    ['no-gap', 15, true],
    ['same-inputs', 15, false],
    ['predict-alone', 10, true],
    ['one-input', 10, false],
    ['model-alone', 6, false],
  ])
  expect(document.rungs.at(-1)!.title).toContain('symbolic-batch.onnx on ort-cpu, 2 runs of it')
  expect(document.unexplainedMs).toBeCloseTo(4)
  expect(document.left).toEqual([
    { id: 'sessions-still', reason: 'a call waits for it' },
    { id: 'threads-still', reason: 'no other thread of the application was at work' },
  ])
})

test.each([{ others: 'fails' }, { others: [busy] }] as const)(
  'calls that fail while something is held still: %j',
  async ({ others }) => {
    const timeMs = ({ still }: TimeRequest) => {
      if (still !== undefined) throw broken('it fails so')
      return 10
    }
    const document = await climbed({ others, timeMs })
    const [left] = document.left!
    expect(left!.id).toBe('loop-still')
    expect(left!.reason).toMatch(/it never answers|it fails so/)
    expect(document.rungs.map(({ id }) => id)).not.toContain('loop-still')
  },
)

test('a model that fails by itself leaves its rung away', async () => {
  const trials = scriptedMachine({ latency: () => failed('out of memory') })
  const document = await climbed({ others: [], timeMs: () => 10 }, trials)
  expect(document.rungs.at(-1)!.id).toBe('one-input')
  expect(document.unexplainedMs).toBeNull()
  expect(document.left).toEqual([{ id: 'model-alone', reason: expect.stringContaining('out of memory') }])
})

test('a model that fails once by itself is measured again', async () => {
  let asked = 0
  const trials = scriptedMachine({ latency: () => (++asked === 1 ? failed('out of memory') : 3) })
  const document = await climbed({ others: [], timeMs: () => 10 }, trials)
  expect(document.rungs.at(-1)).toMatchObject({ id: 'model-alone', timeMs: 6 })
  expect(document.left).toEqual([])
})
