// Products with weights packed to a few bits, dequantized block by block. onnxruntime docs/ContribOperators.md: MatMulNBits,
// MatMulBnb4, MatMulFpQ4. K and N come from the attributes: the packed B is not [K, N].
// At M = 1 the arithmetic intensity is about 16 / bits FLOPs a byte: bound by memory.
import { elementCount, sizeInBytes } from '../dtype.ts'
import { hasInput, numberAttribute } from './attributes.ts'
import { defineFamily, formula } from './family.ts'
import { tensorBytes } from './work.ts'

// a, b, scales, zero_points, g_idx, bias. Dequantizing is a multiply per weight, with zero points a subtract more.
const matmulNBits = formula([0], [], ([a], _, context) => {
  const { node } = context
  const depth = numberAttribute(node, 'K', undefined)
  const columns = numberAttribute(node, 'N', undefined)
  const block = numberAttribute(node, 'block_size', undefined)
  if (depth === undefined || columns === undefined || block === undefined) return 'it has no K, N or block_size'
  const bits = numberAttribute(node, 'bits', 4)
  const rows = elementCount(a.shape) / depth
  const blocks = columns * Math.ceil(depth / block)
  const scaleBytes = sizeInBytes({ dtype: a.dtype, shape: [blocks] })!
  return {
    macs: rows * columns * depth,
    simpleOps: columns * depth * (hasInput(context, 3) ? 2 : 1) + (hasInput(context, 5) ? rows * columns : 0),
    readBytes: { 1: (blocks * block * bits) / 8, 2: tensorBytes(context.inputs[2]) || scaleBytes },
    // accuracy_level 4 lets the kernel quantize A and multiply in int8.
    arithmetic: numberAttribute(node, 'accuracy_level', 0) === 4 ? 'int8' : a.dtype,
  }
})

// a, b (4 bits), absmax. Dequantizing is a table look-up and a multiply.
const matmulBnb4 = formula([0], [], ([a], _, { node }) => {
  const depth = numberAttribute(node, 'K', undefined)
  const columns = numberAttribute(node, 'N', undefined)
  if (depth === undefined || columns === undefined) return 'it has no K or N'
  return {
    macs: (elementCount(a.shape) / depth) * columns * depth,
    simpleOps: columns * depth * 2,
    readBytes: { 1: Math.ceil((columns * depth) / 2) },
    arithmetic: a.dtype,
  }
})

// a, b (packed with its scales), b_shape
const matmulFpQ4 = formula([0, 1], [0], ([a], [y]) => {
  const depth = a.shape.at(-1)!
  return {
    macs: elementCount(y.shape) * depth,
    simpleOps: depth * y.shape.at(-1)!,
    arithmetic: a.dtype,
  }
})

export const weightOnlyMatmulFamily = defineFamily(
  'weight-only-matmul',
  {},
  {
    'com.microsoft:MatMulNBits': matmulNBits,
    'com.microsoft:MatMulBnb4': matmulBnb4,
    'com.microsoft:MatMulFpQ4': matmulFpQ4,
  },
)
