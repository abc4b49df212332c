import { test } from 'vitest'
import { checkOperator } from '../../test/support/operators/check-operator.ts'

test('MatMulInteger', () => {
  // 2 * 3 * 4 = 24. A's zero point: sums of B's columns (12, B is no constant) and 6 corrections; B's: sums of A's rows 8, and 6
  checkOperator(
    { operator: 'MatMulInteger', inputs: ['uint8:2x4', 'int8:4x3', 'uint8:', 'int8:'], outputs: ['int32:2x3'] },
    { macs: 24, simpleOps: 32, bytes: 8 + 12 + 1 + 1 + 24, arithmetic: 'int8' },
  )
  // a constant B has its sums ready, a zero point of 0 costs nothing
  checkOperator(
    { operator: 'MatMulInteger', inputs: ['uint8:2x4', '!int8:4x3', 'uint8:', '!int8:=0'], outputs: ['int32:2x3'] },
    { simpleOps: 6, weightBytes: 13 },
  )
  checkOperator(
    { operator: 'com.microsoft:MatMulInteger16', inputs: ['int16:2x4', 'int16:4x3'], outputs: ['int32:2x3'] },
    { macs: 24, arithmetic: 'int16' },
  )
})

test('QLinearMatMul requantizes', () => {
  // 24 MACs; A's zero point: 6 corrections with a constant B; requantize 3 * 6
  checkOperator(
    {
      operator: 'QLinearMatMul',
      inputs: ['uint8:2x4', '', 'uint8:', '!int8:4x3', '', '!int8:=0', '', 'uint8:'],
      outputs: ['uint8:2x3'],
    },
    { macs: 24, simpleOps: 24 },
  )
})

test('QGemm', () => {
  // 24 MACs; zero point of A: 6; C 6; requantize 18
  checkOperator(
    {
      operator: 'com.microsoft:QGemm',
      inputs: ['uint8:2x4', '', 'uint8:', '!int8:4x3', '', '!int8:=0', 'int32:3', '', 'uint8:'],
      outputs: ['uint8:2x3'],
    },
    { macs: 24, simpleOps: 30 },
  )
  // without y_scale the output is float: one scale per output
  checkOperator(
    {
      operator: 'com.microsoft:QGemm',
      inputs: ['uint8:4x2', '', '!uint8:=0', '!int8:4x3', '', '!int8:=0'],
      outputs: ['2x3'],
      attributes: { transA: 1 },
    },
    { macs: 24, simpleOps: 6 },
  )
})

test('DynamicQuantizeMatMul quantizes its activations', () => {
  // 8 inputs at 4 operations: 32; 6 outputs: zero point and scale 2, bias 1: 18. B constant, its zero point 0: nothing more.
  // A is read once more (32 B), its copy in bytes is written and read (16 B)
  checkOperator(
    {
      operator: 'com.microsoft:DynamicQuantizeMatMul',
      inputs: ['2x4', '!int8:4x3', '', '!int8:=0', '3'],
      outputs: ['2x3'],
    },
    { macs: 24, simpleOps: 50, bytes: 32 + 12 + 4 + 1 + 12 + 24, streamingBytes: 85 + 48, arithmetic: 'int8' },
  )
})

test('MatMulIntegerToFloat', () => {
  // zero point of A 6, scale 6, bias 6
  checkOperator(
    {
      operator: 'com.microsoft:MatMulIntegerToFloat',
      inputs: ['uint8:2x4', '!int8:4x3', '', '', 'uint8:', '-', '3'],
      outputs: ['2x3'],
    },
    { macs: 24, simpleOps: 18, arithmetic: 'int8' },
  )
})
