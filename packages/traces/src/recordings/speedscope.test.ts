import { expect, test } from 'vitest'
import { readContent, readFunctions } from '../../test/support/recordings/check-reader.ts'

const $schema = 'https://www.speedscope.app/file-format-schema.json'
const run = { name: 'run', file: '/x/onnxruntime/capi/onnxruntime_inference_collection.py', line: 200 }
const frames = [{ name: 'main', file: 'serve.py', line: 1 }, { name: 'decode', file: 'serve.py', line: 5 }, run]

test('samples: self and total shares, the model apart', async () => {
  const profile = {
    type: 'sampled',
    name: 'main',
    unit: 'seconds',
    startValue: 0,
    endValue: 4,
    samples: [
      [0, 1],
      [0, 2],
      [0, 2],
    ],
    weights: [1, 1, 2],
  }
  const { functions } = await readFunctions({ $schema, shared: { frames }, profiles: [profile] })
  expect(functions).toMatchObject({
    how: 'samples',
    totalMs: 4000,
    samples: 3,
    model: { name: 'the ONNX Runtime session', share: 0.75 },
  })
  expect(functions.rows.map(({ name, selfShare, totalShare }) => [name, selfShare, totalShare])).toEqual([
    ['run', 0.75, 0.75],
    ['decode', 0.25, 0.25],
    ['main', 0, 1],
  ])
})

test('events that open and close, recursion counted once', async () => {
  const events = [
    ['O', 0, 0],
    ['O', 1, 1],
    ['O', 1, 2],
    ['C', 1, 3],
    ['C', 1, 4],
    ['C', 0, 10],
  ].map(([type, frame, at]) => ({ type, frame, at }))
  const { functions } = await readFunctions({
    $schema,
    shared: { frames },
    profiles: [{ type: 'evented', unit: 'milliseconds', startValue: 0, endValue: 10, events }],
  })
  expect(functions).toMatchObject({ how: 'calls', totalMs: 10 })
  expect(functions.rows.map(({ name, selfShare, totalShare }) => [name, selfShare, totalShare])).toEqual([
    ['main', 0.7, 1],
    ['decode', 0.3, 0.3],
  ])
})

test('of several threads one is judged, and that is said', async () => {
  const thread = (weight: number) => ({ type: 'sampled', unit: 'none', samples: [[0]], weights: [weight] })
  const { functions, warnings } = await readFunctions({ $schema, shared: { frames }, profiles: [thread(1), thread(9)] })
  expect(functions.totalMs).toBeNull()
  expect(warnings[0]).toMatch(/of 2 threads/)
})

test.each([
  [
    'a frame that is not there',
    { $schema, shared: { frames }, profiles: [{ type: 'sampled', samples: [[9]], weights: [1] }] },
    /names a frame/,
  ],
  ['no samples', { $schema, shared: { frames }, profiles: [] }, /no profile in it has samples/],
  ['half a file', `{"$schema":"${$schema}","shared":`, /damaged or cut off/],
])('refuses %s', async (_, content, message) => {
  await expect(readContent(content)).rejects.toThrow(message)
})
