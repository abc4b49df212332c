import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { readContent } from '../../test/support/recordings/check-reader.ts'
import { kernel, op, traceOf } from '../../test/support/recordings/example-kineto.ts'
import { line, plane, space } from '../../test/support/recordings/example-xspace.ts'
import type { OperatorRow } from '../facts/facts.ts'
import { factsOf } from '../facts/facts-of.ts'
import { traceReport } from './explain-trace.ts'
import { machineRoofs, recordedFloor, roofsOf, type TraceRoofs } from './roofs.ts'

const folder = mkdtempSync(join(tmpdir(), 'whyslow-roofs-'))
afterAll(() => rmSync(folder, { recursive: true }))
const createdAt = '2026-01-01T00:00:00.000Z'

function machine(changes: object = {}): string {
  const file = join(folder, 'machine.json')
  const roofs = [
    { threads: 2, flopsPerSecond: { float32: 100e9 }, bytesPerSecond: { L2: 80e9, DRAM: 10e9, L3: null }, reasons: {} },
  ]
  writeFileSync(
    file,
    JSON.stringify({ caches: { L1d: 32_768, L2: 1 << 20, L3: null }, roofs, engine: { deviceKind: 'cpu' }, ...changes }),
  )
  return file
}

const row: OperatorRow = {
  name: 'x',
  opType: 'x',
  shapes: null,
  types: ['float'],
  calls: 10,
  timeMs: 1,
  kernel: null,
  flops: null,
  bytes: null,
}
const roofs: TraceRoofs = {
  flopsPerSecond: 1e9,
  scaled: true,
  memories: [{ level: 'DRAM', sizeBytes: Number.POSITIVE_INFINITY, bytesPerSecond: 1e9 }],
}

test('a floor is what takes longer: the arithmetic or the memory', () => {
  expect(recordedFloor({ ...row, flops: 3e6, bytes: 1e6 }, roofs)).toEqual({ floorMs: 3, bound: 'compute' })
  expect(recordedFloor({ ...row, flops: 3e6, bytes: 5e6 }, roofs)).toEqual({ floorMs: 5, bound: 'memory' })
  expect(recordedFloor({ ...row, bytes: 5e6 }, roofs)).toEqual({ floorMs: 5, bound: 'memory' })
  expect(recordedFloor({ ...row, flops: 3e6 }, { ...roofs, memories: [] })).toEqual({ floorMs: 3, bound: 'compute' })
  expect(recordedFloor(row, roofs)).toBeNull()
  expect(recordedFloor({ ...row, flops: 3e6 }, undefined)).toBeNull()
})

test('numbers of half the width are computed twice as fast at most, unless the peak is of any precision', () => {
  const half = { ...row, types: ['Scalar', 'c10::Half'], flops: 3e6 }
  expect(recordedFloor(half, roofs)?.floorMs).toBe(1.5)
  expect(recordedFloor(half, { ...roofs, scaled: false })?.floorMs).toBe(3)
})

test('of --machine: the nearest memory that holds the data of one call', () => {
  const told = machineRoofs(machine())
  expect(told).toMatchObject({ of: 'cpu', flopsPerSecond: 100e9 })
  // 10 calls of 1 MB fit L2 of two threads, of 3 MB they do not: 10e6 / 80e9 and 30e6 / 10e9 s.
  expect(recordedFloor({ ...row, bytes: 10e6 }, told)?.floorMs).toBeCloseTo(0.125, 9)
  expect(recordedFloor({ ...row, bytes: 30e6 }, told)?.floorMs).toBeCloseTo(3, 9)
})

test('the roofs of a CPU are none of a device that ran the kernels, and the report says so', async () => {
  const cpu = machineRoofs(machine())
  const facts = factsOf(await readContent(traceOf([op('aten::x', 0, 10), kernel('k', 0, 50)])))
  expect(roofsOf(facts, cpu)).toBeUndefined()
  expect(traceReport('trace', facts, { createdAt, machine: cpu }).warnings.join()).toMatch(/roofs of a CPU/)
  const gpu = machineRoofs(machine({ engine: { deviceKind: 'gpu' } }))
  expect(roofsOf(facts, gpu)).toBe(gpu)
  const host = factsOf(await readContent(traceOf([op('aten::x', 0, 10)])))
  expect(traceReport('trace', host, { createdAt, machine: gpu }).warnings.join()).toMatch(/roofs of a device/)
})

test('an .xplane.pb brings its own: peaks of arithmetic and of memory', async () => {
  const numbers = { peak_teraflops_per_second: 312, peak_hbm_bw_gigabytes_per_second: 1555 }
  const device = plane('/device:GPU:0', { lines: [line('Stream #1', 5n, [[1, 2, 3_000_000]])], events: { 1: 'k' }, numbers })
  const facts = factsOf(await readContent(space([device])))
  const own = { flopsPerSecond: 312e12, scaled: false, memories: [{ bytesPerSecond: 1555e9 }] }
  expect(roofsOf(facts, undefined)).toMatchObject(own)
  // A CPU's, which are none of it, take nothing away.
  expect(roofsOf(facts, machineRoofs(machine()))).toMatchObject(own)
})

test("a step is parted at floors: arithmetic is the model's, memory and what is above are the hardware's", async () => {
  const shaped = (dims: number[][]) => ({ 'Input Dims': dims, 'Input type': dims.map(() => 'float') })
  // mm: 2 x 64 x 128 x 32 FLOPs at 100 GFLOP/s: 5.2 µs of 10; relu: 2 x 65,536 x 4 bytes at 80 GB/s: 6.6 µs of 20; one is not known: 10.
  const facts = factsOf(
    await readContent(
      traceOf([
        op(
          'aten::mm',
          0,
          10,
          shaped([
            [64, 128],
            [128, 32],
          ]),
        ),
        op('aten::relu', 10, 20, shaped([[64, 1024]])),
        op('aten::nonzero', 30, 10, shaped([[64]])),
      ]),
    ),
  )
  const report = traceReport('trace', facts, { createdAt, machine: machineRoofs(machine()) })
  expect(report.nodes.map(({ opType, bound }) => [opType, bound])).toEqual([
    ['aten::relu', 'memory'],
    ['aten::mm', 'compute'],
    ['aten::nonzero', null],
  ])
  expect(report.breakdown.map(({ part, area, share }) => [part, area, Number(share.toFixed(3))])).toEqual([
    ['operators at their floor', 'architecture', 0.131],
    ["operators at the memory's floor", 'hardware', 0.164],
    ['operators above their floor', 'hardware', 0.455],
    ['operators without a known floor', 'unexplained', 0.25],
  ])
})

test('refuses what is no machine document', () => {
  expect(() => machineRoofs(machine({ roofs: [] }))).toThrow(/no roof of float32/)
})
