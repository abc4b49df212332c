// The order of measuring and what becomes of what fails, on scripted trials.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { floatTensor, model, modelInMemory, node, valueInfo } from '@whyslow/graph/build.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { exampleBlock } from '@whyslow/measure/support/timing/example-block.ts'
import { folderOfTests } from '@whyslow/measure/support/trials/example-folder.ts'
import { failed, measured, scriptedRunner } from '@whyslow/measure/support/trials/example-runner.ts'
import type { DeviceInput, DeviceOutput } from '@whyslow/measure/timing/device/task.ts'
import type { LatencyInput, LatencyOutput } from '@whyslow/measure/timing/latency-block.ts'
import type { ProfileInput, ProfileOutput } from '@whyslow/measure/timing/profile/types.ts'
import type { Trial } from '@whyslow/measure/trials/port.ts'
import { describe, expect, test } from 'vitest'
import { examplePlan } from '../../test/support/evidence/example-plan.ts'
import { gather, memoryOf } from './gather.ts'

const folder = folderOfTests()

/** One Relu of 0.4 ms without the profiler, in a prediction of 1 ms; the empty model takes 0.1. */
const PROFILE: ProfileOutput = {
  events: [
    {
      name: 'Relu_0',
      nodeIndex: 0,
      opType: 'Relu',
      provider: 'CPUExecutionProvider',
      parent: null,
      rawMs: [0.4, 0.4, 0.4],
      runsPerPrediction: 1,
      childRunsPerPrediction: 0,
      inputTypes: [{ dtype: 'float32', shape: [1, 4] }],
      outputTypes: [{ dtype: 'float32', shape: [1, 4] }],
    },
  ],
  predictions: 30,
  rounds: Array(3).fill({
    profiledP50Ms: 1.2,
    outsideMs: 0.1,
    plainP50Ms: 1,
    plainDrift: 1,
    cost: { fixedUs: 0, perTensorUs: 0, betweenUs: 0, dispatchUs: 1 },
    emptyP50Ms: 0.1,
  }),
  truncated: false,
  calibrated: true,
  bodyUs: null,
  onOneThread: false,
}

interface Given extends Omit<Partial<Parameters<typeof examplePlan>[0]>, 'run' | 'folder'> {
  readonly latency?: (input: LatencyInput, call: number) => Trial<LatencyOutput>
  readonly profile?: Trial<ProfileOutput>
  readonly device?: Trial<DeviceOutput>
}

const p50 = (ms: number, given: Partial<LatencyOutput> = {}) => measured<LatencyOutput>(exampleBlock(ms, given))

async function gathered({
  latency = () => p50(1),
  profile = measured(PROFILE),
  device = failed('no device'),
  ...given
}: Given = {}) {
  const runner = scriptedRunner({ latency, profile: () => profile, device: () => device })
  const stages: string[] = []
  const progress = (said: { stage: string; done: number; of: number }) => stages.push(`${said.done}/${said.of} ${said.stage}`)
  const plan = examplePlan({ run: runner.run, folder, progress, ...given })
  const inputs = <T>(task: string) => runner.asked.filter((one) => one.task === task).map(({ input }) => input as T)
  return { found: await gather(plan), plan, stages, inputs, asked: runner.asked }
}
/** Those of the latency itself: 500 ms each, or what a quick run gives. */
const own = (inputs: readonly LatencyInput[], sampleMs = 500) => inputs.filter((input) => input.sampleMs === sampleMs)

describe('the order', () => {
  test('spreads five blocks over the run, with the profile, sweeps and experiments between them', async () => {
    const { asked, stages } = await gathered()
    const kinds = asked.map(({ task, input }) =>
      task !== 'latency'
        ? task
        : (input as LatencyInput).brief
          ? 'sweep'
          : (input as LatencyInput).sampleMs === 200
            ? 'pair'
            : 'block',
    )
    const runs = kinds.filter((kind, i) => kind !== kinds[i - 1])
    expect(runs).toEqual(['block', 'profile', 'block', 'sweep', 'block', 'pair', 'block'])
    expect(kinds.filter((kind) => kind === 'block')).toHaveLength(5)
    expect(stages).toEqual([
      '1/10 predicting in process 1 of 5',
      '2/10 predicting in process 2 of 5',
      '3/10 profiling',
      '4/10 predicting in process 3 of 5',
      '5/10 trying other thread counts',
      '6/10 predicting in process 4 of 5',
      '7/10 trying other batch sizes',
      '8/10 trying changes in pairs',
      '9/10 predicting in process 5 of 5',
    ])
  })

  test('of a quick run is shorter, and says what it left out', async () => {
    const { asked, found, stages, inputs } = await gathered({ options: { quick: true } })
    expect(asked.map(({ task }) => task)).toEqual(['latency', 'latency', 'profile', 'latency'])
    expect(own(inputs('latency'), 300)).toHaveLength(3)
    expect(stages.at(-1)).toBe('4/5 predicting in process 3 of 3')
    const left = 'left out by --quick'
    expect(found.absent).toEqual({ threadSweep: left, batchSweep: left, sizeSweeps: left, experiments: left })
  })
})

describe('time', () => {
  const slow = { inputs: { firstLook: { loadMs: 100, predictionMs: 5000 } }, latency: () => p50(5000) }

  test('is what the plan of a run says', async () => {
    const { inputs } = await gathered({ options: { seconds: 10 } })
    expect(own(inputs('latency'), 2000)).toHaveLength(5)
    expect(inputs<ProfileInput>('profile')).toMatchObject([{ sampleMs: 3500, rounds: 10, least: { warmup: 5, samples: 6 } }])
  })

  test('of a trial grows with what it is planned to take', async () => {
    const { asked } = await gathered({ ...slow, options: { quick: true } })
    // Loading, a first prediction and three; three parts of two predictions each, and the empty model.
    const blockMs = 250 + 100 + 4 * 5000
    const profileMs = 250 + 3 * (100 + 2 * 5000) + 25
    expect(asked.map(({ limits }) => limits.timeMs)).toEqual([blockMs, blockMs, profileMs, blockMs].map((ms) => 60_000 + 4 * ms))
  })

  test('of a slow model leaves no time for warming up, and what it leaves out is told', async () => {
    const { inputs, found } = await gathered(slow)
    expect(own(inputs('latency')).map(({ least }) => least)).toEqual(Array(5).fill({ warmup: 0, samples: 3 }))
    expect(inputs<ProfileInput>('profile')).toMatchObject([{ rounds: 2, least: { warmup: 1, samples: 1 } }])
    expect(found.evidence.threadSweep!.points).toHaveLength(2)
    expect(found.evidence.experiments).toBeUndefined()
    expect(found.absent.experiments).toMatch(
      /^it takes 41\.4 s at least, and \d+ ms were left of the 301 s of a run of this model$/,
    )
  })

  test('of a cap is told to every task', async () => {
    const { asked } = await gathered({ limits: { memoryBytes: 1e9, signal: undefined, capMs: 9000 } })
    expect(new Set(asked.map(({ input }) => (input as LatencyInput).capMs))).toEqual(new Set([9000]))
    expect(new Set(asked.map(({ limits }) => limits.timeMs))).toEqual(new Set([9000]))
  })
})

describe('the latency', () => {
  test('is of all blocks, numbered as they came, the first with its event loop', async () => {
    const eventLoop = { busyShare: 0.9, longestDelayMs: 4 }
    const { found, inputs } = await gathered({
      options: { quick: true },
      latency: ({ process, watchEventLoop }) => p50(1 + process, { process, ...(watchEventLoop ? { eventLoop } : {}) }),
    })
    expect(found.evidence.latency.p50Ms).toBe(2)
    expect(found.evidence.eventLoop).toEqual(eventLoop)
    expect(found.evidence.latency.blocks.map((block) => [block.process, 'eventLoop' in block])).toEqual([
      [0, false],
      [1, false],
      [2, false],
    ])
    expect(own(inputs('latency'), 300).map(({ watchEventLoop, brief }) => [watchEventLoop, brief])).toEqual([
      [true, false],
      [false, false],
      [false, false],
    ])
  })

  test('must be had: where a block fails the run ends with file and reason', async () => {
    const crash = gathered({ latency: (_, call) => (call === 2 ? { outcome: 'crashed', reason: 'SIGSEGV' } : p50(1)) })
    await expect(crash).rejects.toThrow(InputError)
    await expect(crash).rejects.toThrow('relu.onnx: the latency could not be measured: SIGSEGV')
  })
})

describe('the profile', () => {
  const quick = { options: { quick: true } }

  test('is corrected to the latency, and gives the price of a call', async () => {
    // The p50 is twice that of the profile's plain predictions.
    const { found } = await gathered({ ...quick, latency: () => p50(2) })
    expect(found.evidence.profile!.nodes).toMatchObject([{ opType: 'Relu', timeMs: expect.closeTo(0.8) }])
    expect(found.evidence.callCost!.callMs).toBeCloseTo(0.2)
    expect(found.warnings).toEqual([])
  })

  test('is asked for with the graph as it runs, an empty model, and the nodes that run', async () => {
    const constant = modelInMemory(
      model({
        nodes: [node('Constant', [], ['c'], { value: floatTensor('', [1], [1]) }), node('Add', ['x', 'c'], ['y'])],
        inputs: [valueInfo('x', 'float32', [1, 4])],
        outputs: [valueInfo('y', 'float32', [1, 4])],
      }),
    )
    const { inputs } = await gathered({ ...quick, model: constant })
    expect(inputs<ProfileInput>('profile')).toMatchObject([
      { nodes: 1, optimizedModelPath: join(folder, 'optimized.onnx'), emptyModelFile: join(folder, 'empty.onnx') },
    ])
    expect(existsSync(join(folder, 'empty.onnx'))).toBe(true)
  })

  test('has no price of a call where the model without nodes was not run', async () => {
    const without = { ...PROFILE, rounds: PROFILE.rounds.map((round) => ({ ...round, emptyP50Ms: null })) }
    const { found } = await gathered({ ...quick, profile: measured(without) })
    expect(found.evidence.callCost).toBeUndefined()
    expect(found.absent.callCost).toContain('could not be run')
  })

  test('that fails takes all that is computed of it along, with a warning', async () => {
    const { found } = await gathered({ ...quick, profile: { outcome: 'timed-out', limitMs: 5000 } })
    const reason = 'the profiled run failed: it did not end within 5 s'
    expect(found.absent).toMatchObject({ profile: reason, callCost: reason, costs: reason, breakdown: reason })
    expect(found.warnings).toEqual([reason])
    expect(found.evidence.latency.p50Ms).toBe(1)
  })

  test('is not asked for where the engine gives no times of nodes', async () => {
    const { found, asked } = await gathered({ ...quick, offers: ['threads'] })
    expect(asked.map(({ task }) => task)).not.toContain('profile')
    expect(found.absent.breakdown).toBe('scripted gives no times of nodes')
    expect(found.warnings).toEqual([])
  })

  test('is told to be from the first part where the engine cut it short', async () => {
    const { found } = await gathered({ ...quick, profile: measured({ ...PROFILE, truncated: true }) })
    expect(found.warnings).toEqual(['the engine cut the profile short: times are from its first part'])
  })

  test('goes by the user’s graph where the executed one cannot be read, or is not offered', async () => {
    const readExecuted = () => Promise.reject(new Error('not a model'))
    const { found } = await gathered({ ...quick, readExecuted })
    expect(found.warnings).toEqual(['the graph as the engine runs it could not be read (not a model); nodes are joined by name'])
    expect(found.evidence.profile!.nodes).toHaveLength(1)
    const silent = await gathered({ ...quick, readExecuted, offers: ['node-times'] })
    expect(silent.found.warnings).toEqual([])
  })
})

describe('sweeps and experiments', () => {
  test('are in the evidence where they could be had', async () => {
    const { found } = await gathered()
    expect(found.evidence.threadSweep!.points.map(({ at }) => at)).toEqual([1, 2])
    expect(found.evidence.experiments).toMatchObject([{ id: 'denormals' }])
    expect(found.absent).toEqual({
      batchSweep: 'no input has a free batch axis',
      sizeSweeps: 'no input has a free dimension other than the batch',
    })
  })

  test('are not tried on an engine that takes neither threads nor configuration', async () => {
    const { found, inputs } = await gathered({ offers: ['node-times'] })
    expect(inputs('latency')).toHaveLength(5)
    expect(found.absent).toMatchObject({
      threadSweep: 'scripted takes no thread count',
      experiments: 'scripted does not take the engine configuration that they change',
    })
  })
})

describe('a device', () => {
  const quick = { options: { quick: true }, deviceKind: 'gpu' as const }
  const SEEN: DeviceOutput = {
    trace: {
      kernelsMs: 3,
      programs: [{ node: 'Relu_0', opType: 'Relu', program: 'Relu', timeMs: 3, runs: 1 }],
      deviceNodes: 4,
      cpuNodes: [],
      copies: [],
      predictions: 20,
    },
    uploadMs: 1,
    downloadMs: 2,
    bound: null,
    needsCpu: false,
  }

  test('is watched once the latency is known, and what it did is evidence', async () => {
    const { found, asked, inputs } = await gathered({ ...quick, device: measured(SEEN) })
    expect(asked.map(({ task }) => task)).toEqual(['latency', 'latency', 'profile', 'device', 'latency'])
    expect(inputs<DeviceInput>('device')).toMatchObject([{ folder, outputTypes: [{ dtype: 'float32', shape: [1, 4] }] }])
    expect(found.evidence.device).toEqual({
      kernelsMs: 3,
      programs: SEEN.trace!.programs,
      uploadMs: 1,
      downloadMs: 2,
      nodes: { onDevice: 4, onCpu: [], copies: [] },
      bound: null,
      needsCpu: false,
    })
  })

  test('that gives no times has no nodes', async () => {
    const { found } = await gathered({ ...quick, device: measured({ ...SEEN, trace: null }) })
    expect(found.evidence.device).toMatchObject({ kernelsMs: null, programs: [], nodes: null })
  })

  test('that cannot be watched is absent with the reason', async () => {
    const { found } = await gathered({ ...quick, device: { outcome: 'crashed', reason: 'device lost' } })
    expect(found.absent.device).toBe('the device could not be watched: device lost')
    expect(found.evidence.device).toBeUndefined()
  })

  test('is not looked for on a CPU', async () => {
    expect((await gathered({ ...quick, deviceKind: 'cpu' })).asked.map(({ task }) => task)).not.toContain('device')
  })
})

describe('memory', () => {
  // 400 bytes of weights.
  const weighty = modelInMemory(
    model({
      nodes: [node('Add', ['x', 'w'], ['y'])],
      inputs: [valueInfo('x', 'float32', [1, 100])],
      outputs: [valueInfo('y', 'float32', [1, 100])],
      initializers: [floatTensor('w', [100], Array(100).fill(1))],
    }),
  )
  const of = (...blocks: Partial<LatencyOutput>[]) =>
    memoryOf(
      { model: weighty, machine: { memoryLimitBytes: 5000 } as never },
      blocks.map((block) => exampleBlock(1, block)),
    )

  test('is the median over processes, and what stays is told without the weights', () => {
    const peaks = (loadPeakBytes: number, predictPeakBytes: number, keptBytes: number) => ({
      loadPeakBytes,
      predictPeakBytes,
      keptBytes,
    })
    expect(of(peaks(10, 20, 500), peaks(30, 60, 700), peaks(11, 21, 600))).toEqual({
      weightsBytes: 400,
      loadPeakBytes: 11,
      predictPeakBytes: 21,
      keptBytes: 200,
      limitBytes: 5000,
    })
    expect(of({ keptBytes: 100 }).keptBytes).toBe(0)
  })

  test('is unknown where no process could tell', () => {
    expect(of({}, {})).toMatchObject({ loadPeakBytes: null, predictPeakBytes: null, keptBytes: null })
    expect(of({}, { loadPeakBytes: 7 })).toMatchObject({ loadPeakBytes: 7 })
  })
})
