import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readContent, readFunctions } from '../../test/support/recordings/check-reader.ts'
import { pprofOf } from '../../test/support/recordings/example-pprof.ts'
import { plane, space } from '../../test/support/recordings/example-xspace.ts'
import { readTrace } from './index.ts'

const CPU = [
  ['samples', 'count'],
  ['cpu', 'nanoseconds'],
] as const
const files = { main: 'serve.py', decode: 'serve.py', run: '/x/onnxruntime/capi/onnxruntime_inference_collection.py' }
const samples = [
  { stack: [['decode'], ['main']], values: [1, 10e6] },
  { stack: [['run'], ['main']], values: [3, 30e6] },
]

const rows = async (content: Buffer) =>
  (await readFunctions(content)).functions.rows.map(({ name, selfShare, totalShare }) => [name, selfShare, totalShare])

test.each([false, true])('stacks, leaf first: self and total shares, the model apart (unpacked: %s)', async (unpacked) => {
  const content = pprofOf({ types: CPU, samples, files, unpacked })
  const { functions, format } = await readFunctions(content)
  expect(format).toBe('pprof')
  expect(functions).toMatchObject({ how: 'samples', totalMs: 40, samples: 4 })
  expect(functions.model).toEqual({ name: 'the ONNX Runtime session', share: 0.75 })
  expect(await rows(content)).toEqual([
    ['run', 0.75, 0.75],
    ['decode', 0.25, 0.25],
    ['main', 0, 1],
  ])
})

test('within a location what was inlined stands before its caller', async () => {
  const content = pprofOf({ types: CPU, samples: [{ stack: [['inner', 'outer'], ['main']], values: [1, 10e6] }] })
  expect(await rows(content)).toEqual(
    [
      ['inner', 1, 1],
      ['main', 0, 1],
      ['outer', 0, 1],
    ].sort((a, b) => Number(b[1]) - Number(a[1])),
  )
})

test('the default type is judged where it is a time, and waiting is none', async () => {
  const types = [
    ['wall', 'microseconds'],
    ['cpu', 'nanoseconds'],
  ] as const
  const one = [{ stack: [['main']], values: [5000, 1e6] }]
  expect((await readFunctions(pprofOf({ types, samples: one, defaultType: 'wall' }))).functions.totalMs).toBe(5)
  expect((await readFunctions(pprofOf({ types, samples: one }))).functions.totalMs).toBe(1)
})

test('more time than the profile was long is several threads', async () => {
  const { warnings } = await readFunctions(pprofOf({ types: CPU, samples, durationNs: 20e6 }))
  expect(warnings).toEqual(['times are of several threads together, more than the profile was long'])
})

test('a profile that Node wrote', async () => {
  const recording = await readTrace(join(import.meta.dirname, '../../../../fixtures/traces/node.pprof.gz'))
  if (recording.kind !== 'functions') throw new Error(recording.kind)
  expect(recording.format).toBe('pprof')
  // onnxruntime-node predicts in a callback of its own, not within the `run` that was called.
  expect(recording.functions.model).toMatchObject({ name: 'the ONNX Runtime session', share: expect.closeTo(0.58, 2) })
  expect(recording.functions.rows.reduce((sum, { selfShare }) => sum + selfShare, 0)).toBeCloseTo(1, 9)
  expect(recording.functions.rows.find(({ name }) => name === 'decode')).toMatchObject({ language: 'javascript' })
})

test.each([
  [
    'memory',
    pprofOf({ types: [['inuse_space', 'bytes']], samples: [{ stack: [['a']], values: [5] }] }),
    /inuse_space in bytes, no time/,
  ],
  [
    'waiting',
    pprofOf({
      types: [
        ['contentions', 'count'],
        ['delay', 'nanoseconds'],
      ],
      samples: [{ stack: [['a']], values: [5, 5] }],
    }),
    /delay in nanoseconds, no time/,
  ],
  ['no samples', pprofOf({ types: CPU, samples: [] }), /damaged|no sample of cpu/],
  ['half a file', pprofOf({ types: CPU, samples, files }).subarray(0, 60), /damaged \(/],
])('refuses %s', async (_, content, message) => {
  await expect(readContent(content)).rejects.toThrow(message)
})

test('an XSpace begins with the same byte and is none', async () => {
  await expect(readContent(space([plane('/host:CPU', { lines: [], events: {} })]))).rejects.toThrow(/profile without events/)
})
