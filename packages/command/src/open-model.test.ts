import fs from 'node:fs'
import path from 'node:path'
import { folderOfTests } from '@whyslow/measure/support/trials/example-folder.ts'
import { expect, test } from 'vitest'
import { difference, openModel, torchFormatOf } from './open-model.ts'

const folder = folderOfTests()
const MODEL = path.resolve(import.meta.dirname, '../../../fixtures/models/symbolic-batch.onnx')

test('a program of Python is a PyTorch model to export, a model file is read as it is', async () => {
  const file = path.join(folder, 'model.py')
  fs.writeFileSync(file, 'def model(): ...\n')
  expect(torchFormatOf(file)).toBe('torch-program')
  expect(torchFormatOf(MODEL)).toBeNull()
  const service = path.join(folder, 'service.py')
  fs.writeFileSync(service, 'def predict(x): ...\n')
  expect(torchFormatOf(service)).toBeNull()
  await expect(openModel(service)).rejects.toThrow(/service\.py is a program; measure it: whyslow pipeline/)
  expect(torchFormatOf(path.join(folder, 'nothing.py'))).toBeNull()
  expect((await openModel(MODEL)).source.format).toBe('onnx')
})

test('what a PyTorch model does not have is refused before an interpreter starts', async () => {
  const file = path.join(folder, 'signed.py')
  fs.writeFileSync(file, 'def model(): ...\n')
  await expect(openModel(file, { signature: 'serving_default' })).rejects.toThrow(
    /signed\.py is a PyTorch model, which has no signatures/,
  )
  await expect(openModel(file, { python: './no/such/python' })).rejects.toThrow(/there is no such file; name an interpreter/)
})

test('an export that gives other outputs is refused: by how much they differ, and the next command', () => {
  const compared = 'onnxruntime 1.30.0'
  expect(difference('model.py', { error: 0.0126, compared })).toBe(
    'model.py: exported to ONNX, the model gives other outputs than eager mode on its example inputs: they differ by 1.3 % of the largest value (onnxruntime 1.30.0); to measure it in PyTorch: whyslow model.py',
  )
  expect(difference('model.py', { error: null, compared })).toContain('they differ in shape, in NaN or')
})
