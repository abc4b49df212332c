// Beside Python's onnxruntime.quantization, MinMax on the same samples, graph optimization off, one thread: the same ranges, bit for bit.
// fixtures/quantize/make.py made the models, the samples and the peer's ranges.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { writeModelFolder } from '@whyslow/command/model-files/model-folder.ts'
import { readOnnx } from '@whyslow/formats/onnx.ts'
import { saveInputs } from '@whyslow/measure/samples/saved.ts'
import { plainOptions } from '@whyslow/measure/support/engines/example-options.ts'
import { folderOfTests } from '@whyslow/measure/support/trials/example-folder.ts'
import { expect, test } from 'vitest'
import { prepareCalibration } from './index.ts'
import { calibrateTask } from './task.ts'

const FOLDER = new URL('../../../../../fixtures/quantize/', import.meta.url)
const folder = folderOfTests()

test.each([
  ['convolutional', 'ranges', [1, 3, 8, 8]],
  ['sequential', 'ranges-sequential', [6, 1, 40]],
])('%s', async (name, rangesName, shape) => {
  const bytes = readFileSync(new URL(`samples-${name}.f32`, FOLDER))
  const size = shape.reduce((all, one) => all * one, 1)
  const numbers = new Float32Array(new Uint8Array(bytes).buffer)
  const count = numbers.length / size
  expect(count).toBe(4)
  const samples = Array.from({ length: count }, (_, k) => ({
    x: { dtype: 'float32' as const, shape, data: numbers.slice(k * size, (k + 1) * size) },
  }))
  const theirs: Record<string, [number, number]> = JSON.parse(readFileSync(new URL(`${rangesName}.json`, FOLDER), 'utf8'))
  const place = join(folder, name)
  const { input, ofAll } = await prepareCalibration({
    engine: 'ort-cpu',
    options: plainOptions,
    model: await readOnnx(fileURLToPath(new URL(`${name}.onnx`, FOLDER))),
    values: Object.keys(theirs),
    methods: ['minmax'],
    inputs: saveInputs(place, samples),
    samples: count,
    types: new Map(),
    folder: place,
    write: writeModelFolder,
  })
  const { ranges } = ofAll(await calibrateTask.run(input))
  const ours = Object.fromEntries(Object.entries(ranges.minmax!).map(([value, { low, high }]) => [value, [low, high]]))
  expect(ours).toEqual(theirs)
})
