import { expect, test } from 'vitest'
import { readContent, readFunctions } from '../../test/support/recordings/check-reader.ts'
import { marshalled } from '../../test/support/recordings/example-marshal.ts'

const ort = '/x/onnxruntime/capi/onnxruntime_inference_collection.py'

test('own and total times, the model with all it calls, native code apart', async () => {
  const file = marshalled([
    [
      ['serve.py', 10, 'decode'],
      [1, 1, 0.3, 0.3],
    ],
    [
      [ort, 200, 'run'],
      [2, 2, 0.1, 0.6],
    ],
    [
      ['~', 0, "<method 'run' of 'InferenceSession' objects>"],
      [2, 2, 0.5, 0.5],
    ],
    [
      ['serve.py', 1, 'main'],
      [1, 1, 0.1, 1],
    ],
  ])
  const { functions } = await readFunctions(file)
  expect(functions).toMatchObject({ how: 'calls', samples: null, model: { name: 'the ONNX Runtime session' } })
  expect(functions.totalMs).toBeCloseTo(1000, 6)
  expect(functions.model!.share).toBeCloseTo(0.6, 6)
  expect(functions.pythonShare).toBeCloseTo(0.5, 6)
  expect(functions.rows[0]).toMatchObject({ file: null, line: null, language: 'native', calls: 2 })
})

test.each([
  ['code', Buffer.concat([Buffer.from([0xfb, 0xa9, 3]), Buffer.from('cccccc')]), /Python code, not a profile/],
  [
    'half of it',
    marshalled([
      [
        ['a.py', 1, 'f'],
        [1, 1, 1, 1],
      ],
    ]).subarray(0, 20),
    /cut off at byte/,
  ],
  ['a reference to nothing', Buffer.from([0xfb, 0xa9, 3, 0x72, 9, 0, 0, 0]), /reference to nothing/],
  [
    'a key that is no function',
    marshalled([
      [
        ['a.py', 'x', 'f'],
        [1, 1, 1, 1],
      ],
    ]),
    /names no function/,
  ],
])('refuses %s', async (_, content, message) => {
  await expect(readContent(content)).rejects.toThrow(message)
})

test('a pickle is no profile', async () => {
  await expect(readContent(Buffer.from([0x80, 4, 0x95, 0, 0, 0, 0, 0, 0, 0, 0, 0x2e]))).rejects.toThrow(/this is a pickle/)
})
