import { describe, expect, test } from 'vitest'
import { readContent } from '../../test/support/recordings/check-reader.ts'
import { annotation, call, copy, type Event, kernel, launch, op, traceOf } from '../../test/support/recordings/example-kineto.ts'
import type { FunctionTimes, TokenRecording } from '../recordings/recording.ts'
import { tokenRequest } from '../recordings/token-requests.ts'
import { factsOf } from './facts-of.ts'
import { functionFacts } from './function-facts.ts'

const facts = async (events: readonly Event[]) => factsOf(await readContent(traceOf(events)))

describe('shares of a device', () => {
  test('are of unions: streams overlap, and each share has what those before it do not cover', async () => {
    const { shares } = await facts([
      op('aten::x', 0, 1),
      // compute 0-40 and 30-60: 60; communication 50-80: 20 more; copies 70-90: 10 more; idle 90-95
      ...[
        kernel('a', 0, 40),
        kernel('b', 30, 30),
        kernel('ncclDevKernel_x', 50, 30),
        copy('Memcpy DtoH', 70, 20, 8),
        kernel('c', 95, 5),
      ],
    ])
    expect(shares).toMatchObject({ lengthMs: 0.1, compute: 0.65, communication: 0.2, copy: 0.1 })
    expect(shares!.compute + shares!.communication + shares!.copy + shares!.idle).toBeCloseTo(1, 9)
  })

  test('are of the time from the first to the last of its events, whatever the host does around them', async () => {
    const { shares } = await facts([op('aten::x', 0, 1000), kernel('a', 100, 50), kernel('b', 150, 50)])
    expect(shares).toMatchObject({ lengthMs: 0.1, compute: 1, idle: 0 })
  })

  test('events that lie days away were not there', async () => {
    const { shares, warnings } = await facts([op('aten::x', 0, 100), kernel('a', 10, 50), kernel('b', 1e14, 5)])
    expect(shares!.lengthMs).toBeCloseTo(0.05, 6)
    expect(warnings).toEqual(['1 events of the device lie outside the recording and are left out'])
  })

  test('kernels below a microsecond count: what rounds starts up and ends down to whole ones loses them', async () => {
    const { shares } = await facts([
      op('aten::x', 0, 10),
      // By hand: 0.4-0.9 and 2.1-2.8 compute 1.2, the copy 5.2-6.0 takes 0.8, the last ends at 8.4: 1.2 + 0.4 of 8.0 compute.
      ...[kernel('a', 0.4, 0.5), kernel('b', 2.1, 0.7), copy('Memcpy HtoD', 5.2, 0.8, 8), kernel('c', 8, 0.4)],
    ])
    expect(shares!.lengthMs).toBeCloseTo(0.008, 9)
    expect(shares!.compute).toBeCloseTo(1.6 / 8, 6)
    expect(shares!.copy).toBeCloseTo(0.8 / 8, 6)
    expect(shares!.idle).toBeCloseTo(5.6 / 8, 6)
  })

  test('the unit of labels is none of times, and what a maker does not write is not known', async () => {
    const events = [op('aten::x', 0, 100), kernel('Cijk_Ailk_Bljk_HHS', 10, 50)]
    const inNs = factsOf(await readContent({ ...traceOf(events), displayTimeUnit: 'ns' }))
    expect(inNs.shares).toEqual((await facts(events)).shares)
    // ROCm writes no occupancy, and no call is joined with this kernel.
    expect([inNs.device!.occupancyBound, inNs.launches]).toEqual([null, null])
    expect(inNs.missing.launches).toMatch(/does not join calls/)
  })

  test('are null where only the host was recorded, with how to record them', async () => {
    const { shares, device, missing } = await facts([op('aten::x', 0, 100)])
    expect([shares, device]).toEqual([null, null])
    expect(missing.device).toMatch(/ProfilerActivity\.CUDA/)
  })
})

describe('the judged window', () => {
  const step = (n: number, ts: number, dur: number) => annotation(`ProfilerStep#${n}`, ts, dur)

  test('leaves out a warm-up and the last step', async () => {
    const { window } = await facts([
      step(1, 0, 300),
      step(2, 300, 100),
      step(3, 400, 100),
      step(4, 500, 100),
      op('aten::x', 0, 600),
    ])
    expect(window).toMatchObject({ steps: 2, lengthMs: 0.2, stepMs: 0.1 })
    expect(window.leftOut).toEqual([
      'the last step (ProfilerStep#4), whose kernels may be cut',
      'the first step (ProfilerStep#1), which is unlike the others: 3.0 times as long',
    ])
  })

  test('keeps a first step that is as long as the others', async () => {
    expect((await facts([step(1, 0, 100), step(2, 100, 100), step(3, 200, 100), op('aten::x', 0, 300)])).window.steps).toBe(2)
  })

  test.each([
    ['a first step 1.19 times as long is kept', [119, 100, 100, 100], 3],
    ['a first step 1.21 times as long is not', [121, 100, 100, 100], 2],
    ['a first step of a little over 1 / 1.2 is kept', [84, 100, 100, 100], 3],
    ['a first step of a little under 1 / 1.2 is not', [83, 100, 100, 100], 2],
    ['the second of two is kept if it is a little over half as long', [100, 51], 2],
    ['the second of two is not if it is a little under half as long', [100, 49], 1],
  ])('%s', async (_, lengths, kept) => {
    const starts = lengths.map((_, k) => lengths.slice(0, k).reduce((sum, one) => sum + one, 0))
    const steps = lengths.map((length, k) => step(k + 1, starts[k]!, length))
    expect((await facts([...steps, op('aten::x', 0, 500)])).window.steps).toBe(kept)
  })

  test('work belongs to the step that launched it', async () => {
    // Step 1's kernel runs until 150, step 2's from 150 to 250, launched within step 2; its window ends with its work.
    const { device } = await facts([
      ...[step(1, 0, 100), step(2, 100, 100), annotation('ProfilerStep#3', 200, 20), op('aten::x', 0, 220)],
      ...[
        launch(10, 5, 1),
        kernel('a', 20, 130, { correlation: 1 }),
        launch(110, 5, 2),
        kernel('b', 150, 100, { correlation: 2 }),
      ],
      ...[launch(205, 2, 3), kernel('cut', 260, 1, { correlation: 3 })],
    ])
    // Step 3 is cut, step 1 and 2 are kept: 0 to 250, of which 230 are busy.
    expect(device!.shares.lengthMs).toBeCloseTo(0.25, 6)
    expect(device!.shares.compute).toBeCloseTo(230 / 250, 6)
  })
})

test('a kernel of less than 10 µs is tiny', async () => {
  const { device } = await facts([op('aten::x', 0, 100), kernel('a', 0, 9.8), kernel('b', 10, 10.2)])
  expect(device).toMatchObject({ kernels: 2, tinyKernels: 1, tinyMs: expect.closeTo(0.0098, 9) })
})

describe('what the host was at while the device waited', () => {
  test('adds up to the idle share', async () => {
    const { device } = await facts([
      // busy 0-100; idle 100-200: 20 in a launch, 30 more in an operator, 40 loading data, 10 in nothing recorded
      ...[op('aten::x', 0, 100, {}), launch(5, 5, 1), kernel('a', 0, 100, { correlation: 1 })],
      annotation('enumerate(DataLoader)#_SingleProcessDataLoaderIter.__next__', 100, 40),
      ...[op('aten::mm', 150, 50), launch(180, 20, 2), kernel('b', 200, 100, { correlation: 2 })],
    ])
    expect(device!.idleParts).toMatchObject({ dataLoading: 40 / 300, launching: 20 / 300, dispatching: 30 / 300 })
    expect(device!.idleParts!.unrecorded).toBeCloseTo(10 / 300, 6)
    expect(device!.hostWait).toBeCloseTo(100 / 300, 6)
  })

  test('a wait is no loss: what follows it until there is work again is', async () => {
    const { device } = await facts([
      ...[op('aten::x', 0, 300), launch(0, 5, 1), kernel('a', 10, 90, { correlation: 1 }), call('cudaStreamSynchronize', 20, 80)],
      ...[launch(130, 5, 2), kernel('b', 140, 60, { correlation: 2 }), call('cudaDeviceSynchronize', 150, 60)],
    ])
    // From 100 to 140; the last wait is left out. The window is 0 to 300.
    expect(device!.syncGap).toBeCloseTo(40 / 300, 6)
    expect(device!.syncs).toBe(2)
  })

  test('a captured graph: one launch, many kernels', async () => {
    const { launches, device } = await facts([
      ...[op('aten::x', 0, 100), call('cudaGraphLaunch', 0, 5, { correlation: 9 })],
      ...[kernel('a', 10, 5, { correlation: 9 }), kernel('b', 15, 5, { correlation: 9 }), kernel('c', 20, 5, { correlation: 9 })],
    ])
    expect(launches).toMatchObject({ count: 1, medianUs: 5 })
    expect(device!.kernels).toBe(3)
  })
})

describe('operators', () => {
  test('of a device: kernels by the operator that launched them, with its work', async () => {
    const shaped = {
      'External id': 5,
      'Input Dims': [
        [64, 128],
        [128, 32],
      ],
      'Input type': ['float', 'float'],
    }
    const { operators, matrix } = await facts([
      ...[op('aten::mm', 0, 20, shaped), launch(5, 5, 1)],
      ...[kernel('ampere_sgemm_32x32', 10, 30, { correlation: 1, 'External id': 5 }), kernel('fill<float>(int)', 50, 10)],
    ])
    expect(operators.map(({ name, timeMs, kernel: ran, flops }) => [name, Number(timeMs.toFixed(6)), ran, flops])).toEqual([
      ['aten::mm', 0.03, 'ampere_sgemm_32x32', 524_288],
      ['fill', 0.01, 'fill', null],
    ])
    expect(matrix).toMatchObject({ plainMs: expect.closeTo(0.03, 6), tensorCoresMs: 0, float32Ms: expect.closeTo(0.03, 6) })
  })

  test('an id that only repeats the correlation names no operator: the innermost open one does', async () => {
    const { operators } = await facts([
      ...[
        op('aten::linear', 0, 50, { 'External id': 1 }),
        op('aten::addmm', 5, 40, { 'External id': 2 }),
        op('aten::wrong', 60, 5, { 'External id': 9 }),
      ],
      ...[
        call('cudaLaunchKernel', 10, 5, { correlation: 9, 'External id': 9 }),
        kernel('sgemm', 30, 20, { correlation: 9, 'External id': 9 }),
      ],
    ])
    expect(operators.map(({ name }) => name)).toEqual(['aten::addmm'])
  })

  test('work that the file states of kernels is theirs; of an operator, where all of its kernels have it', async () => {
    const { operators } = await facts([
      op('aten::x', 0, 20, { 'External id': 5 }),
      ...[
        kernel('triton_a', 10, 30, { correlation: 1, 'External id': 5, kernel_flop: 100, kernel_num_gb: 1e-6 }),
        launch(5, 5, 1),
      ],
      ...[
        kernel('triton_b', 50, 10, { correlation: 2, 'External id': 5, kernel_flop: 20 }),
        kernel('triton_c', 70, 5, { kernel_flop: 7 }),
      ],
    ])
    expect(operators.map(({ name, flops, bytes }) => [name, flops, bytes])).toEqual([
      ['aten::x', 120, null],
      ['triton_c', 7, null],
    ])
  })

  test('of a host: work is of who did it, not of who handed it on', async () => {
    const shaped = { 'Input Dims': [[64, 1024]], 'Input type': ['float'] }
    const { operators } = await facts([op('aten::relu', 0, 100, shaped), op('aten::clamp_min', 5, 90, shaped)])
    expect(operators.map(({ name, bytes }) => [name, bytes])).toEqual([
      ['aten::clamp_min', 524_288],
      ['aten::relu', null],
    ])
  })

  test.each([
    ['a little over half', 49, 524_288],
    ['a little under half', 51, null],
  ])('of a host: one that keeps %s of its time to itself', async (_, called, bytes) => {
    const shaped = { 'Input Dims': [[64, 1024]], 'Input type': ['float'] }
    const { operators } = await facts([op('aten::relu', 0, 100, shaped), op('aten::clamp_min', 5, called)])
    expect(operators.find(({ name }) => name === 'aten::relu')!.bytes).toBe(bytes)
  })

  test('beyond two thousand are summed up as one row', async () => {
    const { operators } = await facts(Array.from({ length: 2001 }, (_, k) => op(`aten::op${k}`, 10 * k, 5)))
    expect([operators.length, operators.at(-1)]).toEqual([2001, expect.objectContaining({ name: '1 others', calls: 1 })])
  })

  test('of a host: own time, without what they call', async () => {
    const { operators } = await facts([op('aten::linear', 0, 100), op('aten::addmm', 10, 70), op('aten::copy_', 20, 10)])
    expect(operators.map(({ name, timeMs }) => [name, Number(timeMs.toFixed(6))])).toEqual([
      ['aten::addmm', 0.06],
      ['aten::linear', 0.03],
      ['aten::copy_', 0.01],
    ])
  })
})

test('training is told from prediction', async () => {
  const predicting = await facts([
    op('aten::native_dropout', 0, 10),
    op('aten::mm', 10, 10, { 'Sequence number': 3, 'Fwd thread id': 0 }),
  ])
  expect(predicting.training).toMatchObject({
    backward: false,
    tracked: 1,
    trainingOnly: [{ name: 'aten::native_dropout', calls: 1 }],
  })
  const training = await facts([op('aten::native_dropout', 0, 10), op('MmBackward0', 10, 10)])
  expect(training.training).toMatchObject({ backward: true })
})

test.each([
  [1.19, 0],
  [1.21, 1],
])('pieces of %d tokens: what gaps between them are is said %d times', (tokensPerChunk, times) => {
  const about = { format: 'aiperf', version: null, recognisedBy: '', recordedWith: '', devices: [], slowed: false, warnings: [] }
  const recording = { ...about, kind: 'tokens', requests: [tokenRequest({ tokensPerChunk })] } as unknown as TokenRecording
  expect(factsOf(recording).warnings).toHaveLength(times)
})

test('how far the share of a model in a sampled profile may be off: 95 % of a binomial', () => {
  const times: FunctionTimes = {
    ...{ how: 'samples' as const, totalMs: null, samples: 125, rows: [], model: { name: 'run', share: 0.2 } },
    ...{ importShare: 0.1, idleShare: 0.1, pythonShare: null },
  }
  // A quarter of the 100 samples that count: 1.96 · √(0.25 · 0.75 / 100).
  expect(functionFacts(times)).toMatchObject({ model: 0.25, margin: expect.closeTo(0.08487, 5) })
})

test('the same recording gives the same facts', async () => {
  const events = [op('aten::x', 0, 100), launch(0, 5, 1), kernel('a', 10, 50, { correlation: 1 })]
  expect(await facts(events)).toEqual(await facts(events))
})

test.each([
  ['nvjet_hsh_128x256_64x4_1x2_h_bz_coopA_NTT', 'tensorCoresMs'],
  ['void flash_fwd_kernel<Flash_fwd_kernel_traits<64, 128>>(Flash_fwd_params)', 'tensorCoresMs'],
  ['ampere_s1688gemm_128x64_tn', 'tensorCoresMs'],
  ['triton_tem_fused_mm_0', 'unknownMs'],
  ['ampere_sgemm_128x64_tn', 'plainMs'],
  ['cutlass_80_simt_sgemm_128x64', 'plainMs'],
] as const)('what computed a product in %s: %s', async (name, how) => {
  const product = op('aten::mm', 0, 20, { 'External id': 5 })
  const { matrix } = await facts([product, launch(5, 5), kernel(name, 30, 40, { correlation: 7, 'External id': 5 })])
  expect(matrix).toMatchObject({ totalMs: 0.04, ...{ tensorCoresMs: 0, plainMs: 0, unknownMs: 0 }, [how]: 0.04 })
})

test('what a host was at adds up: an operator that allocates has what is left of it', async () => {
  const { host } = await facts([
    op('aten::empty', 0, 40),
    call('cudaMalloc', 10, 20),
    call('cudaLaunchKernel', 50, 10),
    op('aten::mm', 80, 20),
  ])
  // Of 100: 20 allocating, 40 - 20 + 20 in operators, 10 in a call beside them, 10 + 20 nothing.
  expect(host!.parts).toEqual({
    ...{ dataLoading: 0, compiling: 0, allocating: 0.2, operators: 0.4, framework: 0.1 },
    unrecorded: expect.closeTo(0.3, 9),
  })
})
