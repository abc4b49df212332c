import { expect, test } from 'vitest'
import type { ReportDocument } from '../documents/report.ts'
import { renderChromeTrace } from './chrome-trace.ts'

const node = (name: string, timeMs: number) => ({
  name,
  origin: [],
  opType: 'Conv',
  timeMs,
  share: 0,
  flops: null,
  bytes: null,
  floorMs: null,
  bound: null,
})
const doc = {
  tool: { version: '1' },
  latency: { p50Ms: 10 },
  nodes: [node('a', 4), node('free', 0), node('b', 5)],
  breakdown: [{ part: 'kernels', area: 'software', timeMs: 9, share: 0.9 }],
} as unknown as ReportDocument

test('nodes follow each other, in µs, within a prediction', () => {
  const { traceEvents } = JSON.parse(renderChromeTrace(doc)) as { traceEvents: Record<string, unknown>[] }
  const slices = traceEvents.filter(({ ph }) => ph === 'X').map(({ name, ts, dur, tid }) => [name, ts, dur, tid])
  expect(slices).toEqual([
    ['prediction', 0, 10_000, 2],
    ['kernels', 0, 9000, 2],
    ['a', 0, 4000, 1],
    ['b', 4000, 5000, 1],
  ])
})

test('every event has what Perfetto and speedscope need', () => {
  const { traceEvents } = JSON.parse(renderChromeTrace(doc)) as { traceEvents: Record<string, unknown>[] }
  for (const event of traceEvents) {
    expect(['X', 'M']).toContain(event.ph)
    expect(typeof event.pid).toBe('number')
    if (event.ph === 'X') expect([event.ts, event.dur, event.tid].every((value) => typeof value === 'number')).toBe(true)
  }
})
