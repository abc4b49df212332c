import { expect, test } from 'vitest'
import { engineWords, engineWordsOnNode } from './error-words.ts'

// Of onnxruntime 1.30, for a Reshape to a shape of another size.
const SAID =
  "Non-zero status code returned while running Reshape node. Name:'split' Status Message: " +
  '/onnxruntime_src/onnxruntime/core/providers/cpu/tensor/reshape_helper.h:91 onnxruntime::ReshapeHelper::ReshapeHelper(const ' +
  'onnxruntime::TensorShape&, onnxruntime::TensorShapeVector&, bool) input_shape_size == requested_shape_size was false. ' +
  'The input tensor cannot be reshaped to the requested shape. Input shape:{128,32}, requested shape:{128,32,4,8}'
const WORDS = 'The input tensor cannot be reshaped to the requested shape. Input shape:{128,32}, requested shape:{128,32,4,8}'

test('the words remain, and the node where it is wanted', () => {
  expect(engineWords(SAID)).toBe(WORDS)
  expect(engineWordsOnNode(SAID)).toBe(`Reshape 'split': ${WORDS}`)
})

test('a file of its own source is left out without its folder, too', () => {
  const said =
    "Non-zero status code returned while running Concat node. Name:'/model.11/Concat' Status Message: concatbase.h:133 " +
    'PrepareForComputeImpl Non concat axis dimensions must match: Axis 2 has mismatched dimensions of 7 and 8'
  expect(engineWords(said)).toBe('Non concat axis dimensions must match: Axis 2 has mismatched dimensions of 7 and 8')
})

test('other messages stay as they are', () => {
  expect(engineWordsOnNode("outputs differ by 0.5 of 'y'")).toBe("outputs differ by 0.5 of 'y'")
})
