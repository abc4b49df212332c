import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { availabilityHere, checkEngine, needsEngine } from '../../../test/support/engines/check-engine.ts'
import { floats } from '../../../test/support/engines/example-models.ts'
import { plainOptions } from '../../../test/support/engines/example-options.ts'
import { recordedSuite } from '../../../test/support/engines/example-recorded.ts'
import { litert } from './litert.ts'

const FIXTURES = path.resolve(import.meta.dirname, '../../../../../fixtures/formats/tflite')
const availability = await availabilityHere(litert)
const suite = recordedSuite('tflite', { file: path.join(FIXTURES, 'unknown-operator.tflite'), says: /Betainc/ })

const GAPS = {
  'a recurrent network': 'its C API takes no variable tensors, and a fused LSTM keeps its state in them',
  'an empty tensor in and out': 'it refuses to resize a tensor to nothing',
  'strings in and out': 'strings lie packed in its tensors, in a way that is not read here',
}

checkEngine({ engine: litert, availability, tolerance: { absolute: 1e-5, relative: 1e-4 }, suite, gaps: GAPS })

describe.skipIf(!availability.ok)('litert', needsEngine(availability), () => {
  const file = path.join(FIXTURES, 'engine/perceptron.tflite')
  const rows = (count: number) => ({ x: floats([count, 16], count) })

  test('prepared predictions of several sizes, in turns', async () => {
    const session = await litert.open(file, plainOptions)
    const [one, five] = [rows(1), rows(5)]
    const expected = [(await session.run(one)).y!, (await session.run(five)).y!]
    const predict = [session.prepare(one), session.prepare(five)]
    for (const at of [0, 1, 1, 0, 1]) await predict[at]!()
    expect([(await session.run(one)).y, (await session.run(five)).y]).toEqual(expected)
    await session.close()
  })

  test('as many threads as were asked for, and one untold', async () => {
    for (const [threads, expected] of [
      [null, 1],
      [2, 2],
    ] as const) {
      const session = await litert.open(file, { ...plainOptions, threads })
      expect(session.threads).toBe(expected)
      expect((await session.run(rows(2))).y!.shape).toEqual([2, 4])
      await session.close()
    }
  })

  test('its own kernels instead of the delegate', async () => {
    const session = await litert.open(file, { ...plainOptions, configEntries: { kernel_mode: 'builtin' } })
    const delegated = await litert.open(file, plainOptions)
    const [own, other] = [(await session.run(rows(3))).y!, (await delegated.run(rows(3))).y!]
    const [a, b] = [own.data, other.data] as [Float32Array, Float32Array]
    expect(Math.max(...a.map((value, i) => Math.abs(value - b[i]!)))).toBeLessThan(1e-4)
    await session.close()
    await delegated.close()
  })

  test('a session that is closed, feeds that do not fit and a file that is none are errors, not the end of the process', async () => {
    const session = await litert.open(file, plainOptions)
    const predict = session.prepare(rows(1))
    await expect(session.run({})).rejects.toThrow('no value for the input x')
    await expect(session.run({ x: { dtype: 'int8', shape: [1, 16], data: new Int8Array(16) } })).rejects.toThrow(
      'the input x is float32, not int8',
    )
    await session.close()
    await session.close()
    await expect(predict()).rejects.toThrow('closed')
    await expect(litert.open(import.meta.filename, plainOptions)).rejects.toThrow(
      /^Load model from .*litert\.test\.ts failed: \S/,
    )
    expect(fs.existsSync(file)).toBe(true)
    expect(await litert.available({ packageFrom: null, litert: import.meta.filename })).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/litert\.test\.ts does not load: /),
    })
  })
})
