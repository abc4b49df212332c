import { fromBinary } from '@bufbuild/protobuf'
import { ModelProtoSchema } from 'onnx-buf'
import * as onnxruntime from 'onnxruntime-node'
import { expect, test } from 'vitest'
import { measureRoofs } from './index.ts'
import { floatKernels, functionKernels, int8Kernels, readingKernels, updatingKernel } from './kernels.ts'
import { conv, writtenFloats } from './models.ts'
import { fastTimeMs, type Ort, sampleKernel } from './sample.ts'
import { chooseSizes } from './sizes.ts'
import { type Reading, summarize } from './summarize.ts'
import { compileSum } from './wasm-stream.ts'

const mib = 2 ** 20
const caches = { L1d: 32768, L2: mib, L3: 32 * mib }
const sizes = chooseSizes(caches, 2, 2 ** 34)
const reading = (roof: Reading['roof'], perSecond: number): Reading => ({ roof, kernel: 'k', ok: true, perSecond })

test('the WASM loop adds up the first lane of every 16 bytes', () => {
  const compiled = compileSum(256)!
  new Int32Array(compiled.memory.buffer).forEach((_, at, words) => {
    words[at] = at
  })
  // Words 0, 4, 8 ... 60: 4 * (0 + 1 + ... + 15) = 480. From byte 128: words 32, 36 ... 60 = 4 * (8 + ... + 15) = 368.
  expect(compiled.sum(0, 256)).toBe(480)
  expect(compiled.sum(128, 256)).toBe(368)
})

test('work: 2 a multiply-add, and bytes read and written', () => {
  const work = new Map([...floatKernels(1), ...int8Kernels(1)].map((kernel) => [kernel.title, kernel.work]))
  // 384 * 768 * 768 multiply-adds.
  expect(work.get('MatMul 384x768x768')).toBe(452_984_832)
  // Two layers, 128 * 128 channels, 9 taps, 56 * 56 positions: 2 * 2 * 16384 * 9 * 3136.
  expect(work.get('Conv 3x3 128x56x56')).toBe(1_849_688_064)
  // Abs reads and writes 10 floats, Neg and Abs too, ReduceMax reads them: 7 passes of 40 bytes.
  expect(updatingKernel(10, 2).work).toBe(280)
  const floats = writtenFloats(10_000)
  // 24 steps of 8192 elements.
  expect(functionKernels().every((each) => each.kernel.work === 196_608 && each.startedBy.work === 384)).toBe(true)
  // Whole rows of 4096 only: 8192 floats; the reduction reads all of them.
  expect(readingKernels(floats).map((kernel) => kernel.work)).toEqual([36864, 36864, 32768, 32768, 40000])
})

test('written floats are none of them zero or denormal, and differ', () => {
  const floats = writtenFloats(100_000)
  expect(floats.every((value) => Math.abs(value) > 1e-6 && Math.abs(value) <= 0.5)).toBe(true)
  expect(new Set(floats).size).toBeGreaterThan(3000)
})

test('models keep their layers in a row', () => {
  const { bytes } = conv({ inChannels: 4, outChannels: 4, size: 6, kernel: 3 }, 3)
  const graph = fromBinary(ModelProtoSchema, bytes).graph!
  expect(graph.node.map((node) => [node.opType, node.input[0], node.output[0]])).toEqual([
    ['Conv', 'x', 'y0'],
    ['Conv', 'y0', 'y1'],
    ['Conv', 'y1', 'y2'],
  ])
})

test('every kind of kernel runs on the engine', async () => {
  for (const kernel of [
    ...floatKernels(1),
    ...int8Kernels(1),
    ...readingKernels(writtenFloats(65536)),
    updatingKernel(1000, 3),
    ...functionKernels().map(({ startedBy }) => startedBy),
  ]) {
    const times = await sampleKernel(onnxruntime as Ort, 1, kernel, 0)
    expect(times, kernel.title).toHaveLength(3)
  }
})

test('the fast time: the fastest of few, the fourth of 100', () => {
  expect(fastTimeMs([5, 3, 4])).toBe(3)
  expect(fastTimeMs(Array.from({ length: 100 }, (_, at) => 100 - at))).toBe(4)
  expect(fastTimeMs([])).toBeNaN()
})

test('stretches: four L3s, between the L2s and the L3, half and a quarter of all L2s', () => {
  expect(sizes).toEqual({
    dramBytes: 128 * mib,
    dramIsLarge: true,
    l3Bytes: [8 * mib, 16 * mib],
    l2Bytes: [mib / 2, mib],
    l2BytesPerCore: mib / 2,
  })
  // 16 cores hold 16 MiB in their L2s; twice that is more than three quarters of the L3.
  expect(chooseSizes(caches, 16, 2 ** 34).l3Bytes).toEqual([24 * mib])
  // A quarter of 300 MiB is less than four L3s.
  expect(chooseSizes(caches, 1, 300 * mib)).toMatchObject({ dramBytes: 75 * mib, dramIsLarge: false })
  expect(chooseSizes({ L1d: null, L2: null, L3: null }, 1, 2 ** 34)).toEqual({
    dramBytes: 256 * mib,
    dramIsLarge: true,
    l3Bytes: null,
    l2Bytes: null,
    l2BytesPerCore: null,
  })
})

test('the best kernel gives the roof, and L1 has a reason', () => {
  const readings = [reading('float32', 80), reading('float32', 90), reading('int8', 170), reading('L2', 80)]
  const roofs = summarize(2, [...readings, reading('L3', 50), reading('DRAM', 20)], sizes, 0)
  expect(roofs.flopsPerSecond).toEqual({ float32: 90, int8: 170 })
  expect(roofs.bytesPerSecond).toEqual({ L1: null, L2: 80, L3: 50, DRAM: 20 })
  expect(Object.keys(roofs.reasons)).toEqual(['L1'])
})

test('no level is slower than the one below it', () => {
  const roofs = summarize(1, [reading('L2', 19), reading('L3', 18), reading('DRAM', 20)], sizes, 0.3)
  expect(roofs.bytesPerSecond).toEqual({ L1: null, L2: null, L3: 20, DRAM: 20 })
  expect(roofs.reasons.L3).toContain('hardly faster than DRAM')
  expect(roofs.reasons.L2).toContain('faster than the level below')
  expect(roofs.reasons.noise).toContain('30 %')
})

test('what no kernel could show is absent with the reason', () => {
  const failed: Reading = { roof: 'int8', kernel: 'MatMulInteger', ok: false, reason: 'not implemented' }
  const roofs = summarize(1, [failed, reading('float32', 1), reading('DRAM', 1)], sizes, 0)
  expect(roofs.flopsPerSecond).toEqual({ float32: 1 })
  expect(roofs.reasons.int8).toBe('no kernel for it ran: MatMulInteger: not implemented')
  expect(roofs.bytesPerSecond.L3).toBeNull()
  expect(roofs.reasons.L3).toContain('not known')
})

test('an engine without any kernel gives roofs without numbers, and does not throw', async () => {
  const refusing = {
    ...onnxruntime,
    InferenceSession: { create: () => Promise.reject(new Error('no\nkernels')) },
  } as unknown as Ort
  const roofs = await measureRoofs(refusing, 1, { L1d: null, L2: null, L3: mib }, { budgetMs: 1 })
  expect(roofs.threads).toBe(1)
  expect(roofs.flopsPerSecond).toEqual({})
  expect(roofs.elementsPerSecond).toEqual({})
  expect(roofs.bytesPerSecond).toEqual({ L1: null, L2: null, L3: null, DRAM: null })
  expect(roofs.reasons.float32).toContain('MatMul 384x768x768: no')
})
