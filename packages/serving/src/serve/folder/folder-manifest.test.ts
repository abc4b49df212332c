import { expect, test } from 'vitest'
import { crowdedText, fewerText, platformOf, queueOf, readManifest, workersOf } from './folder-manifest.ts'

const MANIFEST = { schema: 'whyslow-folder/1', model: 'model.onnx', inputs: [], outputs: [] }
const of = (options: object | null) =>
  readManifest('fast', (name) => {
    if (name === 'options.json' && options === null) throw new Error('none')
    return JSON.stringify(name === 'manifest.json' ? MANIFEST : name === 'options.json' ? options : {})
  })

test('a folder says how it serves, and what its sessions take of the CPUs', () => {
  const quiet = { session: { intra_op: { allow_spinning: '0' } } }
  expect(of({ session: { intraOpNumThreads: 2, extra: quiet }, serving: { workers: 3, maxBatch: 8 } })).toMatchObject({
    serving: { workers: 3, maxBatch: 8, fewRows: 8, batchDelayMs: 0, queue: null, deadlineMs: null },
    threads: 2,
    spinning: false,
  })
  expect(of({ session: {} })).toMatchObject({ serving: { workers: 1 }, threads: null, spinning: true })
  for (const options of [{ compiled: {} }, null]) expect(of(options)).toMatchObject({ threads: null, spinning: null })
})

test('a queue is for as many workers as it was found with', () => {
  const limited = of({ serving: { workers: 2, maxBatch: 4, queue: 38, deadlineMs: 200 } }).serving
  expect(limited).toMatchObject({ queue: 38, deadlineMs: 200 })
  expect([queueOf(limited, 2), queueOf(limited, 1), queueOf(limited, 3)]).toEqual([38, 19, 57])
  expect(queueOf(of({ serving: { workers: 2, maxBatch: 32 } }).serving, 2)).toBe(128)
  expect(of({ serving: { queue: 1.5, deadlineMs: -1 } }).serving).toMatchObject({ queue: null, deadlineMs: null })
})

test('threads above the CPUs are told in one line, and others not', () => {
  expect(crowdedText(2, 2, 2)).toMatch(/^2 workers of 2 threads for 2 CPUs: they take the CPU from each other/)
  expect(crowdedText(2, null, 2)).toMatch(/^2 workers of 2 threads/)
  expect([crowdedText(2, 1, 2), crowdedText(1, 2, 2), crowdedText(1, null, 4)]).toEqual([null, null, null])
})

test('fewer CPUs than it was found with have room for fewer workers, which is told', () => {
  const found = of({ session: { intraOpNumThreads: 2 }, serving: { workers: 4 } })
  expect([8, 16, 4, 3, 1].map((cpus) => workersOf(found, cpus))).toEqual([4, 4, 2, 1, 1])
  expect(workersOf(of({ session: {}, serving: { workers: 4 } }), 8)).toBe(1)
  // What is compiled has one thread.
  expect(workersOf(of({ compiled: {}, serving: { workers: 4 } }), 3)).toBe(3)
  expect(fewerText(found, 2, 4)).toMatch(/^options\.json says 4 workers, and 4 CPUs have room for 2: /)
  expect(fewerText(found, 4, 8)).toBe(null)
})

test('a model is told as the format of its file', () => {
  expect(['model.onnx', 'model.tflite', 'model.json'].map(platformOf)).toEqual(['onnx_onnxv1', 'tflite', 'whyslow_compiled'])
})
