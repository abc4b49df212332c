import { expect, test } from 'vitest'
import { eventRows, readContent, readTimeline } from '../../test/support/recordings/check-reader.ts'
import { example, kernel, launch, op } from '../../test/support/recordings/example-kineto.ts'

test('operators, launches, kernels and copies, joined by their ids', async () => {
  const recording = await readTimeline(example())
  expect(recording).toMatchObject({ format: 'pytorch', version: '1', recordedWith: ['shapes'], slowed: true, warnings: [] })
  expect(recording.devices).toEqual([
    {
      name: 'NVIDIA A100',
      computeCapability: 8,
      memoryBytes: 40e9,
      multiprocessors: 108,
      flopsPerSecond: null,
      bytesPerSecond: null,
    },
  ])
  expect(eventRows(recording)).toEqual([
    ['annotation', 'ProfilerStep#1', 0, 100],
    ['op', 'aten::mm', 10, 20],
    ['launch', 'cudaLaunchKernel', 20, 5],
    ['kernel', 'ampere_sgemm', 30, 40],
    ['copy', 'Memcpy HtoD (Pageable -> Device)', 75, 5],
    ['communication', 'ncclDevKernel_AllReduce', 80, 10],
  ])
  const { correlation, operator, detail, details } = recording.timeline
  expect([correlation[2], correlation[3], operator[1], operator[3]]).toEqual([7, 7, 5, 5])
  expect(details[detail[1]!]).toEqual({
    shapes: [
      [64, 128],
      [128, 32],
    ],
    types: ['float', 'float'],
  })
  expect(details[detail[4]!]).toEqual({ bytes: 4096, stream: '7' })
})

test.each([1, 7, 64])('the same in pieces of %i bytes', async (piece) => {
  expect(eventRows(await readTimeline(example(), piece))).toEqual(eventRows(await readTimeline(example())))
})

test('absolute times of nanoseconds lose none of them', async () => {
  // Doubles of this size are 0.25 µs apart.
  const text = `{"schemaVersion":1,"deviceProperties":[],"traceEvents":[
    {"ph":"X","cat":"cpu_op","name":"a","pid":1,"tid":1,"ts":1712195495502094.501,"dur":1},
    {"ph":"X","cat":"cpu_op","name":"b","pid":1,"tid":1,"ts":"1712195495502095.502","dur":"0.125"}]}`
  expect(eventRows(await readTimeline(text))[1]).toEqual(['op', 'b', 1.001, 0.125])
})

test('what is drawn over other events is no event: spans of all, annotations of the device, overhead', async () => {
  const extra = ['Trace', 'gpu_user_annotation', 'overhead'].map((cat) => ({ ...op('x', 0, 90), cat }))
  expect(eventRows(await readTimeline(example(extra))).length).toBe(6)
})

test('events at time 0 of length 0 are damage, and counted', async () => {
  const { warnings } = await readTimeline(example([kernel('lost', 0, 0)]))
  expect(warnings).toEqual(['1 events without a time of their own are left out'])
})

test('older files: categories and flows of before, and no schema', async () => {
  const events = [
    { ...op('aten::mm', 0, 5), cat: 'Operator' },
    { ...launch(1, 2), cat: 'Runtime' },
    { ...kernel('sgemm', 5, 5), cat: 'Kernel' },
  ]
  expect(eventRows(await readTimeline({ traceEvents: events })).map(([kind]) => kind)).toEqual(['op', 'launch', 'kernel'])
})

test('AMD and MTIA: copies that are called kernels, waits on the device', async () => {
  const rows = [
    kernel('__amd_rocclr_copyBuffer', 0, 1),
    kernel('MEMORY_COPY_HOST_TO_DEVICE', 2, 1),
    { ...kernel('dma_request', 4, 1), cat: 'mtia_ccp_events' },
    { ...kernel('event_wait', 6, 1), cat: 'mtia_ccp_events' },
    { ...kernel('fc-dtype_Float', 8, 1), cat: 'mtia_ccp_events' },
  ]
  const recording = await readTimeline({ schemaVersion: 1, deviceProperties: [], traceEvents: rows })
  expect(eventRows(recording).map(([kind]) => kind)).toEqual(['copy', 'copy', 'copy', 'device-wait', 'kernel'])
})

test('AMD: a kernel that runs into the next one of its queue is cut there', async () => {
  const amd = { schemaVersion: 1, deviceProperties: [{ name: 'AMD Instinct MI300X', computeMajor: 9, computeMinor: 4 }] }
  const recording = await readTimeline({
    ...amd,
    traceEvents: [kernel('fmha', 0, 1_600_000), kernel('gemm', 10, 5), kernel('add', 20, 5)],
  })
  expect(eventRows(recording).map(([, , , us]) => us)).toEqual([10, 5, 5])
  expect(recording.warnings[0]).toMatch(/^1 kernels ran into the next/)
  expect(recording.devices[0]?.computeCapability).toBeNull()
})

test('a file that is cut off is read as far as it goes, and says so', async () => {
  const whole = JSON.stringify(example())
  const cut = whole.slice(0, whole.indexOf('Memcpy') - 40)
  const recording = await readTimeline(cut)
  expect(recording.timeline.length).toBe(4)
  expect(recording.warnings).toEqual(['the file ends before its events do: read as far as it goes'])
})

test('an event that is not valid JSON costs itself alone', async () => {
  const whole = JSON.stringify(example(Array.from({ length: 400 }, (_, i) => op(`op${i}`, 200 + i, 1))))
  const broken = whole.replace('"name":"op7"', '"name":"o"p"7"')
  const recording = await readTimeline(broken)
  expect(recording.timeline.length).toBe(405)
  expect(recording.warnings).toEqual(['1 of 406 events cannot be read and are left out'])
})

test('raw control characters in a name are taken as they are', async () => {
  const text = JSON.stringify(example()).replace('aten::mm', 'aten::m\u0001m')
  expect(eventRows(await readTimeline(text))[1]![1]).toBe('aten::m\u0001m')
})

test.each([
  ['no events', { schemaVersion: 1, deviceProperties: [], traceEvents: [] }, /without events that took time/],
  ['no array', { schemaVersion: 1, deviceProperties: [] }, /no traceEvents/],
  [
    'nothing that can be read',
    '{"schemaVersion":1,"traceEvents":[{"ph" "X"},{"ph" "X"},{"ph" "X"},{"ph" "X"},{"ph" "X"}]}',
    /1 of 1 events cannot be read/,
  ],
])('refuses a trace with %s', async (_, content, message) => {
  await expect(readContent(content)).rejects.toThrow(message)
})

test('members in any order: arguments before what they are arguments of', async () => {
  const reversed = (event: unknown): unknown => Object.fromEntries(Object.entries(event as object).reverse())
  const { traceEvents, ...rest } = example() as { traceEvents: readonly unknown[] }
  const [usual, other] = [await readTimeline(example()), await readTimeline({ ...rest, traceEvents: traceEvents.map(reversed) })]
  expect(eventRows(other)).toEqual(eventRows(usual))
  expect(other.timeline.details).toEqual(usual.timeline.details)
  expect([...other.timeline.correlation.subarray(0, 6)]).toEqual([...usual.timeline.correlation.subarray(0, 6)])
})

test('arguments that are no JSON within their braces are read as far as they go, and are of no other event', async () => {
  const text = JSON.stringify(example())
  const damaged = text.replace('"correlation":7,"External id":5}},', '"correlation":7,"External id" 5}},')
  const { timeline, warnings } = await readTimeline(damaged)
  expect(warnings).toEqual([])
  expect([timeline.correlation[2], timeline.operator[2]]).toEqual([7, 0])
  // An event that breaks off behind its arguments is left out with them, and the next, which has none, has none.
  const launched = '"correlation":7,"External id":5}},'
  const kernelArgs = '"args":{"device":0,"stream":7,"correlation":7,"External id":5}'
  expect([text.includes(launched), text.includes(kernelArgs)]).toEqual([true, true])
  const cut = text.replace(launched, `${launched.slice(0, -2)} 9},`).replace(kernelArgs, '"x":1')
  const recovered = await readTimeline(cut)
  expect(recovered.warnings.join()).toMatch(/1 of 6 events cannot be read/)
  expect(eventRows(recovered).map(([kind]) => kind)).toEqual(['annotation', 'op', 'kernel', 'copy', 'communication'])
  expect([recovered.timeline.correlation[2], recovered.timeline.detail[2]]).toEqual([0, 0])
})
