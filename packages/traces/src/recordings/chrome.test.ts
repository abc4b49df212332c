import { expect, test } from 'vitest'
import { eventRows, readContent, readTimeline } from '../../test/support/recordings/check-reader.ts'

test('begin and end apart, nested, on two threads', async () => {
  const half = (ph: string, tid: number, name: string, ts: number) => ({ ph, pid: 1, tid, name, ts })
  const events = [
    half('B', 1, 'outer', 0),
    half('B', 1, 'inner', 10),
    half('B', 2, 'other', 12),
    half('E', 1, 'inner', 20),
    half('E', 2, '', 30),
    half('E', 1, '', 50),
  ]
  expect(eventRows(await readTimeline(events))).toEqual([
    ['slice', 'inner', 10, 10],
    ['slice', 'other', 12, 18],
    ['slice', 'outer', 0, 50],
  ])
})

test('an array needs no end, and may have a comma too many', async () => {
  const event = '{"ph":"X","name":"a","ts":1,"dur":2,"pid":1,"tid":1}'
  for (const text of [`[${event},\n${event}`, `[${event},${event},]`, `[${event},${event},\n`]) {
    const recording = await readTimeline(text)
    expect(recording.timeline.length).toBe(2)
    expect(recording.warnings).toEqual([])
  }
})

test('VizTracer is named by its version', async () => {
  const trace = {
    traceEvents: [{ ph: 'X', cat: 'FEE', name: 'f (a.py:1)', ts: 0, dur: 5, pid: 1, tid: 1 }],
    viztracer_metadata: { version: '1.1.1' },
  }
  const recording = await readTimeline(trace)
  expect(recording.version).toBe('VizTracer 1.1.1')
  expect(eventRows(recording)[0]![0]).toBe('python')
})

test.each([
  ['counters alone', [{ ph: 'C', name: 'c', ts: 0, args: { v: 1 } }], /without events that took time/],
  ['an object that is none', { a: 1 }, /its members are a: no trace that is known/],
  ['nothing', '   ', /nothing but blanks/],
])('refuses %s', async (_, content, message) => {
  await expect(readContent(content)).rejects.toThrow(message)
})
