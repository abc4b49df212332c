import { expect, test } from 'vitest'
import { namesProgram } from './fix.ts'

test.each([
  ['service.py', true],
  ['app/service.py:score', true],
  ['service.pyw', true],
  ['model.pt2', false],
  ['service.mjs', false],
  ['service.py.onnx', false],
])('%s names a program of Python: %s', (file, is) => {
  expect(namesProgram(file)).toBe(is)
})
