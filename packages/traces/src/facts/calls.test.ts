import { expect, test } from 'vitest'
import { readContent } from '../../test/support/recordings/check-reader.ts'
import { annotation, type Event, kernel, launch, op, traceOf } from '../../test/support/recordings/example-kineto.ts'
import type { RecordedCalls } from './facts.ts'
import { factsOf } from './facts-of.ts'

async function callsOf(events: readonly Event[]): Promise<RecordedCalls | string | undefined> {
  return factsOf(await readContent(traceOf(events)), { calls: true }).calls
}

const rows = (told: RecordedCalls | string | undefined): [string, number][] | string | undefined =>
  typeof told === 'object' ? told.calls.map(({ name, timeMs }) => [name, Number(timeMs.toFixed(6))]) : told

test('the outermost operator that is known stands for all that it calls; views are none', async () => {
  const told = await callsOf([
    ...[op('aten::conv2d', 0, 100), op('aten::convolution', 5, 90), op('aten::mkldnn_convolution', 10, 80)],
    ...[op('custom::block', 100, 50), op('aten::linear', 110, 20), op('aten::t', 112, 2), op('aten::addmm', 115, 10)],
    ...[op('aten::view', 150, 2), op('custom::other', 160, 10), op('custom::inner', 162, 5)],
  ])
  expect(rows(told)).toEqual([
    ['aten::conv2d', 0.1],
    ['aten::linear', 0.02],
    ['custom::other', 0.01],
  ])
})

test('of a device: what its kernels took, however deep they were launched', async () => {
  const told = await callsOf([
    ...[op('aten::linear', 0, 50, { 'External id': 1 }), op('aten::addmm', 5, 40, { 'External id': 2 }), launch(10, 5, 1)],
    ...[op('aten::relu', 60, 20, { 'External id': 3 }), launch(65, 5, 2)],
    ...[
      kernel('gemm', 30, 200, { correlation: 1, 'External id': 2 }),
      kernel('splitk', 230, 20, { correlation: 1, 'External id': 2 }),
      kernel('relu', 250, 30, { correlation: 2, 'External id': 3 }),
      kernel('lost', 280, 10),
    ],
  ])
  expect(rows(told)).toEqual([
    ['aten::linear', 0.22],
    ['aten::relu', 0.03],
  ])
  expect(told).toMatchObject({ restMs: expect.closeTo(0.01, 6) })
})

test('steps that called something else are left out, times are means of the others', async () => {
  const step = (n: number, ts: number) => annotation(`ProfilerStep#${n}`, ts, 100)
  const told = await callsOf([
    ...[step(1, 0), step(2, 100), step(3, 200), step(4, 300)],
    ...[op('aten::mm', 0, 10), op('aten::relu', 10, 10)],
    ...[op('aten::mm', 100, 30), op('aten::relu', 130, 10)],
    ...[op('aten::mm', 200, 30)],
    ...[op('aten::mm', 300, 30)],
  ])
  expect(rows(told)).toEqual([
    ['aten::mm', 0.02],
    ['aten::relu', 0.01],
  ])
  expect(told).toMatchObject({ runs: 2, otherRuns: 1 })
})

test('without marked steps the rounds of a loop are found', async () => {
  const round = (ts: number) => [op('aten::mm', ts, 10), op('aten::relu', ts + 10, 5), op('aten::view', ts + 15, 2)]
  const told = await callsOf([...round(0), ...round(20), ...round(40)])
  expect(rows(told)).toEqual([
    ['aten::mm', 0.01],
    ['aten::relu', 0.005],
  ])
  // The rest is of a round, too.
  expect(told).toMatchObject({ runs: 3, otherRuns: 0, restMs: expect.closeTo(0.002, 6) })
})

test('a marked step is one run, however alike its layers are', async () => {
  const layer = (ts: number) => [op('aten::mm', ts, 10), op('aten::relu', ts + 10, 5)]
  const told = await callsOf([annotation('ProfilerStep#1', 0, 100), ...layer(0), ...layer(20), ...layer(40)])
  expect(rows(told)).toHaveLength(6)
  expect(told).toMatchObject({ runs: 1, otherRuns: 0 })
})

test('of a device without work in the window the host is told', async () => {
  const step = (n: number, ts: number) => annotation(`ProfilerStep#${n}`, ts, 100)
  const told = await callsOf([
    ...[step(1, 0), step(2, 100), step(3, 200)],
    ...[op('aten::mm', 0, 10), op('aten::mm', 100, 10), op('aten::mm', 200, 10), launch(212, 5, 1)],
    kernel('late', 220, 30, { correlation: 1 }),
  ])
  expect(rows(told)).toEqual([['aten::mm', 0.01]])
})

test('a recording without operators says so', async () => {
  expect(await callsOf([kernel('k', 0, 10), annotation('x', 0, 5)])).toBe('no operators were recorded')
})
