// The version that each operator is written with: the lowest that has what it uses, and of those that apply the highest.
// https://github.com/google-ai-edge/LiteRT/blob/main/tflite/converter/tools/versioning/op_version.cc, and runtime_version.cc next to it.
import type { OperatorName } from '../operator-codes.ts'
import type { LiteOperator, LiteTensor } from './lite-graph.ts'

type Version = (operator: LiteOperator) => number

const typeOf = (operator: LiteOperator, index: number): string | undefined => operator.inputs[index]?.dtype
const rankOf = (operator: LiteOperator, index: number): number => operator.inputs[index]?.shape.length ?? 0
const perChannel = (tensor: LiteTensor | undefined): boolean => (tensor?.quantization?.scales.length ?? 0) > 1
const field = ({ options }: LiteOperator, name: string): number | boolean | undefined =>
  options?.fields[name] as number | boolean | undefined

/** int8 tensors make an operator's version 2 if nothing else does. */
const int8Is2: Version = (operator) => (typeOf(operator, 0) === 'int8' ? 2 : 1)

/** Weights in int8 with an input in float32: the kernel quantizes what comes in. */
const isHybrid = (operator: LiteOperator): boolean => typeOf(operator, 0) === 'float32' && typeOf(operator, 1) === 'int8'

const VERSIONS: Readonly<Partial<Record<OperatorName, Version>>> = {
  ADD: int8Is2,
  ARG_MAX: int8Is2,
  ARG_MIN: int8Is2,
  AVERAGE_POOL_2D: int8Is2,
  BATCH_MATMUL: (operator) => (isHybrid(operator) ? 4 : int8Is2(operator)),
  BROADCAST_TO: () => 2,
  CAST: (operator) => (operator.outputs[0]!.dtype === 'int8' || typeOf(operator, 0) === 'int8' ? 3 : 1),
  CONCATENATION: int8Is2,
  CONV_2D: (operator) => {
    const [x, filter] = operator.inputs
    if (x?.shape.at(-1) !== filter?.shape.at(-1)) return 6
    if (isHybrid(operator)) return perChannel(filter) ? 5 : 2
    return typeOf(operator, 0) === 'int8' ? 3 : 1
  },
  DEPTHWISE_CONV_2D: (operator) => {
    const dilated = field(operator, 'dilation_w_factor') !== 1 || field(operator, 'dilation_h_factor') !== 1
    if (isHybrid(operator)) return perChannel(operator.inputs[1]) ? 6 : 4
    return typeOf(operator, 0) === 'int8' ? 3 : dilated ? 2 : 1
  },
  DEPTH_TO_SPACE: int8Is2,
  DEQUANTIZE: (operator) => {
    const [x] = operator.inputs
    if (perChannel(x)) return 5
    return x?.dtype === 'float16' ? 3 : x?.dtype === 'int8' ? 2 : 1
  },
  EQUAL: int8Is2,
  FULLY_CONNECTED: (operator) => {
    const versions = [1]
    if (isHybrid(operator)) versions.push(3)
    if (field(operator, 'asymmetric_quantize_inputs') === true) versions.push(9)
    if (isHybrid(operator) && perChannel(operator.inputs[1])) versions.push(12)
    if (typeOf(operator, 0) === 'int8') versions.push(4)
    if (field(operator, 'keep_num_dims') === true) versions.push(5)
    return Math.max(...versions)
  },
  GATHER: (operator) => ((field(operator, 'batch_dims') ?? 0) !== 0 ? 5 : int8Is2(operator)),
  GREATER: int8Is2,
  GREATER_EQUAL: int8Is2,
  LEAKY_RELU: int8Is2,
  LESS: int8Is2,
  LESS_EQUAL: int8Is2,
  LOGISTIC: int8Is2,
  LOG_SOFTMAX: int8Is2,
  MAXIMUM: int8Is2,
  MAX_POOL_2D: int8Is2,
  MEAN: int8Is2,
  MINIMUM: int8Is2,
  MUL: int8Is2,
  NOT_EQUAL: int8Is2,
  PACK: int8Is2,
  PAD: int8Is2,
  PADV2: int8Is2,
  REDUCE_MAX: int8Is2,
  REDUCE_MIN: int8Is2,
  RELU: int8Is2,
  RELU6: int8Is2,
  RESIZE_BILINEAR: (operator) => (field(operator, 'half_pixel_centers') === true ? 3 : int8Is2(operator)),
  RESIZE_NEAREST_NEIGHBOR: (operator) =>
    field(operator, 'half_pixel_centers') === true || field(operator, 'align_corners') === true ? 3 : int8Is2(operator),
  SLICE: int8Is2,
  SOFTMAX: int8Is2,
  SPACE_TO_DEPTH: int8Is2,
  SPLIT: (operator) => (typeOf(operator, 1) === 'int8' ? 2 : 1),
  SPLIT_V: int8Is2,
  STRIDED_SLICE: int8Is2,
  SUB: (operator) => (typeOf(operator, 0) === 'int8' ? 2 : Math.max(rankOf(operator, 0), rankOf(operator, 1)) > 4 ? 3 : 1),
  SUM: int8Is2,
  TANH: int8Is2,
  TOPK_V2: int8Is2,
  TRANSPOSE: (operator) => (rankOf(operator, 0) > 4 ? 4 : int8Is2(operator)),
  TRANSPOSE_CONV: (operator) => {
    if (field(operator, 'fused_activation_function')) return 4
    if (operator.inputs[3] !== undefined) return 3
    return operator.inputs[2]?.dtype === 'int8' ? 2 : 1
  },
  UNIDIRECTIONAL_SEQUENCE_LSTM: (operator) => {
    if (field(operator, 'asymmetric_quantize_inputs') === true) return 3
    return operator.inputs.some((input) => input?.dtype === 'int8') ? 2 : 1
  },
  UNPACK: int8Is2,
}

export const versionOf = (operator: LiteOperator): number => VERSIONS[operator.code]?.(operator) ?? 1

/** TensorFlow releases that first read a version above 1; of others 1.5 and later read all that is written here. */
const RUNTIMES: Readonly<Record<string, string>> = {
  'ABS 1': '1.13.1',
  'ADD 2': '1.14.0',
  'BATCH_MATMUL 1': '2.3.0',
  'BATCH_MATMUL 2': '2.3.0',
  'BATCH_MATMUL 4': '2.3.0',
  'BROADCAST_TO 2': '2.5.0',
  'CEIL 1': '1.14.0',
  'CONV_2D 2': '1.14.0',
  'CONV_2D 3': '1.14.0',
  'CONV_2D 5': '2.4.0',
  'CONV_2D 6': '2.9.0',
  'CONV_3D 1': '2.5.0',
  'CONV_3D_TRANSPOSE 1': '2.5.0',
  'COS 1': '1.14.0',
  'CUMSUM 1': '2.4.0',
  'DEPTHWISE_CONV_2D 3': '1.14.0',
  'DEPTHWISE_CONV_2D 4': '2.2.0',
  'DEPTHWISE_CONV_2D 6': '2.3.0',
  'DEQUANTIZE 2': '1.14.0',
  'DEQUANTIZE 3': '1.15.0',
  'DEQUANTIZE 5': '2.9.0',
  'DYNAMIC_UPDATE_SLICE 1': '2.9.0',
  'ELU 1': '1.14.1',
  'FILL 1': '1.13.1',
  'FLOOR_MOD 1': '1.13.1',
  'FULLY_CONNECTED 12': '2.17.0',
  'FULLY_CONNECTED 3': '1.14.0',
  'FULLY_CONNECTED 4': '1.14.0',
  'FULLY_CONNECTED 5': '2.0.0',
  'FULLY_CONNECTED 9': '2.3.0',
  'GATHER 5': '2.5.0',
  'GATHER_ND 1': '1.14.0',
  'GELU 1': '2.9.0',
  'HARD_SWISH 1': '1.15.0',
  'LEAKY_RELU 1': '1.13.1',
  'MIRROR_PAD 1': '1.13.1',
  'QUANTIZE 1': '1.14.0',
  'RANGE 1': '1.13.1',
  'RESIZE_BILINEAR 3': '2.2.0',
  'RESIZE_NEAREST_NEIGHBOR 1': '1.13.1',
  'RESIZE_NEAREST_NEIGHBOR 3': '2.3.0',
  'ROUND 1': '1.14.0',
  'SELECT_V2 1': '2.2.0',
  'SHAPE 1': '1.10.0',
  'SIGN 1': '2.12.0',
  'SPLIT_V 1': '1.13.1',
  'SQUARED_DIFFERENCE 1': '1.13.1',
  'TRANSPOSE 4': '1.15.0',
  'TRANSPOSE_CONV 3': '2.3.0',
  'TRANSPOSE_CONV 4': '2.13.0',
  'UNIDIRECTIONAL_SEQUENCE_LSTM 2': '1.14.0',
  'UNIDIRECTIONAL_SEQUENCE_LSTM 3': '2.3.0',
  'WHILE 1': '1.15.0',
}

/** The oldest runtime that reads the operators. */
export function runtimeOf(operators: readonly LiteOperator[]): string {
  const needed = operators.map((operator) => RUNTIMES[`${operator.code} ${versionOf(operator)}`] ?? '1.5.0')
  const parts = (version: string) => version.split('.').map(Number)
  const later = (a: string, b: string) => {
    const [left, right] = [parts(a), parts(b)]
    const k = left.findIndex((part, index) => part !== right[index])
    return k >= 0 && left[k]! > right[k]!
  }
  return needed.reduce((latest, one) => (later(one, latest) ? one : latest), '1.5.0')
}
