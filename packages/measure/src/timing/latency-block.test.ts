// One process's share, on a scripted engine and clock: what is made when, and what becomes of it.
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { type ScriptedClock, scriptedClock } from '../../test/support/engines/example-clock.ts'
import { type EngineScript, scriptedEngine } from '../../test/support/engines/example-engine.ts'
import { plainOptions } from '../../test/support/engines/example-options.ts'
import { folderOfTests } from '../../test/support/trials/example-folder.ts'
import type { SamplePlan, SampleRun } from '../engines/types.ts'
import { loadInputs, saveInputs } from '../samples/saved.ts'
import { modelTask } from '../trials/model-task.ts'
import type { DisturbanceWatch } from './disturbance.ts'
import { type BlockTools, expectedBlockMs, type LatencyInput, measureBlock } from './latency-block.ts'

const folder = folderOfTests()
const row = (value: number) => ({ x: { dtype: 'float32' as const, shape: [1, 2], data: Float32Array.of(value, value) } })
let inputs: string
beforeAll(() => {
  inputs = saveInputs(join(folder, 'in'), [row(1), row(2)])
})

const QUIET: DisturbanceWatch = {
  waitedMs: 0,
  waitedMaxMs: 0,
  throttledCpuMs: 0,
  stolenCpuMs: 0,
  majorFaults: 0,
  involuntarySwitches: 0,
  gcMs: 0,
  clockRatio: 1,
  wallMs: 0,
}

interface Given {
  readonly input?: Partial<LatencyInput>
  readonly engine?: Partial<EngineScript>
  readonly tools?: (clock: ScriptedClock) => Partial<BlockTools>
  readonly watched?: Partial<DisturbanceWatch>
}

/** Predictions take 10 ms, loading 100 and a handoff 15, if nothing else is given. */
async function measured({ input = {}, engine: script = {}, tools = () => ({}), watched = {} }: Given = {}) {
  const clock = scriptedClock()
  const log: string[] = []
  const engine = scriptedEngine({ clock, loadMs: () => 100, runMs: () => 10, ...script })
  const quiet: BlockTools = {
    now: clock.now,
    async measureHandoff() {
      log.push(`handoff after ${engine.opened[0]?.fed.length ?? 'no'} predictions`)
      clock.pass(15)
      return 120
    },
    watchMemory: () => ({ peakBytes: () => null, resetPeak: () => {}, keptBytes: () => 0 }),
    startWatch: () => ({ stop: async () => ({ ...QUIET, ...watched }) }),
    waitReader: () => null,
    watchEventLoop: async () => ({ busyShare: 1, longestDelayMs: 3 }),
  }
  const task = { ...modelTask('scripted', 'model.onnx', plainOptions, inputs), process: 0, sampleMs: 400, brief: false, ...input }
  const block = await measureBlock(task, engine, { ...quiet, ...tools(clock) })
  return { block, log, opened: engine.opened }
}

test('load, first prediction, warm-up and samples are told apart', async () => {
  // The first prediction takes 50 ms; those that warm up 12; samples 9, 10 and 11 in turn.
  const runMs = (_: unknown, k: number) => (k === 0 ? 50 : k <= 10 ? 12 : 9 + (k % 3))
  const { block } = await measured({ input: { process: 3, sampleMs: 300 }, engine: { runMs } })
  expect(block).toMatchObject({ process: 3, loadMs: 100, firstMs: 50, warmupMs: 120, warmupRuns: 10, p50Ms: 10, wallMs: 300 })
  expect(block.samplesMs).toEqual(Array.from({ length: 30 }, (_, k) => 9 + ((k + 11) % 3)))
})

test('samples take turns, from the first on in every part', async () => {
  const { opened } = await measured({ input: { sampleMs: 100 } })
  const fed = opened[0]!.fed.map((feeds) => (feeds.x!.data as Float32Array)[0])
  // One, then twelve to warm up, then ten.
  expect(fed).toEqual([1, ...Array(6).fill([1, 2]).flat(), ...Array(5).fill([1, 2]).flat()])
})

test('the second half of the samples can have arrays of their own, made before the clock starts', async () => {
  // Those with the same array as before take 10 ms, with a new one 14.
  const seen = new Set<unknown>()
  const runMs: EngineScript['runMs'] = ({ fed }, k) => {
    const { data } = fed[k]!.x!
    const isNew = !seen.has(data)
    seen.add(data)
    return isNew ? 14 : 10
  }
  const { block, opened } = await measured({ input: { sampleMs: 240, newArrays: true }, engine: { runMs } })
  expect(block).toMatchObject({ byArrays: { kept: 10, anew: 14 }, p50Ms: 12 })
  // 120 of each kind.
  expect(block.samplesMs).toEqual([...Array(12).fill(10), ...Array(9).fill(14)])
  const fed = opened[0]!.fed.map((feeds) => (feeds.x!.data as Float32Array)[0])
  expect(fed.slice(-4)).toEqual([2, 1, 2, 1])
  expect((await measured()).block).not.toHaveProperty('byArrays')
})

describe('warm-up', () => {
  test.each([
    ['a quarter of the sampling time', 1000, 250],
    ['and 120 ms at least', 100, 120],
  ])('%s', async (_, sampleMs, warmupMs) => {
    expect((await measured({ input: { sampleMs } })).block.warmupMs).toBe(warmupMs)
  })
})

describe('fewest runs', () => {
  const counts = async (few: LatencyInput['few'], ms: number) => {
    const { block } = await measured({
      input: { sampleMs: 1, ...(few === undefined ? {} : { few }) },
      engine: { runMs: () => ms },
    })
    return [block.warmupRuns, block.samplesMs.length]
  }
  test('are five and ten', async () => {
    expect(await counts(undefined, 300)).toEqual([5, 10])
  })
  test('are two and five where few are asked for', async () => {
    expect(await counts(true, 100)).toEqual([2, 5])
  })
  test('are few for a slow model alone where that is asked for', async () => {
    expect(await counts('where-slow', 250)).toEqual([2, 5])
    expect(await counts('where-slow', 249)).toEqual([5, 10])
  })
})

describe('without runs to warm up', () => {
  const slow = (samples: number) =>
    measured({
      input: { sampleMs: 1, least: { warmup: 0, samples } },
      engine: { runMs: () => 5000 },
      tools: () => ({
        waitReader: () => {
          let ns = 0
          return { read: () => (ns += 1e6), close: () => {} }
        },
      }),
    })

  test('the first prediction is all there is', async () => {
    const { block, opened } = await slow(1)
    expect(block).toMatchObject({ firstMs: 5000, warmupMs: 0, warmupRuns: 0, samplesMs: [5000] })
    expect(opened[0]!.fed).toHaveLength(2)
  })

  test('waits are read around each sample as the first one’s length says', async () => {
    expect((await slow(2)).block.waitAtMedianMs).toBe(1)
  })
})

describe('what a process is expected to take', () => {
  const expected = async (runMs: number, planned: { sampleMs: number; least: { warmup: number; samples: number } }) => {
    const { block } = await measured({ input: planned, engine: { runMs: () => runMs } })
    const tookMs = block.loadMs + block.firstMs + block.warmupMs + block.wallMs
    return [expectedBlockMs({ loadMs: 100, predictionMs: runMs }, planned), tookMs]
  }

  test.each([
    [7, { sampleMs: 400, least: { warmup: 5, samples: 10 } }],
    [50, { sampleMs: 400, least: { warmup: 5, samples: 10 } }],
    [700, { sampleMs: 400, least: { warmup: 1, samples: 3 } }],
    [5000, { sampleMs: 400, least: { warmup: 0, samples: 2 } }],
  ])('is what it takes: %d ms a prediction', async (runMs, planned) => {
    const [said, took] = await expected(runMs, planned)
    expect(said).toBe(took)
  })
})

test('a trial that is capped leaves time for its end: late, it warms up once and takes three samples', async () => {
  // 60 % of 1000 ms are over once the model is loaded.
  const { block } = await measured({ input: { capMs: 1000 }, engine: { loadMs: () => 700 } })
  expect([block.warmupRuns, block.samplesMs.length]).toEqual([1, 3])
})

describe('an early end', () => {
  // 2 s: a look at 256 and at 512 samples of 2 ms, at 0.5 and 1 s.
  test('at half of the time, where the median stands', async () => {
    const { block } = await measured({ input: { sampleMs: 2000 }, engine: { runMs: () => 2 } })
    expect(block.samplesMs).toHaveLength(512)
  })
  test('not where samples differ', async () => {
    const { block } = await measured({ input: { sampleMs: 2000 }, engine: { runMs: (_, k) => (k % 2 === 0 ? 1 : 3) } })
    expect(block.samplesMs).toHaveLength(1000)
  })
})

describe('handoffs', () => {
  test('are measured before the model is opened and after the last sample', async () => {
    const { block, log } = await measured({ input: { sampleMs: 100 } })
    expect(log).toEqual(['handoff after no predictions', 'handoff after 23 predictions'])
    expect(block).toMatchObject({ handoffBeforeNs: 120, handoffAfterNs: 120, regime: '' })
  })
  test('are left out of brief blocks, and the second where one is asked for', async () => {
    expect((await measured({ input: { brief: true } })).block).toMatchObject({ handoffBeforeNs: null, handoffAfterNs: null })
    expect((await measured({ input: { oneHandoff: true } })).block).toMatchObject({ handoffBeforeNs: 120, handoffAfterNs: null })
  })
})

describe('waiting for a CPU', () => {
  /** The k-th read of the counter comes `waits[k]` ns after the one before. */
  const reader = (waitNs: (read: number) => number) => {
    let [reads, ns, closed] = [0, 0, false]
    return {
      reader: {
        read() {
          ns += waitNs(reads++)
          return ns
        },
        close() {
          closed = true
        },
      },
      state: () => ({ reads, closed }),
    }
  }

  test('is read around each sample, and what the middle ones waited is told apart from all', async () => {
    // Three fast samples did not wait, four waited 2 ms, three slow ones 7.
    const samples = [15, 8, 10, 15, 10, 8, 10, 15, 8, 10]
    const waitMs = (ms: number) => ({ 8: 0, 10: 2, 15: 7 })[ms]!
    const warmUps = 1 + 12
    // One read before all of them and one after, and two around each.
    const { reader: waits, state } = reader((read) =>
      read > 0 && read % 2 === 0 && read <= 20 ? 1e6 * waitMs(samples[read / 2 - 1]!) : 0,
    )
    const { block } = await measured({
      input: { sampleMs: 100 },
      engine: { runMs: (_, k) => samples[k - warmUps] ?? 10 },
      tools: () => ({ waitReader: () => waits }),
      watched: { throttledCpuMs: 4 },
    })
    expect(block.samplesMs).toEqual(samples)
    expect(block.waitAtMedianMs).toBe(2)
    // Less what a quota stopped: the kernel counts that as waiting.
    expect(block.waitedMs).toBe(4 * 2 + 3 * 7 - 4)
    expect(block.throttledCpuMs).toBe(4)
    expect(state()).toEqual({ reads: 2 * 10 + 2, closed: true })
  })

  test('is read before and after all of them where predictions are short', async () => {
    const { reader: waits, state } = reader((read) => (read === 1 ? 3e6 : 0))
    const { block } = await measured({ engine: { runMs: () => 0.9 }, tools: () => ({ waitReader: () => waits }) })
    expect(block).toMatchObject({ waitedMs: 3, waitAtMedianMs: 0 })
    expect(state()).toEqual({ reads: 2, closed: true })
  })

  test('is never less than nothing', async () => {
    expect((await measured({ watched: { throttledCpuMs: 50 } })).block.waitedMs).toBe(0)
  })
})

test('what the system saw of the samples is kept', async () => {
  const watched = { stolenCpuMs: 2, majorFaults: 3, involuntarySwitches: 4, gcMs: 5, clockRatio: 0.9 }
  expect((await measured({ watched })).block).toMatchObject(watched)
})

test('memory: the most while loading, the most while predicting, and what stays', async () => {
  let [peak, resets] = [0, 0]
  const { block } = await measured({
    engine: {
      loadMs() {
        peak = 700
        return 100
      },
      runMs() {
        peak = Math.max(peak, 300)
        return 10
      },
    },
    tools: () => ({
      watchMemory: () => ({
        peakBytes: () => peak,
        resetPeak() {
          resets++
          peak = 0
        },
        keptBytes: () => 40,
      }),
    }),
  })
  expect(block).toMatchObject({ loadPeakBytes: 700, predictPeakBytes: 300, keptBytes: 40 })
  expect(resets).toBe(1)
})

test('the event loop is watched where that is asked for, and threads are told where the engine tells', async () => {
  const asked = await measured({ input: { watchEventLoop: true }, engine: { threads: 2 } })
  expect(asked.block).toMatchObject({ eventLoop: { busyShare: 1, longestDelayMs: 3 }, threads: 2 })
  const plain = (await measured()).block
  expect([plain.eventLoop, plain.threads]).toEqual([undefined, undefined])
})

describe('outputs', () => {
  const asked = (inputsFile: string, more = {}) => ({
    outputsOf: { inputs: inputsFile, folder: join(folder, 'out'), inMs: 1e6, again: true, ...more },
  })

  test('are kept after all that is timed, with other inputs, and what varies is named', async () => {
    const others = saveInputs(join(folder, 'others'), [row(5), row(6), row(7)])
    const { block, log, opened } = await measured({
      input: asked(others),
      engine: {
        results: ({ fed }, { x }) => ({
          y: x!,
          noise: { dtype: 'float32', shape: [1], data: Float32Array.of(fed.length) },
        }),
      },
    })
    expect(log[1]).toBe(`handoff after ${opened[0]!.fed.length - 4} predictions`)
    const outputs = block.outputs as { saved: string; varying: readonly string[] }
    expect(outputs.varying).toEqual(['noise'])
    expect(loadInputs(outputs.saved).map(({ y }) => (y!.data as Float32Array)[0])).toEqual([5, 6, 7])
  })

  test('that cannot be had are a reason, and the times stand', async () => {
    const { block } = await measured({ input: asked(join(folder, 'nowhere/inputs.json')) })
    expect(block.outputs).toEqual({ reason: expect.stringContaining('nowhere') })
    expect(block.p50Ms).toBe(10)
  })
})

describe('an engine that is timed where it runs', () => {
  const SAMPLED: SampleRun = { loadMs: 5, firstMs: 4, warmupMs: 3, warmupRuns: 2, samplesMs: [1, 2, 9], wallMs: 12 }
  const elsewhere = async (input: Partial<LatencyInput>, watched: Partial<DisturbanceWatch> = {}) => {
    const plans: SamplePlan[] = []
    const sample = (_: unknown, plan: SamplePlan) => {
      plans.push(plan)
      return SAMPLED
    }
    const result = await measured({ input, watched, engine: { sample, threads: 4 } })
    return { ...result, plan: plans[0]! }
  }

  test('gives its own times; of this process nothing is said', async () => {
    const watched = { stolenCpuMs: 2, throttledCpuMs: 1, majorFaults: 9, involuntarySwitches: 9, gcMs: 9, clockRatio: 0.5 }
    const { block, log, opened } = await elsewhere({ process: 1 }, watched)
    expect(block).toEqual({
      ...SAMPLED,
      p50Ms: 2,
      process: 1,
      elsewhere: true,
      threads: 4,
      stolenCpuMs: 2,
      throttledCpuMs: 1,
      waitedMs: 0,
      majorFaults: 0,
      involuntarySwitches: 0,
      gcMs: 0,
      clockRatio: null,
      handoffBeforeNs: 120,
      handoffAfterNs: null,
      regime: '',
      waitAtMedianMs: 0,
      loadPeakBytes: null,
      predictPeakBytes: null,
      keptBytes: null,
    })
    expect([log, opened[0]!.fed]).toEqual([['handoff after no predictions'], []])
  })

  test('is asked for as many, and for a longer warm-up', async () => {
    expect((await elsewhere({ sampleMs: 1000, few: 'where-slow' })).plan).toEqual({
      sampleMs: 1000,
      least: { warmup: 5, samples: 10 },
      slow: { fromMs: 250, least: { warmup: 2, samples: 5 } },
      maxSamples: 20_000,
      warmupMs: 400,
    })
    expect((await elsewhere({ sampleMs: 2000 })).plan.warmupMs).toBe(500)
    expect((await elsewhere({ capMs: 1000 })).plan.capMs).toBe(600)
    const least = { warmup: 0, samples: 2 }
    expect((await elsewhere({ least })).plan).toMatchObject({ least, warmupMs: 0 })
  })

  test('keeps outputs as well', async () => {
    const { block } = await elsewhere({ outputsOf: { inputs, folder: join(folder, 'away'), inMs: 1e6, again: false } })
    expect(block.outputs).toMatchObject({ varying: [] })
  })
})
