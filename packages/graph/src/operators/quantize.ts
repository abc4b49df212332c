// Turning tensors from one precision into another. https://onnx.ai/onnx/operators/onnx__QuantizeLinear.html
// Two operations per element. From float to 8 bits each element moves five bytes.
import { elementCount } from '../dtype.ts'
import { DEQUANTIZE_OPS, DYNAMIC_QUANTIZE_OPS, QUANTIZE_OPS } from './counts/quantize-ops.ts'
import { defineFamily, formula, type OperatorFacts, sameFor } from './family.ts'
import { keepsAxes } from './input-use.ts'
import { tensorBytes } from './work.ts'

const quantizeLinear = formula([0], [0], ([x]) => ({ simpleOps: elementCount(x.shape) * QUANTIZE_OPS, arithmetic: x.dtype }))
const dequantizeLinear = formula([0], [0], ([x], [y]) => ({
  simpleOps: elementCount(x.shape) * DEQUANTIZE_OPS,
  arithmetic: y.dtype,
}))

// The range comes first, so that x is read twice.
const dynamicQuantizeLinear = formula([0], [0], ([x]) => ({
  simpleOps: elementCount(x.shape) * DYNAMIC_QUANTIZE_OPS,
  passBytes: tensorBytes(x),
}))

const facts: OperatorFacts = { reads: sameFor(['QuantizeLinear', 'DequantizeLinear', 'DynamicQuantizeLinear'], keepsAxes) }

export const quantizeFamily = defineFamily('quantize', facts, {
  ...sameFor(['QuantizeLinear', 'com.microsoft:QuantizeLinear'], quantizeLinear),
  ...sameFor(['DequantizeLinear', 'com.microsoft:DequantizeLinear'], dequantizeLinear),
  ...sameFor(['DynamicQuantizeLinear', 'com.microsoft:DynamicQuantizeLinear'], dynamicQuantizeLinear),
})
