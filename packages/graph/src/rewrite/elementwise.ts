// Operators that treat each element by itself, whatever the order of axes: a Transpose may be moved past them.
// https://github.com/onnx/onnx/blob/main/docs/Operators.md
import type { NodeProto } from 'onnx-buf'
import { isOperator, type Matching } from './match.ts'

const UNARY =
  `Abs Acos Acosh Asin Asinh Atan Atanh BitwiseNot Cast Ceil Celu Cos Cosh Elu Erf Exp Floor Gelu HardSigmoid HardSwish Identity
  IsInf IsNaN LeakyRelu Log Mish Neg Not Reciprocal Relu Round Selu Shrink Sigmoid Sign Sin Sinh Softplus Softsign Sqrt Tan Tanh
  ThresholdedRelu`.split(/\s+/)

/** The other operands must be constants of one element. */
const WITH_NUMBERS = 'Add Sub Mul Div Pow Min Max Clip PRelu QuantizeLinear DequantizeLinear'.split(' ')

/** The input that the node treats element by element, the others being numbers or absent; undefined if it is no such node. */
export function elementwiseInput({ constant }: Matching, node: NodeProto): number | undefined {
  if (node.output.length !== 1) return undefined
  const isUnary: boolean = isOperator(node, ...UNARY)
  const isWithNumbers: boolean = isOperator(node, ...WITH_NUMBERS)
  if (isUnary) return node.input.length === 1 ? 0 : undefined
  if (!isWithNumbers) return undefined
  const isNumber = (name: string): boolean => {
    const found = constant(name)
    // A constant of higher rank would raise the rank of the result.
    return name === '' || (found?.elementCount === 1 && found.shape.length <= 1)
  }
  const data = node.input.flatMap((name, index) => (isNumber(name) ? [] : [index]))
  if (data.length !== 1) return undefined
  const [input] = data
  const isSymmetric = !/^(Clip|PRelu|.*Linear)$/.test(node.opType)
  return isSymmetric || input === 0 ? input : undefined
}
