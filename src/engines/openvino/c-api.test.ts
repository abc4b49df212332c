import { expect, test } from 'vitest'
import { pointOf } from './c-api.ts'

test('of an error the point, without where in the source it comes from', () => {
  const message = `Exception from src/inference/src/cpp/core.cpp:97:
Exception from src/inference/src/model_reader.cpp:211:
Check 'unsupported_operations.empty()' failed at src/frontends/onnx/frontend/src/frontend.cpp:351:
OpenVINO does not support the following ONNX operations: NoSuchOperator

`
  expect(pointOf(message, -1)).toBe('OpenVINO does not support the following ONNX operations: NoSuchOperator')
})

test('an error without words is its status', () => {
  expect(pointOf(null, -14)).toBe('OpenVINO failed with status -14')
  expect(pointOf('', -1)).toBe('OpenVINO failed with status -1')
  expect(pointOf('Exception from src/a.cpp:1:\n', -1)).toBe('Exception from src/a.cpp:1:')
})
