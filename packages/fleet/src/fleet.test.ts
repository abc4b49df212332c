import path from 'node:path'
import { InputError } from '@whyslow/graph/input-error.ts'
import { expect, test } from 'vitest'
import { combinationsOf, FLEET_DEFAULTS, fleet } from './fleet.ts'

const unread = (file: string) => Promise.reject(new InputError(`${file}: no such file`))

test.each([
  [[], {}, /nothing to measure: give models/],
  [['a.onnx', 'a.onnx'], {}, /model a\.onnx is given twice/],
  [['a.onnx'], { engines: ['ort-cpu', 'no-such'] }, /--engines no-such: no such engine/],
  [['a.onnx'], { batches: [1, 8, 1] }, /batch 1 is given twice/],
  [
    ['a.onnx'],
    {
      sizes: [
        { height: 64, width: 64 },
        { height: 64, width: 64 },
      ],
    },
    /--size 64 is given twice/,
  ],
  [['/nowhere/a.onnx', '/nowhere/b.onnx'], {}, /nothing could be measured: .*a\.onnx.*; .*b\.onnx/],
])('%j with %j is refused before anything is measured', async (files, options, words) => {
  await expect(fleet(files, options, { why: unread })).rejects.toThrow(words)
})

test('sizes are those of models that leave them open; others are measured once, and that is said', async () => {
  const [image, flat, text] = ['symbolic-image.onnx', 'symbolic-batch.onnx', 'transformer-block.onnx'].map((name) =>
    path.join(import.meta.dirname, '../../../fixtures/models', name),
  ) as [string, string, string]
  const sizes = [
    { height: 32, width: 32 },
    { height: 64, width: 48 },
  ]
  const { combinations, failures, warnings } = await combinationsOf([image, flat, text, '/nowhere.onnx'], {
    ...FLEET_DEFAULTS,
    batches: [2],
    sizes,
  })
  expect(combinations.map(({ model, size, shapes }) => [model, size, ...shapes.values()])).toEqual([
    [image, '32', [2, 3, 32, 32]],
    [image, '64x48', [2, 3, 64, 48]],
    [flat, null],
    [text, '32', expect.arrayContaining([32])],
  ])
  expect(failures).toEqual([expect.objectContaining({ model: '/nowhere.onnx', batch: 2 })])
  expect(warnings).toEqual([
    `${flat}: it leaves no such size open, and is measured unchanged`,
    `${text}: it has a length and no height and width, and is not measured at 64x48`,
  ])
})
