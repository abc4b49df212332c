// What the passes told, as one document of evidence.
import { describe, expect, test } from 'vitest'
import { exampleCall, examplePattern, exampleSession, exampleStageFact } from '../test/support/example-pipeline.ts'
import { exampleTorch, exampleTrial } from '../test/support/example-torch.ts'
import { assembleEvidence, callsOf, type Passes, sessionsOf, stagesOf } from './assemble.ts'
import type { PassResult } from './driver.ts'
import type { CallFact, Language, ProcessFacts, SourcePattern } from './facts.ts'
import type { Message } from './protocol.ts'
import { dispatchOf } from './torch.ts'

const pass = (messages: readonly Message[]): PassResult => ({
  messages,
  failure: null,
  log: { head: '', tail: '', bytes: 0 },
  leftRunning: 0,
})

const runtime = { name: 'cpython', version: '3.11.7', executable: 'python' }
const hello: Message = { kind: 'hello', language: 'python', runtime, pid: 1 }
const stages = { kind: 'stages', stages: ['predict'], places: [null] } as const
const script = { kind: 'script', stages: [], places: [] } as const
const lines = (p50Ms: number): Message => ({ kind: 'lines', lines: [], samples: 10, predictions: 1, p50Ms })
const facts = (own: ProcessFacts): Message => ({ kind: 'process', facts: own })

const asked = (given: { patterns?: readonly SourcePattern[]; language?: Language } = {}) => ({
  language: 'python' as const,
  file: 'app.py',
  call: null,
  patterns: [],
  usableCpus: 2,
  ...given,
})

describe('stages', () => {
  const block: Message = {
    ...{ kind: 'block', staged: true, wallMs: 10, samples: [0], totalMs: [10], stagesMs: [[10]], cpuMs: null, gcMs: null },
  }
  const timed = [pass([hello, { kind: 'imported', ms: 5, target: stages }, block])]
  const passes = (profiled: readonly Message[]): Passes => ({ timed, profiled: pass(profiled), observed: pass([]) })

  test('what the profiler costs is what its process measured in turns, else its p50 beside the timed one', () => {
    const told = assembleEvidence(passes([lines(15), facts({ profilerCost: 0.07 })]), asked())
    expect(told.latency.profilerOverhead).toBe(0.07)
    expect(assembleEvidence(passes([lines(15)]), asked()).latency.profilerOverhead).toBe(0.5)
    expect(assembleEvidence(passes([]), asked()).latency.profilerOverhead).toBeNull()
  })

  test('what is imported takes a part of the time that is told, however long the pass took that looked', () => {
    const row = { module: 'sklearn', selfMs: 4, totalMs: 8, line: 1 }
    const looked = (ms: number) =>
      pass([
        { kind: 'imported', ms, target: stages },
        { kind: 'imports', imports: [row] },
      ])
    const told = (ms: number) => assembleEvidence({ ...passes([]), observed: looked(ms) }, asked()).imports
    expect(told(10)).toEqual([{ ...row, selfMs: 2, totalMs: 4 }])
    expect(told(4)).toEqual([row])
    expect(assembleEvidence(passes([]), asked()).imports).toEqual([])
  })

  test('a PyTorch model is what its pass tells, with the intervals of its pairs; a pass that failed says why', () => {
    const { trials: _, dispatchMs: ___, ...model } = exampleTorch()
    const { times: __, ...tried } = exampleTrial('compile')
    const pairsMs = [1, 2, 3, 4, 5, 6].map(() => [10, 5] as const)
    const messages: Message[] = [
      { kind: 'torch', facts: model },
      { kind: 'torchTrial', trial: { ...tried, pairsMs } },
      { kind: 'torchTrial', trial: { ...tried, id: 'bfloat16', pairsMs: [] } },
    ]
    const told = assembleEvidence({ ...passes([]), torch: pass(messages) }, asked())
    expect(told.torch?.modules).toEqual(model.modules)
    // 42 × 2 µs + 4 × 0.5 µs; never more than the model takes.
    expect(told.torch?.dispatchMs).toBeCloseTo(0.086, 9)
    expect(dispatchOf({ ...model, operatorsPerPrediction: 1e6 })).toBe(10)
    expect(dispatchOf({ ...model, operatorsPerPrediction: null })).toBeNull()
    expect(told.torch?.trials.map(({ times }) => times?.ratio ?? null)).toEqual([2, null])
    const failure = { how: 'crashed', phase: 'facts', stage: null, sample: null, reason: 'SIGSEGV', place: null } as const
    const failed = assembleEvidence({ ...passes([]), torch: { ...pass([]), failure } }, asked())
    expect([failed.torch, failed.absent.torch]).toEqual([undefined, 'the code crashed: SIGSEGV'])
  })

  test("times of a PyTorch model's modules are those of the timed passes", () => {
    const { trials: _, dispatchMs: __, ...model } = exampleTorch()
    const facts = { ...model, predictionMs: 20, p50Ms: 18, modules: [{ ...model.modules[0]!, timeMs: 18, selfMs: 16 }] }
    const { torch } = assembleEvidence({ ...passes([]), torch: pass([{ kind: 'torch', facts }]) }, asked())
    expect(torch).toMatchObject({ predictionMs: 10, p50Ms: 9, operatorNs: model.operatorNs })
    // Half of 42 × 2 µs + 4 × 0.5 µs: the timed passes were twice as fast. What one operator costs is told as it was measured.
    expect(torch?.dispatchMs).toBeCloseTo(0.043, 9)
    expect(torch!.modules[0]).toMatchObject({ timeMs: 9, selfMs: 8 })
  })

  test('no more CPUs are usable than a quota gives', () => {
    const cpus = (usableCpus: number) => assembleEvidence(passes([facts({ usableCpus })]), asked()).whole.usableCpus
    expect([cpus(16), cpus(1)]).toEqual([2, 1])
    expect(assembleEvidence(passes([]), asked()).whole).toEqual({})
  })
})

describe('a script', () => {
  const run = (messages: readonly Message[], given = asked()) => {
    const one = pass([
      hello,
      { kind: 'imported', ms: 0, target: script },
      { kind: 'imported', ms: 700, target: script },
      { kind: 'loaded', ms: 200 },
      { kind: 'script', totalMs: 1000, marks: [] },
      ...messages,
    ])
    return assembleEvidence({ timed: [one], profiled: one, observed: one }, given)
  }

  test('its imports and models are told of its one run, and what the profiler cost that run', () => {
    const { latency } = run([lines(1000), facts({ profilerCost: 0.12 })])
    expect(latency).toMatchObject({ p50Ms: 1000, importMs: 700, loadMs: 200, profilerOverhead: 0.12 })
  })

  test('what JavaScript does a few times is no loop', () => {
    const patterns = ['JSON.parse', 'JSON.stringify', 'fs.readFileSync'].map((callee, at) =>
      examplePattern({ pattern: at === 2 ? 'file-read' : 'json', line: 10 + at, endLine: 10 + at, function: 'main', callee }),
    )
    const call = (callee: string, line: number, callsPerPrediction: number): CallFact =>
      exampleCall({ callee, line, callsPerPrediction })
    const calls = [call('JSON.parse', 10, 1), call('JSON.stringify', 11, 4)]
    const told = run([{ kind: 'calls', calls }], asked({ patterns, language: 'javascript' }))
    expect(told.patterns?.map(({ once }) => once)).toEqual([true, false, false])
  })
})

describe('in the time of a prediction that nobody looked at', () => {
  const seen = (p50Ms?: number) => ({
    kind: 'calls' as const,
    calls: [exampleCall({ callee: 'json.loads', timeMs: 8 })],
    ...(p50Ms === undefined ? {} : { p50Ms }),
  })

  test.each([
    ['looking at them made it four times as long', 40, 2],
    ['it took no longer', 9, 8],
    ['nobody knows how long it took', undefined, 8],
  ])('%s', (_, p50Ms, timeMs) => expect(callsOf(seen(p50Ms), 10)![0]!.timeMs).toBe(timeMs))

  test('what stages used, too; what they allocate is no time', () => {
    const stages = [exampleStageFact('predict', { cpuMs: 12, waitMs: 4, allocatedBytes: 100 })]
    expect(stagesOf({ kind: 'stages', stages, p50Ms: 40 }, 10)).toMatchObject([
      { cpuMs: 3, waitMs: 1, nativeMs: null, allocatedBytes: 100 },
    ])
    expect(stagesOf({ kind: 'stages', stages }, 10)).toEqual(stages)
  })

  test.each([
    ['a machine that was five times as fast then', 2, 1.5 * 5],
    ['a pass that looks at much', 40, 1.5],
    ['a pass that does not say', undefined, 1.5],
  ])('time in engines: %s', (_, lookedMs, expected) => {
    const sessions = [exampleSession({ runMs: 1.5 })]
    expect(sessionsOf({ kind: 'sessions', sessions }, seen(lookedMs), 10)![0]!.runMs).toBe(expected)
  })

  test('without the pass there are none', () => expect(callsOf(undefined, 10)).toBeUndefined())
})
