// Operators that have an int8 kernel, and what it asks of the numbers that go in and out.
// https://github.com/google-ai-edge/LiteRT/blob/main/tflite/converter/tools/optimize/operator_property.cc
import type { LiteOperator, Quantization } from '../write/index.ts'

export interface Int8Kernel {
  /** Which inputs are activations, or constants next to them; others (shapes, axes) are left alone. 'all': every float input. */
  readonly activations: readonly number[] | 'all'
  /** Constant weights, with the axis of their channels (null: one scale) and the bias behind them. */
  readonly weights?: { readonly input: number; readonly axis: number | null; readonly bias?: number }
  /** Results must be in the steps of the activations, and all of those alike. */
  readonly sameSteps?: boolean
  /** Steps of the result are the kernel's own. */
  readonly result?: Quantization
}

const steps = (scale: number, zeroPoint: number): Quantization => ({ scales: [scale], zeroPoints: [zeroPoint], axis: 0 })
const moving: Int8Kernel = { activations: [0], sameSteps: true }
const free: Int8Kernel = { activations: [0] }
const pair: Int8Kernel = { activations: [0, 1] }

export const INT8_KERNELS: Readonly<Partial<Record<LiteOperator['code'], Int8Kernel>>> = {
  ADD: pair,
  AVERAGE_POOL_2D: moving,
  BATCH_MATMUL: { activations: [0, 1], weights: { input: 1, axis: null } },
  CONCATENATION: { activations: 'all', sameSteps: true },
  CONV_2D: { activations: [0], weights: { input: 1, axis: 0, bias: 2 } },
  DEPTHWISE_CONV_2D: { activations: [0], weights: { input: 1, axis: 3, bias: 2 } },
  DEPTH_TO_SPACE: moving,
  ELU: free,
  EXPAND_DIMS: moving,
  FULLY_CONNECTED: { activations: [0], weights: { input: 1, axis: 0, bias: 2 } },
  GATHER: moving,
  HARD_SWISH: free,
  LEAKY_RELU: free,
  LOGISTIC: { ...free, result: steps(1 / 256, -128) },
  LOG_SOFTMAX: { ...free, result: steps(16 / 256, 127) },
  MAXIMUM: { ...pair, sameSteps: true },
  MAX_POOL_2D: moving,
  MEAN: free,
  MINIMUM: { ...pair, sameSteps: true },
  MIRROR_PAD: moving,
  MUL: pair,
  PACK: { activations: 'all', sameSteps: true },
  PAD: moving,
  PRELU: pair,
  REDUCE_MAX: moving,
  REDUCE_MIN: moving,
  RELU: free,
  RELU6: free,
  RELU_N1_TO_1: free,
  RESHAPE: moving,
  RESIZE_BILINEAR: moving,
  RESIZE_NEAREST_NEIGHBOR: moving,
  SLICE: moving,
  SOFTMAX: { ...free, result: steps(1 / 256, -128) },
  SPACE_TO_DEPTH: moving,
  SPLIT: { activations: [1], sameSteps: true },
  SPLIT_V: moving,
  SQUEEZE: moving,
  STRIDED_SLICE: moving,
  SUB: pair,
  SUM: free,
  TANH: { ...free, result: steps(1 / 128, 0) },
  TILE: moving,
  TRANSPOSE: moving,
  TRANSPOSE_CONV: { activations: [2], weights: { input: 1, axis: 0, bias: 3 } },
  UNPACK: moving,
}

/** The float inputs that are activations of the kernel. */
export const activationsOf = ({ inputs }: LiteOperator, { activations, weights }: Int8Kernel): readonly number[] =>
  (activations === 'all' ? inputs.map((_, k) => k) : activations).filter(
    (k) => inputs[k]?.dtype === 'float32' && !(k === weights?.input && inputs[k]!.data !== undefined),
  )
