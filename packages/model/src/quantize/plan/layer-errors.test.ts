import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { floatTensor, model, node, valueInfo, writeModel } from '@whyslow/graph/build.ts'
import type { Results } from '@whyslow/measure/engines/types.ts'
import { typesTask } from '@whyslow/measure/outputs/types-task.ts'
import { saveInputs } from '@whyslow/measure/samples/saved.ts'
import { plainOptions } from '@whyslow/measure/support/engines/example-options.ts'
import { changed, tensorsOf } from '@whyslow/measure/support/outputs/example-joined.ts'
import { peakList } from '@whyslow/measure/support/outputs/example-selection.ts'
import { folderOfTests } from '@whyslow/measure/support/trials/example-folder.ts'
import { expect, test } from 'vitest'
import { layerErrorsTask, noiseOf } from './layer-errors.ts'
import { type WrittenModel, writtenModels } from './written-models.ts'

const folder = folderOfTests()

const row = { dtype: 'float32', shape: [1, 2], data: Float32Array.of(3, 4) } as const

/** y = x factor */
function scaled(name: string, factor: number): string {
  const file = join(folder, `${name}.onnx`)
  const value = (one: string) => valueInfo(one, 'float32', [1, 2])
  const nodes = [node('Mul', ['x', 'f'], ['y'])]
  writeFileSync(
    file,
    writeModel(model({ nodes, inputs: [value('x')], outputs: [value('y')], initializers: [floatTensor('f', [1], [factor])] })),
  )
  return file
}

function listOf(models: readonly WrittenModel[]): string {
  const list = join(folder, `list-${models.map(({ key }) => key).join('-')}`)
  const written = writtenModels(list)
  for (const one of models) written.add(one)
  written.end()
  return list
}

test('noise over signal of each model, and a reason for one that does not run', async () => {
  const rows = await layerErrorsTask.run({
    engine: 'ort-cpu',
    options: plainOptions,
    inputs: saveInputs(join(folder, 'inputs'), [{ x: row }]),
    original: scaled('one', 1),
    written: listOf([
      { key: 'same', file: scaled('same', 1) },
      { key: 'off', file: scaled('off', 1.25) },
      { key: 'gone', file: join(folder, 'nowhere.onnx') },
    ]),
    budgetMs: 1e6,
  })
  // Off by a quarter: (1/4)² of the signal.
  expect(rows.map(({ key, noise }) => [key, noise])).toEqual([
    ['same', 0],
    ['off', expect.closeTo(0.0625, 9)],
    ['gone', null],
  ])
  expect(rows[2]!.reason).not.toBeNull()
})

test.each([
  ['NaN', Number.NaN, Number.POSITIVE_INFINITY],
  ['infinite', Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
  // (5 - 4)² over 3² + 4².
  ['a number', 5, 0.04],
])('an output that is %s instead of a number', (_, second, noise) => {
  const given = { dtype: 'float32', shape: [1, 2], data: Float32Array.of(3, second) } as const
  expect(noiseOf([{ y: row }], [{ y: given }])).toBeCloseTo(noise, 9)
})

test('a list of the best in another order is no noise, and rows that are lost are', () => {
  const outputs = ['scores', 'points']
  const list = (scores: readonly number[], places: readonly number[]): Results => ({
    scores: { dtype: 'float32', shape: [1, 4], data: Float32Array.from(scores) },
    points: { dtype: 'float32', shape: [1, 4, 2], data: Float32Array.from(places.flatMap((at) => [at, 5])) },
  })
  const noise = (places: readonly number[]) =>
    noiseOf([list([0.9, 0.8, 0.79, 0.6], [10, 40, 90, 200])], [list([0.9, 0.8, 0.79, 0.6], places)], peakList(4, 256, outputs))
  expect(noise([10, 90, 40, 200])).toBe(0)
  // Above the last they stand 0.3, 0.2 and 0.19.
  expect(noise([10, 40, 160, 200])).toBeCloseTo(0.19 / 0.69, 5)
})

test('types as run, of values inside too, with the numbers of sizes', async () => {
  const file = join(folder, 'sizes.onnx')
  const nodes = [node('Shape', ['x'], ['s']), node('ReduceMax', ['x'], ['y'], { keepdims: 0 })]
  const inputs = [valueInfo('x', 'float32', ['n', 2])]
  const outputs = [valueInfo('s', 'int64', [2]), valueInfo('y', 'float32', [])]
  writeFileSync(file, writeModel(model({ nodes, inputs, outputs })))
  const types = await typesTask.run({
    engine: 'ort-cpu',
    options: plainOptions,
    inputs: join(folder, 'inputs/inputs.json'),
    modelFiles: [file],
  })
  expect(types).toEqual({
    x: { dtype: 'float32', shape: [1, 2] },
    s: { dtype: 'int64', shape: [2], sizes: [1, 2] },
    y: { dtype: 'float32', shape: [] },
  })
})

test('a layer that destroys the scores of a detector is loud, however large its boxes are', () => {
  const sizes = tensorsOf([1, 6, 100], ([, row], random) => random() * (row! < 4 ? 640 : 1))
  expect(
    noiseOf(
      sizes,
      changed(sizes, (x, place) => (place < 400 ? x : 0)),
    ),
  ).toBeCloseTo(1, 9)
})
