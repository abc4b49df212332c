import path from 'node:path'
import { expect, test } from 'vitest'
import { exportTorch, refusal } from './torch-export.ts'

test('a model that cannot be exported: the place, the reason, the next command', () => {
  const place = { file: 'model.py', line: 14 }
  expect(refusal('/app/model.py', { reason: 'Unsupported: Tensor.item', place })).toBe(
    'model.py:14: the model cannot be exported to ONNX: Unsupported: Tensor.item; measured as it is by: whyslow /app/model.py',
  )
  expect(refusal('/app/model.py', { reason: 'model.py has no model()', place: null })).toBe('model.py has no model()')
})

test('no interpreter where one was named is one line', async () => {
  const question = { out: 'out.onnx', example: 'example.npz', python: './no/such/python' }
  await expect(exportTorch(path.resolve('model.py'), question)).rejects.toThrow(
    /model\.py: --python \.\/no\/such\/python: there is no such file/,
  )
})
