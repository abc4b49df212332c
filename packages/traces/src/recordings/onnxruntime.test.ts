import { expect, test } from 'vitest'
import { eventRows, readTimeline } from '../../test/support/recordings/check-reader.ts'

const session = (name: string, ts: number, dur: number) => ({ cat: 'Session', pid: 1, tid: 1, dur, ts, ph: 'X', name, args: {} })
const node = (name: string, ts: number, dur: number, op: string) => ({
  ...{ cat: 'Node', pid: 1, tid: 1, dur, ts, ph: 'X', name: `${name}_kernel_time` },
  args: {
    op_name: op,
    provider: 'CPUExecutionProvider',
    input_type_shape: [{ float: [1, 8] }, { float: [8, 4] }],
    output_size: '16',
  },
})

test('nodes with their operators, shapes and providers, and each run as a step', async () => {
  const profile = [
    session('model_loading_uri', 0, 900),
    session('model_run', 1000, 50),
    node('fc', 1005, 30, 'MatMul'),
    session('SequentialExecutor::Execute', 1002, 46),
  ]
  const recording = await readTimeline(profile)
  expect(recording).toMatchObject({
    format: 'onnxruntime',
    recognisedBy: 'events of the category Session',
    recordedWith: ['shapes'],
  })
  expect(eventRows(recording)[2]).toEqual(['node', 'fc_kernel_time', 1005, 30])
  const { details, detail } = recording.timeline
  expect(details[detail[2]!]).toEqual({
    opType: 'MatMul',
    provider: 'CPUExecutionProvider',
    types: ['float', 'float'],
    shapes: [
      [1, 8],
      [8, 4],
    ],
  })
})

test('old versions: fences of nodes are no nodes, and shapes stand in text', async () => {
  const before = { ...node('fc', 0, 1, 'MatMul'), name: 'fc_fence_before' }
  const old = {
    ...node('fc', 5, 30, 'MatMul'),
    args: { op_name: 'MatMul', provider: 'CPU', input_type_shape: '[{"float":[2,3]}]' },
  }
  const recording = await readTimeline([session('model_run', 0, 40), before, old])
  expect(eventRows(recording).map(([kind]) => kind)).toEqual(['session', 'node'])
  expect(recording.timeline.details[recording.timeline.detail[1]!]?.shapes).toEqual([[2, 3]])
})

test('kernels of a GPU beside the nodes', async () => {
  const gpu = { cat: 'Kernel', pid: 0, tid: 7, ts: 10, dur: 5, ph: 'X', name: 'sgemm', args: { stream: '7' } }
  const recording = await readTimeline([session('model_run', 0, 40), node('fc', 5, 3, 'MatMul'), gpu])
  expect(eventRows(recording)[2]![0]).toBe('kernel')
})
