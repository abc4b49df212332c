import { expect, test } from 'vitest'
import { fleet } from './fleet.ts'

test.each([
  [[], {}, /nothing to measure: give models/],
  [['a.onnx', 'a.onnx'], {}, /model a\.onnx is given twice/],
  [['a.onnx'], { engines: ['ort-cpu', 'no-such'] }, /--engines no-such: no such engine/],
  [['a.onnx'], { batches: [1, 8, 1] }, /batch 1 is given twice/],
  [['/nowhere/a.onnx', '/nowhere/b.onnx'], {}, /nothing could be measured: .*a\.onnx.*; .*b\.onnx/],
])('%j with %j is refused before anything is measured', async (files, options, words) => {
  await expect(fleet(files, options)).rejects.toThrow(words)
})
