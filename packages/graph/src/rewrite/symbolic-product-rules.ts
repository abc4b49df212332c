// Types of products, quantized ones too, and of what quantizes values for them and back.
import { broadcastShapes, int, type Rule } from './symbolic-rule.ts'

const matMul: Rule = ({ input, attribute, unknown }) => {
  const [a, b] = [input(0), input(1)]
  const dtype = a.dtype ?? b.dtype
  if (a.shape === undefined || b.shape === undefined || a.shape.length < 2 || b.shape.length < 2) return [{ dtype }]
  if (int(attribute('transBatchA'), 0) || int(attribute('transBatchB'), 0)) return [{ dtype }]
  const rows = a.shape.at(int(attribute('transA'), 0) ? -1 : -2)!
  const columns = b.shape.at(int(attribute('transB'), 0) ? -2 : -1)!
  const batch = broadcastShapes([a.shape.slice(0, -2), b.shape.slice(0, -2)], unknown)!
  return [{ dtype, shape: [...batch, rows, columns] }]
}

/** The weights are packed: their columns are an attribute. */
const packed: Rule = ({ input, attribute }) => {
  const { dtype, shape } = input(0)
  return [{ dtype, shape: shape && [...shape.slice(0, -1), int(attribute('N'), 0)] }]
}

const productOf =
  (dtype: 'int32' | 'float32'): Rule =>
  (typed) => [{ ...matMul(typed)[0]!, dtype }]

export const PRODUCT_RULES: readonly (readonly [string, Rule])[] = [
  ['MatMul', matMul],
  ['com.microsoft:FusedMatMul', matMul],
  ['com.microsoft:MatMulNBits', packed],
  ['com.microsoft:MatMulBnb4', packed],
  ['MatMulInteger', productOf('int32')],
  ['com.microsoft:MatMulIntegerToFloat', productOf('float32')],
  ['com.microsoft:DynamicQuantizeMatMul', productOf('float32')],
  ['DequantizeLinear', ({ input }) => [{ dtype: input(1).dtype, shape: input(0).shape }]],
  ['QuantizeLinear', ({ input }) => [{ dtype: input(2).dtype, shape: input(0).shape }]],
  [
    'DynamicQuantizeLinear',
    ({ input }) => [
      { dtype: 'uint8', shape: input(0).shape },
      { dtype: 'float32', shape: [] },
      { dtype: 'uint8', shape: [] },
    ],
  ],
]
