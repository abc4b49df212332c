import { expect, test } from 'vitest'
import { engineMeant } from './other-names.ts'

test.each([
  ['cuda', 'ort-cuda'],
  ['ONNXRuntime', 'ort-cpu'],
  ['torch', 'python-torch'],
  ['pytorch', 'python-torch'],
  ['tflite', 'litert'],
  ['tensorrt', 'ort-tensorrt'],
])('%s is %s', (name, id) => expect(engineMeant(name)?.id).toBe(id))

test('a name that no engine has', () => expect(engineMeant('abacus')).toBeUndefined())
