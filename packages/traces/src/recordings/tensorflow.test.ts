import { expect, test } from 'vitest'
import { eventRows, readTimeline } from '../../test/support/recordings/check-reader.ts'

const name = (pid: number, text: string) => ({ ph: 'M', pid, name: 'process_name', args: { name: text } })
const thread = (pid: number, tid: number, text: string) => ({ ph: 'M', pid, tid, name: 'thread_name', args: { name: text } })
const slice = (pid: number, tid: number, text: string, ts: number, dur: number, args = {}) => ({
  ph: 'X',
  pid,
  tid,
  name: text,
  ts,
  dur,
  args,
})

const trace = (events: readonly object[]) => ({ displayTimeUnit: 'ns', metadata: { 'highres-ticks': true }, traceEvents: events })

test('streams of a device are its work; rows that say the same time again are not', async () => {
  const recording = await readTimeline(
    trace([
      ...[name(1, '/device:GPU:0'), thread(1, 13, 'stream#13(Compute)'), thread(1, 14, 'Steps'), thread(1, 15, 'XLA Ops')],
      ...[name(2, '/host:CPU'), thread(2, 5, 'python')],
      ...[slice(1, 13, 'ampere_sgemm', 100, 50), slice(1, 13, 'MemcpyH2D', 160, 10), slice(1, 14, '1', 100, 90)],
      slice(2, 5, 'dense/MatMul', 90, 8, { long_name: 'dense/MatMul:MatMul' }),
    ]),
  )
  expect(recording).toMatchObject({ format: 'tensorflow', recognisedBy: 'the process /device:GPU:0' })
  expect(eventRows(recording).map(([kind]) => kind)).toEqual(['kernel', 'copy', 'device-wait', 'op'])
  expect(recording.timeline.tracks.map(({ device }) => device)).toEqual(['/device:GPU:0', '/device:GPU:0', null])
})

test('displayTimeUnit is the unit of labels: times are µs', async () => {
  const rows = eventRows(await readTimeline(trace([name(2, '/host:CPU'), slice(2, 5, 'a', 10, 1), slice(2, 5, 'b', 20, 2.5)])))
  expect(rows[1]).toEqual(['slice', 'b', 10, 2.5])
})
