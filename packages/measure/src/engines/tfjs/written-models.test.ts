// Keras models written as TensorFlow.js graph models, loaded and run by TensorFlow.js itself, beside the makers' recorded outputs.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { readModel } from '@whyslow/formats/index.ts'
import { encodeTfjs, TFJS } from '@whyslow/formats/tfjs/write/index.ts'
import { liteGraphOf } from '@whyslow/formats/tflite/write/lite-model.ts'
import { ELEMENT_ARRAYS } from '@whyslow/graph/element-arrays.ts'
import { afterAll, describe, expect, test } from 'vitest'
import { onlyFull } from '../../../../../test/only-full.ts'
import { availabilityHere } from '../../../test/support/engines/check-engine.ts'
import { plainOptions } from '../../../test/support/engines/example-options.ts'
import { filesWithOutputs, namedArrays, recordedOf } from '../../../test/support/samples/example-outputs.ts'
import type { Feeds, Session, TensorValue } from '../types.ts'
import { tfjsCpu } from './tfjs-cpu.ts'
import { tfjsWasm } from './tfjs-wasm.ts'

const KERAS = path.resolve(import.meta.dirname, '../../../../../fixtures/formats/keras')
const TOLERANCE = 1e-4

/** What cannot be written, and why. */
const REFUSED: Readonly<Record<string, RegExp>> = {
  'k2-functions-networks.keras': /Atan/,
  'k2-conv3d.keras': /Resize 'up_sampling\/Resize' .*it has 5 axes/,
  'k2-lookups-given.h5': /LabelEncoder/,
  'k2-lookups-learnt.keras': /LabelEncoder/,
  'k2-lookups.keras': /LabelEncoder/,
  'k3-conv3d.keras': /groups over three spatial axes/,
  'k3-float64.keras': /the input 'x' .*it has no float64/,
  'k3-lookups.keras': /LabelEncoder/,
  'k3-ops-order.keras': /Atan/,
  'k3-open-sizes.keras': /more than one size of its result is free/,
  'k3-ops-shapes.keras': /Trilu/,
  'k3-reshaping-ranks.keras': /Resize 'up_sampling3d\/Resize' .*it has 5 axes/,
  'k3-resizing-bytes.keras': /uint8, which it does not have/,
  'k3-up-sampling-open.keras': /mode cubic/,
}

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'whyslow-tfjs-'))
afterAll(() => fs.rmSync(folder, { recursive: true }))

const fixtures = filesWithOutputs(KERAS).map((file) => ({ name: path.basename(file), file }))
const written = fixtures.filter(({ name }) => REFUSED[name] === undefined)
const engines = [tfjsCpu, tfjsWasm]
const found = await Promise.all(engines.map(async (engine) => ({ engine, here: await availabilityHere(engine) })))

async function fileOf({ name, file }: (typeof fixtures)[number]): Promise<string> {
  const own = path.join(folder, name)
  if (fs.existsSync(own)) return path.join(own, 'model.json')
  const { files } = encodeTfjs(liteGraphOf(await readModel(file), TFJS), file)
  fs.mkdirSync(own)
  for (const one of files) fs.writeFileSync(path.join(own, one.name), one.bytes)
  return path.join(own, 'model.json')
}

const recorded = (file: string, prefix: 'in/' | 'out/'): Feeds => namedArrays(recordedOf(file)!, prefix)

const numbersOf = ({ data }: TensorValue): number[] => Array.from(data as unknown as ArrayLike<number | bigint>, Number)

/** As a share of the largest number of the output. */
function differenceOf(given: TensorValue, expected: TensorValue): number {
  expect(given.shape).toEqual(expected.shape)
  expect(given.data).toBeInstanceOf(ELEMENT_ARRAYS[given.dtype])
  const [a, b] = [numbersOf(given), numbersOf(expected)]
  const largest = Math.max(...b.filter(Number.isFinite).map(Math.abs), Number.MIN_VALUE)
  return Math.max(0, ...b.map((one, k) => (Object.is(one, a[k]) || one === a[k] ? 0 : Math.abs(one - a[k]!) / largest)))
}

test.each(Object.entries(REFUSED))('%s is refused in one line', async (name, reason) => {
  const file = path.join(KERAS, name)
  const model = await readModel(file)
  const write = () => encodeTfjs(liteGraphOf(model, TFJS), file)
  expect(write).toThrow(reason)
  expect(write).toThrow(/^.*cannot be written as TensorFlow\.js: [^\n]*$/)
})

test('nearly all are written', () => {
  expect(written.length).toBeGreaterThanOrEqual(93)
})

describe.each(found.filter(({ here }) => here.ok))('$engine.id', ({ engine }) => {
  test.for(written.map((one, k) => ({ ...one, k })))('$name: the outputs are its maker’s', async (one, context) => {
    if (one.k % 4 > 0) onlyFull(context, 'more models of Keras')
    const session = await engine.open(await fileOf(one), plainOptions)
    const results = await session.run(recorded(one.file, 'in/'))
    await session.close()
    const expected = Object.entries(recorded(one.file, 'out/'))
    expect(Object.keys(results).sort()).toEqual(expected.map(([name]) => name).sort())
    for (const [name, value] of expected) expect(differenceOf(results[name]!, value), name).toBeLessThanOrEqual(TOLERANCE)
  })

  test.each(['k2-recurrent.h5', 'k3-bidirectional.keras', 'k3-conv-lstm.keras', 'k3-conv2d.keras'])(
    '%s: a prediction leaves no tensors behind',
    async (name) => {
      const file = path.join(KERAS, name)
      const session = await engine.open(await fileOf({ name, file }), plainOptions)
      const observed = await session.observe!(recorded(file, 'in/'))
      await session.close()
      expect(observed).toMatchObject({ othersLeft: 0, othersLeftBytes: 0 })
    },
  )
})

describe('whole numbers of other widths', () => {
  const open = async (): Promise<Session> => {
    const file = path.join(KERAS, 'k2-resizing-bytes.keras')
    return tfjsCpu.open(await fileOf({ name: path.basename(file), file }), plainOptions)
  }

  test('are fed as int32; what is beyond is refused', async () => {
    const session = await open()
    const [input] = session.inputs
    expect(input!.dtype).toBe('int32')
    const [name, value] = Object.entries(recorded(path.join(KERAS, 'k2-resizing-bytes.keras'), 'in/'))[0]!
    expect(value.dtype).toBe('uint8')
    const count = numbersOf(value).length
    const wide = (one: bigint): Feeds => ({ [name]: { ...value, dtype: 'int64', data: new BigInt64Array(count).fill(one) } })
    expect(Object.keys(await session.run(wide(7n)))).toEqual(session.outputs.map((output) => output.name))
    await expect(session.run(wide(2n ** 40n))).rejects.toThrow(
      /fed with 1099511627776, and TensorFlow.js has no more than 32 bits/,
    )
    await session.close()
  })
})
