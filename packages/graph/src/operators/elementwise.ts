// Element by element: arithmetic, comparison, logic, functions of one number. https://onnx.ai/onnx/operators/
// One operation per output element; a broadcast operand is read at its own size. Division, roots, powers and transcendental
// functions are special; the others are simple.

import { elementCount } from '../dtype.ts'
import { numbersAttribute } from './attributes.ts'
import type { SpecialFunction } from './counts/functions.ts'
import { DEQUANTIZE_OPS, REQUANTIZE_OPS } from './counts/quantize-ops.ts'
import { defineFamily, type Formula, formula, type OperatorFacts, sameFor, VARIADIC } from './family.ts'
import { broadcasts, keepsAxes, type ReadInput, spatialAxes } from './input-use.ts'
import type { NodeContext } from './types.ts'

const perElement = (simple: number, special: number, evaluates?: SpecialFunction): Formula =>
  formula([], [0], (_, [y]) => {
    const elements = elementCount(y.shape)
    const functions = evaluates === undefined ? {} : { [evaluates]: elements }
    return { simpleOps: elements * simple, specialOps: elements * special, functions }
  })

/** Sum, Max, Min: one operation less than there are inputs; Mean multiplies once more. */
const variadic = (extraOps: number): Formula =>
  formula([], [0], (_, [y], { node }) => ({ simpleOps: elementCount(y.shape) * (node.inputs.length - 1 + extraOps) }))

/** Multiplications that replace a power with a constant exponent. */
const MULTIPLICATIONS: ReadonlyMap<number, number> = new Map([
  [1, 0],
  [2, 1],
  [3, 2],
])

const pow: Formula = formula([], [0], (_, [y], context) => {
  const elements = elementCount(y.shape)
  const exponent = singleValue(context, 1)
  const multiplications = exponent === undefined ? undefined : MULTIPLICATIONS.get(exponent)
  if (multiplications !== undefined) return { simpleOps: elements * multiplications }
  const root = exponent !== undefined && Math.abs(exponent) === 0.5
  // Of whole numbers, and of exponents that only the run knows, a kernel may multiply.
  const isPower = exponent !== undefined && !Number.isInteger(exponent)
  return { specialOps: elements, functions: isPower ? { [root ? 'sqrt' : 'power']: elements } : {} }
})

function singleValue(context: NodeContext, index: number): number | undefined {
  const values = context.constant(index)?.values
  return values?.length === 1 ? values[0] : undefined
}

const cast: Formula = formula([0], [0], ([x], [y]) => ({
  simpleOps: x.dtype === y.dtype ? 0 : elementCount(y.shape),
  movesDataOnly: true,
}))

// a, a_scale, a_zero_point, b, b_scale, b_zero_point, c_scale, c_zero_point: in float between dequantizing and requantizing
const qlinearBinary: Formula = formula([0], [0], (_, [y]) => ({
  simpleOps: elementCount(y.shape) * (2 * DEQUANTIZE_OPS + 1 + REQUANTIZE_OPS),
  arithmetic: 'float32',
}))

// A table of 256 entries for each of x and y, then a selection.
const qlinearWhere: Formula = formula([], [0], (_, [y]) => ({ simpleOps: elementCount(y.shape) * 2, arithmetic: 'int8' }))

/** Operators of one number. */
const UNARY_SIMPLE = ['Not', 'Abs', 'Neg', 'Sign', 'Ceil', 'Floor', 'Round'] as const
const FUNCTIONS = ['Tan', 'Asin', 'Acos', 'Atan', 'Sinh', 'Cosh', 'Asinh', 'Acosh', 'Atanh'] as const
/** Those whose rate is measured. */
const MEASURED = {
  Div: 'division',
  Reciprocal: 'division',
  Sqrt: 'sqrt',
  Exp: 'exp',
  Log: 'log',
  Sin: 'sine',
  Cos: 'cosine',
} as const

/** ImageScaler, deprecated: a bias for each channel. */
const biasedChannels: ReadInput = ({ node }) => {
  const channels = numbersAttribute(node, 'bias')?.length
  return channels === undefined ? undefined : { rank: 4, axes: spatialAxes(4, channels), passes: 'same' }
}

/** Fewer numbers to compare with may be the values of as many elements. */
const LEAST_CLASSES = 8

/** Scores of what a mask hides become this or less: exporters write -1e4, -1e9, the lowest float or minus infinity. */
const HIDDEN = -1e4

/** A condition that chooses between scores and a number that no softmax sees. */
const masked: ReadInput = ({ index, valuesOf }) => {
  if (index !== 0) return undefined
  const [whenTrue, whenFalse] = [1, 2].map((one) => valuesOf(one)?.every((value) => value <= HIDDEN) ?? false)
  return whenTrue === whenFalse ? undefined : { hiddenWhere: whenTrue }
}

/** One number chooses what runs; 0, 1, 2 … along a last axis of their own make a class a one among zeros. */
const compared: ReadInput = ({ index, shapeOf, valuesOf }) => {
  const values = valuesOf(1 - index)
  if (values?.length === 1) return { comparedWith: values[0] }
  const shape = shapeOf(1 - index) ?? []
  const classes = shape.at(-1) ?? 0
  const isOneHot =
    classes >= LEAST_CLASSES && elementCount(shape) === classes && (values ?? []).every((value, at) => value === at)
  return isOneHot ? { tableRows: classes } : undefined
}

const facts: OperatorFacts = {
  reads: {
    ImageScaler: biasedChannels,
    ...sameFor([...UNARY_SIMPLE, ...FUNCTIONS, 'Reciprocal', 'Sqrt', 'Exp', 'Log', 'Sin', 'Cos', 'Cast', 'Scale'], keepsAxes),
    ...sameFor(['Add', 'Sub', 'Mul', 'Div', 'Pow', 'Max', 'Min'], broadcasts),
    Not: () => ({ passes: 'same', inverts: true }),
    Where: masked,
    Equal: compared,
  },
  int8: { Add: VARIADIC, Mul: VARIADIC, Where: { kind: 'elementwise', data: [1, 2] } },
}

export const elementwiseFamily = defineFamily('elementwise', facts, {
  ...sameFor(
    [
      ...['Add', 'Sub', 'Mul', 'And', 'Or', 'Xor', 'Equal', 'Less', 'LessOrEqual', 'Greater', 'GreaterOrEqual', 'Where'],
      ...UNARY_SIMPLE,
      ...[
        'IsNaN',
        'IsInf',
        'BitShift',
        'BitwiseAnd',
        'BitwiseOr',
        'BitwiseXor',
        'BitwiseNot',
        'Scale',
        'com.microsoft:IsAllFinite',
      ],
    ],
    perElement(1, 0),
  ),
  // scale the image and add the channel's bias; scale by the row's gate and add
  ...sameFor(['ImageScaler', 'com.microsoft:GatedAdd'], perElement(2, 0)),
  ...sameFor(['Mod', ...FUNCTIONS], perElement(0, 1)),
  ...Object.fromEntries(Object.entries(MEASURED).map(([operator, evaluates]) => [operator, perElement(0, 1, evaluates)])),
  Pow: pow,
  ...sameFor(['Sum', 'Max', 'Min'], variadic(0)),
  Mean: variadic(1),
  ...sameFor(['Cast', 'CastLike'], cast),
  ...sameFor(['com.microsoft:QLinearAdd', 'com.microsoft:QLinearMul'], qlinearBinary),
  'com.microsoft:QLinearWhere': qlinearWhere,
})
