import { expect, test } from 'vitest'
import { eventRows, readContent, readTimeline } from '../../test/support/recordings/check-reader.ts'
import { line, message, number, plane, space, text } from '../../test/support/recordings/example-xspace.ts'

const gpu = plane('/device:GPU:0', {
  lines: [
    line('Stream #13(Compute)', 1_712_195_495_502_094_501n, [
      [1, 2_000_000, 5_000_000],
      [2, 8_000_000, 1_000_000],
    ]),
    line('XLA Ops', 1_712_195_495_502_094_501n, [[1, 2_000_000, 5_000_000]]),
  ],
  events: { 1: 'ampere_sgemm', 2: 'MemcpyH2D' },
  numbers: { peak_teraflops_per_second: 19.5, compute_cap_major: 8 },
})

test('streams with picoseconds; derived lines left out; roofs of the file', async () => {
  const recording = await readTimeline(space([gpu]))
  expect(eventRows(recording)).toEqual([
    ['kernel', 'ampere_sgemm', 2, 5],
    ['copy', 'MemcpyH2D', 8, 1],
  ])
  expect(recording.devices).toMatchObject([{ name: '/device:GPU:0', computeCapability: 8, flopsPerSecond: 19.5e12 }])
})

test('statistics of an event are read once, however many events share them', async () => {
  const count = 30_000
  const stat = message(5, Buffer.concat([number(1, 1), number(3, 7)]))
  const metadata = Buffer.concat([number(1, 1), text(2, 'kernel'), ...Array.from({ length: count }, () => stat)])
  const shared = Buffer.concat([
    text(2, '/device:GPU:0'),
    message(
      3,
      line(
        'Stream #1',
        5n,
        Array.from({ length: count }, (_, k) => [1, 2 * k, 1] as const),
      ),
    ),
    message(4, Buffer.concat([number(1, 1), message(2, metadata)])),
    message(5, Buffer.concat([number(1, 1), message(2, Buffer.concat([number(1, 1), text(2, 'flops')]))])),
  ])
  const { timeline } = await readTimeline(space([shared]))
  expect(timeline.length).toBe(count)
})

const tpu = (lines: readonly Buffer[]) => plane('/device:TPU:0', { lines, events: { 1: 'jit_predict', 2: 'fusion.1' } })
const modules = line('XLA Modules', 1000n, [[1, 0, 9_000_000]])
const operators = line('XLA Ops', 1000n, [[2, 1_000_000, 5_000_000]])

test('of a TPU the operators of XLA, whatever empty lines stand beside them; where there are none, its programs', async () => {
  const both = await readTimeline(
    space([tpu([modules, operators, line('Async XLA Ops', 1000n, [[2, 0, 1]]), line('Overlay', 0n, [])])]),
  )
  expect(eventRows(both)).toEqual([['kernel', 'fusion.1', 1, 5]])
  const programs = await readTimeline(space([tpu([modules, line('XLA Ops', 1000n, [])])]))
  expect(eventRows(programs)).toEqual([['kernel', 'jit_predict', 0, 9]])
})

test('operators of the host by their types', async () => {
  const host = plane('/host:CPU', { lines: [line('python', 1000n, [[1, 0, 9_000_000]])], events: { 1: 'dense/MatMul:MatMul' } })
  const recording = await readTimeline(space([host]))
  expect(eventRows(recording)).toEqual([['op', 'dense/MatMul:MatMul', 0, 9]])
  expect(recording.timeline.details[recording.timeline.detail[0]!]).toEqual({ opType: 'MatMul' })
})

test('a file that is cut off is read as far as it goes', async () => {
  const whole = space([gpu, gpu])
  const recording = await readTimeline(whole.subarray(0, whole.length - 30))
  expect(recording.warnings).toEqual(['the file is cut off: read as far as it goes'])
})

test.each([
  ['nothing that took time', space([plane('/host:CPU', { lines: [], events: {} })]), /without events that took time/],
  ['damage', Buffer.concat([message(1, Buffer.from('\x12\x09/host:CPU\x1a\xff\xff', 'latin1'))]), /damaged XSpace/],
])('refuses %s', async (_, content, expected) => {
  await expect(readContent(content)).rejects.toThrow(expected)
})
