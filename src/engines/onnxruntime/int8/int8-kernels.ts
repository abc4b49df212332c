// Which operators ONNX Runtime's CPU provider computes on 8-bit integers when they stand between DequantizeLinear and QuantizeLinear.
// onnxruntime/core/optimizer/qdq_transformer/selectors_actions/qdq_selector_action_transformer.cc; tried with 1.30.

/** linear: products with weights. moves: numbers stay as they are. elementwise: a kernel with a scale for each input and the output. */
export type Int8Kind = 'linear' | 'moves' | 'elementwise'

export interface Int8Kernel {
  readonly kind: Int8Kind
  /** Inputs that are dequantized, by index; null: all of them. */
  readonly data: readonly number[] | null
}

const linear: Int8Kernel = { kind: 'linear', data: [0, 1] }
const moves: Int8Kernel = { kind: 'moves', data: [0] }
const unary: Int8Kernel = { kind: 'elementwise', data: [0] }
const variadic: Int8Kernel = { kind: 'elementwise', data: null }

const KERNELS: Readonly<Record<string, Int8Kernel>> = {
  Conv: linear,
  MatMul: linear,
  Gemm: linear,
  // Float convolutions with an activation in them: what the engine makes of a group that it could not fuse.
  FusedConv: linear,
  DepthToSpace: moves,
  Expand: moves,
  Flatten: moves,
  Gather: moves,
  GatherElements: moves,
  MaxPool: moves,
  ReduceMax: moves,
  ReduceMin: moves,
  Reshape: moves,
  Resize: moves,
  Slice: moves,
  Split: moves,
  Squeeze: moves,
  Tile: moves,
  Transpose: moves,
  Unsqueeze: moves,
  AveragePool: unary,
  GlobalAveragePool: unary,
  LeakyRelu: unary,
  Sigmoid: unary,
  Softmax: unary,
  Add: variadic,
  Mul: variadic,
  Concat: variadic,
  Where: { kind: 'elementwise', data: [1, 2] },
}

/** undefined: the operator has no int8 kernel. */
export function int8KernelOf(opType: string): Int8Kernel | undefined {
  return Object.hasOwn(KERNELS, opType) ? KERNELS[opType] : undefined
}

/** Operators as the engine runs them that compute on 8-bit integers, or with weights of at most 8 bits. */
export const INT8_OPERATORS: ReadonlySet<string> = new Set([
  'ConvInteger',
  'DynamicQuantizeLSTM',
  'DynamicQuantizeMatMul',
  'GatherBlockQuantized',
  'MatMulBnb4',
  'MatMulInteger',
  'MatMulInteger16',
  'MatMulIntegerToFloat',
  'MatMulNBits',
  'NhwcMaxPool',
  'QAttention',
  'QEmbedLayerNormalization',
  'QGemm',
  'QLinearAdd',
  'QLinearAveragePool',
  'QLinearConcat',
  'QLinearConv',
  'QLinearGlobalAveragePool',
  'QLinearLeakyRelu',
  'QLinearMatMul',
  'QLinearMul',
  'QLinearReduceMean',
  'QLinearSigmoid',
  'QLinearSoftmax',
  'QLinearWhere',
])
