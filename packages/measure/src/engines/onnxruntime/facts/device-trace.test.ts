import { expect, test } from 'vitest'
import { type RawEvent, readDeviceTrace } from './device-trace.ts'

const run = (ts: number): RawEvent => ({ cat: 'Session', name: 'model_run', ts, dur: 900, args: {} })
const node = (name: string, opType: string, provider: string, ts: number, dur: number): RawEvent => ({
  cat: 'Node',
  name: `${name}_kernel_time`,
  ts,
  dur,
  args: { op_name: opType, provider },
})
const program = (name: string, ts: number, dur: number): RawEvent => ({ cat: 'Api', name, ts, dur, args: {} })

/** A prediction at `ts`: one node on the device with two programs, one on the CPU between two copies. */
const prediction = (ts: number, kernelUs: number): RawEvent[] => [
  run(ts),
  node('conv', 'Conv', 'WebGpuExecutionProvider', ts + 1, 20),
  node('Memcpy', 'MemcpyToHost', 'WebGpuExecutionProvider', ts + 2, 300),
  node('nms', 'NonMaxSuppression', 'CPUExecutionProvider', ts + 3, 100),
  node('Memcpy_1', 'MemcpyFromHost', 'WebGpuExecutionProvider', ts + 4, 50),
  program('conv&Conv&Transpose', ts + 5000, kernelUs),
  program('conv&Conv&Conv2dMM', ts + 5001, 3 * kernelUs),
]

test('the warm-up counts on neither side, though the device’s clock is another', () => {
  const trace = readDeviceTrace([...prediction(0, 100_000), ...prediction(1000, 200), ...prediction(2000, 400)], 1)
  // Programs: (200 + 400) / 2 and three times that, µs; nodes are the same in both predictions.
  expect(trace).toEqual({
    kernelsMs: expect.closeTo(1.2),
    programs: [
      { node: 'conv', opType: 'Conv', program: 'Conv2dMM', timeMs: expect.closeTo(0.9), runs: 1 },
      { node: 'conv', opType: 'Conv', program: 'Transpose', timeMs: expect.closeTo(0.3), runs: 1 },
    ],
    deviceNodes: 1,
    cpuNodes: [{ name: 'nms', opType: 'NonMaxSuppression', timeMs: expect.closeTo(0.1) }],
    copies: [
      { name: 'Memcpy', opType: 'MemcpyToHost', timeMs: expect.closeTo(0.3) },
      { name: 'Memcpy_1', opType: 'MemcpyFromHost', timeMs: expect.closeTo(0.05) },
    ],
    predictions: 2,
  })
})

test('a device without timestamps has no time, not none', () => {
  const events = prediction(0, 1).filter(({ cat }) => cat !== 'Api')
  expect(readDeviceTrace(events, 0)).toMatchObject({ kernelsMs: null, programs: [] })
})
