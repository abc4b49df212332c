// What each operator makes of the types of its inputs, sizes as symbols. Each operator's rule: https://onnx.ai/onnx/operators/;
// com.microsoft: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md

import { decodeNumbers } from '../decode.ts'
import { dtypeOf, elementCount, isInteger } from '../dtype.ts'
import { inlineBytes, isExternal, tensorType } from '../tensor-data.ts'
import type { DType } from '../types.ts'
import { axisFromFront } from '../view-attributes.ts'
import { divideSizes, type Size, times } from './sizes.ts'
import { PRODUCT_RULES } from './symbolic-product-rules.ts'
import { attributeOrConstant, broadcastShapes, int, ints, type Rule, SIZES_LIMIT } from './symbolic-rule.ts'
import { alsoTables, reshapeTable, slicedTable, transposedTable } from './symbolic-table-rules.ts'
import { convolution, convTranspose, crop, globalPool, pad, pooling, resize, shuffle } from './symbolic-window-rules.ts'

const asInput: Rule = ({ input }) => [{ ...input(0) }]
const asInputWithoutSizes: Rule = ({ input }) => [{ dtype: input(0).dtype, shape: input(0).shape }]

const elementwise =
  (dtype?: DType): Rule =>
  ({ node, input, unknown }) => {
    const types = node.input.map((_, index) => input(index))
    return [
      {
        dtype: dtype ?? types.find((type) => type.dtype !== undefined)?.dtype,
        shape: broadcastShapes(
          types.map(({ shape }) => shape),
          unknown,
        ),
        sizes: arithmetic(node.opType, types[0]?.sizes, types[1]?.sizes),
      },
    ]
  }

/** Products and quotients of sizes; sums and comparisons of numbers. */
function arithmetic(opType: string, a?: readonly Size[], b?: readonly Size[]): readonly Size[] | undefined {
  if (a === undefined || b === undefined || (a.length !== b.length && a.length !== 1 && b.length !== 1)) return undefined
  const result = Array.from({ length: Math.max(a.length, b.length) }, (_, k) => {
    const [x, y] = [a[a.length === 1 ? 0 : k]!, b[b.length === 1 ? 0 : k]!]
    // No size is below zero, whatever the symbol.
    if (opType === 'Equal' && (negative(x) || negative(y)) && x !== y) return 0
    if (opType === 'Div') return negative(x) || negative(y) ? undefined : divideSizes(x, y)
    if (typeof x === 'string' || typeof y === 'string')
      return opType === 'Mul' && !negative(x) && !negative(y) ? times([x, y]) : undefined
    return NUMBERS[opType]?.(x, y)
  })
  return result.every((one) => one !== undefined) ? (result as Size[]) : undefined
}

const NUMBERS: Readonly<Record<string, (x: number, y: number) => number>> = {
  Add: (x, y) => x + y,
  Sub: (x, y) => x - y,
  Mul: (x, y) => x * y,
  Equal: (x, y) => Number(x === y),
  Less: (x, y) => Number(x < y),
  Greater: (x, y) => Number(x > y),
  LessOrEqual: (x, y) => Number(x <= y),
  GreaterOrEqual: (x, y) => Number(x >= y),
  And: (x, y) => x * y,
  Or: (x, y) => Math.max(x, y),
}

const negative = (size: Size): boolean => typeof size === 'number' && size < 0

const whereRule: Rule = (typed) => {
  const types = [0, 1, 2].map(typed.input)
  const shape = broadcastShapes(
    types.map((type) => type.shape),
    typed.unknown,
  )
  const [chosen, then, otherwise] = types.map(({ sizes }) => sizes)
  const equallyMany = chosen?.length === then?.length && chosen?.length === otherwise?.length
  const held = equallyMany && then && otherwise ? chosen?.map((one, k) => (one === 0 ? otherwise[k]! : then[k]!)) : undefined
  return [{ dtype: types[1]!.dtype ?? types[2]!.dtype, shape, sizes: held }]
}

const cast: Rule = ({ input, attribute }) => {
  const dtype = dtypeOf(int(attribute('to'), 0))
  const { shape, sizes } = input(0)
  if (dtype === 'bool') return [{ dtype, shape, sizes: sizes && truths(sizes, (size) => Number(size !== 0)) }]
  return [{ dtype, shape, sizes: dtype !== undefined && isInteger(dtype) ? sizes : undefined }]
}

const not: Rule = ({ input }) => {
  const { shape, sizes } = input(0)
  return [{ dtype: 'bool', shape, sizes: sizes && truths(sizes, (size) => 1 - size) }]
}

/** Applies `of` to sizes that are all numbers. undefined if there is a symbol: its value is not known. */
const truths = (sizes: readonly Size[], of: (size: number) => number): readonly Size[] | undefined =>
  sizes.every((size) => typeof size === 'number') ? sizes.map(of) : undefined

const transpose: Rule = ({ input, attribute }) => {
  const { dtype, shape } = input(0)
  const order = ints(attribute('perm')) ?? shape?.map((_, axis) => shape.length - 1 - axis)
  return [{ dtype, shape: shape && order?.map((axis) => shape[axis]!) }]
}

const reshape: Rule = ({ input, attribute, unknown }) => {
  const [{ dtype, shape, sizes }, target] = [input(0), input(1)]
  const asked = ints(attribute('shape')) ?? target.sizes
  if (asked === undefined) {
    const rank = target.shape?.[0]
    return [{ dtype, shape: typeof rank === 'number' ? Array.from({ length: rank }, (_, axis) => unknown(axis)) : undefined }]
  }
  const copies = int(attribute('allowzero'), 0) === 0
  const filled = asked.map((size, axis) => (size === 0 && copies ? (shape?.[axis] ?? unknown(axis)) : size))
  const rest = times(filled.filter((size) => size !== -1))
  const left = shape && divideSizes(times(shape), rest)
  const result = filled.map((size, axis) => (size === -1 ? (left ?? unknown(axis)) : size))
  return [{ dtype, shape: result, sizes: result.length < 2 ? sizes : undefined }]
}

const flatten: Rule = ({ input, attribute }) => {
  const { dtype, shape } = input(0)
  if (shape === undefined) return [{ dtype }]
  const axis = axisFromFront(int(attribute('axis'), 1), shape.length)
  return [{ dtype, shape: [times(shape.slice(0, axis)), times(shape.slice(axis))] }]
}

const squeeze: Rule = (typed) => {
  const { dtype, shape, sizes } = typed.input(0)
  const axes = attributeOrConstant(typed, 'axes', 1)
  if (shape === undefined || axes === undefined) return [{ dtype, sizes }]
  const dropped = new Set(axes.map((axis) => axisFromFront(axis, shape.length)))
  return [{ dtype, shape: shape.filter((_, axis) => !dropped.has(axis)), sizes }]
}

const unsqueeze: Rule = (typed) => {
  const { dtype, shape, sizes } = typed.input(0)
  const axes = attributeOrConstant(typed, 'axes', 1)
  if (shape === undefined || axes === undefined) return [{ dtype, sizes }]
  const rank = shape.length + axes.length
  const added = new Set(axes.map((axis) => axisFromFront(axis, rank)))
  const rest = [...shape]
  const result = Array.from({ length: rank }, (_, axis): Size => (added.has(axis) ? 1 : rest.shift()!))
  return [{ dtype, shape: result, sizes: rank === 1 ? sizes : undefined }]
}

const concat: Rule = ({ node, input, attribute, unknown }) => {
  const types = node.input.map((_, index) => input(index))
  const [{ dtype, shape }] = [types[0] ?? {}]
  const sizes = types.every((type) => type.sizes !== undefined) ? types.flatMap((type) => type.sizes!) : undefined
  if (shape === undefined || types.some((type) => type.shape === undefined)) return [{ dtype, sizes }]
  const axis = axisFromFront(int(attribute('axis'), 0), shape.length)
  const along = types.map((type) => type.shape![axis]!)
  const total = along.every((one) => typeof one === 'number') ? along.reduce((sum, one) => sum + one, 0) : unknown(axis)
  return [{ dtype, shape: shape.map((size, k) => (k === axis ? total : size)), sizes }]
}

const split: Rule = (typed) => {
  const { dtype, shape } = typed.input(0)
  const { output } = typed.node
  if (shape === undefined) return output.map(() => ({ dtype }))
  const axis = axisFromFront(int(typed.attribute('axis'), 0), shape.length)
  const parts = attributeOrConstant(typed, 'split', 1)
  const even = (typed.node.input[1] ?? '') === '' ? divideSizes(shape[axis]!, output.length) : undefined
  return output.map((_, index) => {
    const part = parts?.[index] ?? even ?? typed.unknown(axis, index)
    return { dtype, shape: shape.map((size, k) => (k === axis ? part : size)) }
  })
}

const slice: Rule = (typed) => {
  const { dtype, shape, sizes } = typed.input(0)
  const [starts, ends] = [attributeOrConstant(typed, 'starts', 1), attributeOrConstant(typed, 'ends', 2)]
  const steps = (typed.node.input[4] ?? '') === '' ? undefined : attributeOrConstant(typed, 'steps', 4)
  const axes =
    attributeOrConstant(typed, 'axes', 3) ?? ((typed.node.input[3] ?? '') === '' ? starts?.map((_, axis) => axis) : undefined)
  if (shape === undefined) return [{ dtype }]
  if (starts === undefined || ends === undefined || axes === undefined || steps?.some((step) => step !== 1)) {
    const cut = new Set(axes?.map((axis) => axisFromFront(axis, shape.length)) ?? shape.keys())
    return [{ dtype, shape: shape.map((size, axis) => (cut.has(axis) ? typed.unknown(axis) : size)) }]
  }
  const result = [...shape]
  axes.forEach((axis, k) => {
    const place = axisFromFront(axis, shape.length)
    const size = shape[place]!
    if (typeof size !== 'number') {
      if (starts[k] !== 0 || ends[k]! < 2 ** 31 - 1) result[place] = typed.unknown(place)
      return
    }
    const clamp = (value: number) => Math.min(size, Math.max(0, value < 0 ? value + size : value))
    result[place] = Math.max(0, clamp(ends[k]!) - clamp(starts[k]!))
  })
  const cut =
    sizes && shape.length === 1 && axes.length === 1
      ? sizes.slice(starts[0]!, ends[0]! > 2 ** 31 ? undefined : ends[0])
      : undefined
  return [{ dtype, shape: result, sizes: cut }]
}

const gather: Rule = ({ input, attribute }) => {
  const [{ dtype, shape, sizes }, index] = [input(0), input(1)]
  const picked = sizes && index.sizes?.map((k) => (typeof k === 'number' ? sizes.at(k) : undefined))
  const held = picked?.every((one) => one !== undefined) ? (picked as Size[]) : undefined
  if (shape === undefined || index.shape === undefined) return [{ dtype, sizes: held }]
  const axis = axisFromFront(int(attribute('axis'), 0), shape.length)
  return [{ dtype, shape: [...shape.slice(0, axis), ...index.shape, ...shape.slice(axis + 1)], sizes: held }]
}

const shapeOf: Rule = ({ input, attribute }) => {
  const { shape } = input(0)
  if (shape === undefined) return [{ dtype: 'int64' }]
  const part = shape.slice(int(attribute('start'), 0), attribute('end') === undefined ? undefined : int(attribute('end'), 0))
  return [{ dtype: 'int64', shape: [part.length], sizes: part }]
}

/** The limit is the length of a range from 0 by 1. */
const range: Rule = ({ input, unknown }) => {
  const [start, limit, step] = [0, 1, 2].map((index) => input(index).sizes?.[0])
  const length = start === 0 && step === 1 && !negative(limit ?? -1) ? limit : undefined
  return [{ dtype: input(0).dtype, shape: [length ?? unknown(0)] }]
}

const constantOfShape: Rule = ({ node, input }) => {
  const shape = input(0).sizes
  const value = node.attribute.find(({ name }) => name === 'value')?.t
  const type = value === undefined ? undefined : tensorType(value)
  const dtype = type?.dtype ?? 'float32'
  const count = shape?.every((size) => typeof size === 'number') ? elementCount(shape as number[]) : undefined
  if (
    value === undefined ||
    isExternal(value) ||
    !isInteger(dtype) ||
    count === undefined ||
    count > SIZES_LIMIT ||
    shape!.length > 1
  ) {
    return [{ dtype, shape }]
  }
  const [number] = decodeNumbers(inlineBytes(value), dtype, 1)!
  return [{ dtype, shape, sizes: new Array<Size>(count).fill(number!) }]
}

const expand: Rule = ({ input, unknown }) => {
  const { dtype, shape } = input(0)
  return [{ dtype, shape: broadcastShapes([shape, input(1).sizes], unknown) }]
}

const tile: Rule = ({ input }) => {
  const { dtype, shape } = input(0)
  const repeats = input(1).sizes
  return [
    { dtype, shape: shape && repeats?.length === shape.length ? shape.map((size, k) => times([size, repeats[k]!])) : undefined },
  ]
}

const reduce: Rule = (typed) => {
  const { dtype, shape } = typed.input(0)
  const keep = int(typed.attribute('keepdims'), 1) === 1
  const axes = attributeOrConstant(typed, 'axes', 1)
  const reducesAll =
    axes === undefined && (typed.node.input[1] ?? '') === '' && int(typed.attribute('noop_with_empty_axes'), 0) === 0
  if (shape === undefined || (axes === undefined && !reducesAll)) return [{ dtype }]
  const gone = new Set(axes === undefined ? shape.keys() : axes.map((axis) => axisFromFront(axis, shape.length)))
  const result = shape.map((size, axis): Size => (gone.has(axis) ? 1 : size))
  return [{ dtype, shape: keep ? result : result.filter((_, axis) => !gone.has(axis)) }]
}

const gemm: Rule = ({ input, attribute }) => {
  const [a, b] = [input(0), input(1)]
  const dtype = a.dtype ?? b.dtype
  if (a.shape?.length !== 2 || b.shape?.length !== 2) return [{ dtype }]
  return [{ dtype, shape: [a.shape[int(attribute('transA'), 0) ? 1 : 0]!, b.shape[int(attribute('transB'), 0) ? 0 : 1]!] }]
}

/** Y of every step, then the last states; a direction for each set of weights. */
const recurrent: Rule = ({ node, input, attribute }) => {
  const { dtype, shape } = input(0)
  const [directions, hidden] = [input(1).shape?.[0], input(2).shape?.[2]]
  if (shape?.length !== 3 || directions === undefined || hidden === undefined) return node.output.map(() => ({ dtype }))
  const batchFirst = int(attribute('layout'), 0) === 1
  const [steps, batch] = batchFirst ? [shape[1]!, shape[0]!] : [shape[0]!, shape[1]!]
  const all = batchFirst ? [batch, steps, directions, hidden] : [steps, directions, batch, hidden]
  const last = batchFirst ? [batch, directions, hidden] : [directions, batch, hidden]
  return node.output.map((_, index) => ({ dtype, shape: index === 0 ? all : last }))
}

const skipNorm: Rule = ({ input }) => {
  const type = { dtype: input(0).dtype, shape: input(0).shape }
  return [type, {}, {}, type]
}

const heads: Rule = ({ input }) => {
  const [query, value] = [input(0), input(2)]
  if (query.shape?.length !== 3 || value.shape?.length !== 3) return [{ dtype: query.dtype }]
  return [{ dtype: query.dtype, shape: [query.shape[0]!, query.shape[1]!, value.shape[2]!] }]
}

/** The width of packed queries, keys and values is another, and not known here. */
const groupedHeads: Rule = ({ input, node, unknown }) => {
  const [query, past] = [input(0), input(3)]
  const present = { dtype: past.dtype, shape: past.shape?.map((size, axis) => (axis === 2 ? unknown(axis, 1) : size)) }
  return [node.input[1] ? { dtype: query.dtype, shape: query.shape } : { dtype: query.dtype }, present, present]
}

/** Outputs are as their first input, as far as shapes tell. */
const SAME = [
  ...['Relu', 'Sigmoid', 'Tanh', 'Erf', 'Sqrt', 'Exp', 'Log', 'Neg', 'Abs', 'Softmax', 'LogSoftmax', 'Clip', 'LeakyRelu'],
  ...['Elu', 'Selu', 'Celu', 'HardSigmoid', 'HardSwish', 'Gelu', 'Floor', 'Ceil', 'Round', 'Sign', 'Reciprocal', 'Softplus'],
  ...['Softsign', 'Mish', 'ThresholdedRelu', 'Sin', 'Cos', 'PRelu', 'LayerNormalization', 'SimplifiedLayerNormalization'],
  ...['RMSNormalization', 'BatchNormalization', 'InstanceNormalization', 'GroupNormalization', 'LpNormalization', 'LRN'],
  ...['CumSum', 'Trilu', 'Hardmax', 'Dropout', 'ImageScaler', 'ScatterElements', 'ScatterND', 'com.microsoft:Gelu'],
  ...['com.microsoft:FastGelu', 'com.microsoft:BiasGelu', 'com.microsoft:QuickGelu'],
]

/** The dtype alone: shapes follow from numbers that are not looked at here. */
const SAME_DTYPE = [
  ...['GatherND', 'Einsum', 'Compress', 'ReverseSequence', 'GridSample', 'LpPool', 'MaxUnpool', 'RoiAlign'],
  ...['com.microsoft:Attention'],
]
const asDtype: Rule = ({ node, input }) => node.output.map(() => ({ dtype: input(0).dtype }))
const always =
  (...dtypes: readonly (DType | undefined)[]): Rule =>
  ({ input }) =>
    dtypes.map((dtype) => ({ dtype: dtype ?? input(0).dtype }))

/** Rules keyed by operator; 'com.microsoft:Gelu' names another domain. */
export const RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ...SAME.map((name): [string, Rule] => [name, asInputWithoutSizes]),
  ...SAME_DTYPE.map((name): [string, Rule] => [name, asDtype]),
  ...['ArgMax', 'ArgMin', 'NonZero', 'NonMaxSuppression'].map((name): [string, Rule] => [name, always('int64')]),
  ['TopK', always(undefined, 'int64')],
  ['IsNaN', always('bool')],
  ['IsInf', always('bool')],
  ...['Add', 'Sub', 'Mul', 'Div', 'Min', 'Max', 'Mod', 'Sum', 'Mean'].map((name): [string, Rule] => [name, elementwise()]),
  ...['Equal', 'Less', 'Greater', 'LessOrEqual', 'GreaterOrEqual', 'And', 'Or', 'Xor'].map((name): [string, Rule] => [
    name,
    elementwise('bool'),
  ]),
  ...['Mean', 'Sum', 'Max', 'Min', 'Prod', 'SumSquare', 'L1', 'L2', 'LogSum', 'LogSumExp'].map((name): [string, Rule] => [
    `Reduce${name}`,
    reduce,
  ]),
  // The exponent may be of another type.
  ['Pow', (typed) => [{ ...elementwise()(typed)[0]!, dtype: typed.input(0).dtype, sizes: undefined }]],
  ['Identity', asInput],
  ['Where', whereRule],
  ['Cast', cast],
  ...PRODUCT_RULES,
  ['Gemm', gemm],
  ['Transpose', alsoTables(transpose, transposedTable)],
  ['Reshape', reshapeTable(reshape)],
  ['Flatten', flatten],
  ['Squeeze', squeeze],
  ['Unsqueeze', unsqueeze],
  ['Concat', concat],
  ['Split', split],
  ['Slice', alsoTables(slice, slicedTable)],
  ['Pad', pad],
  ['Gather', gather],
  ['Shape', shapeOf],
  ['Size', ({ input }) => [{ dtype: 'int64', shape: [], sizes: input(0).shape && [times(input(0).shape!)] }]],
  ['Not', not],
  ['Expand', expand],
  ['Tile', tile],
  ['GatherElements', ({ input }) => [{ dtype: input(0).dtype, shape: input(1).shape }]],
  ['LSTM', recurrent],
  ['GRU', recurrent],
  ['RNN', recurrent],
  ['Range', range],
  ['ConstantOfShape', constantOfShape],
  ['Conv', convolution],
  ['com.microsoft:FusedConv', convolution],
  ['ConvTranspose', convTranspose],
  ['Resize', resize],
  ['Upsample', resize],
  ['DepthToSpace', shuffle],
  ['SpaceToDepth', shuffle],
  ['Crop', crop],
  ['MaxPool', pooling],
  ['AveragePool', pooling],
  ['GlobalAveragePool', globalPool],
  ['GlobalMaxPool', globalPool],
  ['com.microsoft:SkipLayerNormalization', skipNorm],
  ['com.microsoft:SkipSimplifiedLayerNormalization', skipNorm],
  ['com.microsoft:MultiHeadAttention', heads],
  ['com.microsoft:GroupQueryAttention', groupedHeads],
])
