// What quantizing can be asked for, and what it gives: plain data between the search that chooses, the code that quantizes, and the
// report that says what was done.
import type { Model } from '@whyslow/graph/model.ts'
import type { SymbolicType } from '@whyslow/graph/rewrite/symbolic-rule.ts'

/**
 * float32: as it is. dynamic: int8 weights, activations quantized at each prediction by their own range. static: int8 weights and
 * activations, with ranges observed before. weights8, weights4: weights alone in 8 or 4 bits, the arithmetic in float.
 */
export const precisions = ['float32', 'dynamic', 'static', 'weights8', 'weights4'] as const
export type Precision = (typeof precisions)[number]

/** The smallest and largest number that a value was seen to hold. */
export interface Range {
  readonly low: number
  readonly high: number
}

/** The mean of a value over everything but its channels. */
export interface ChannelMeans {
  /** Axis of the channels: 1 of what a convolution reads, the last one of what a product reads. */
  readonly axis: number
  readonly means: readonly number[]
}

export interface QuantizeOptions {
  /**
   * Of static quantization; dynamic activations are always uint8, since DynamicQuantizeLinear gives nothing else. int8 is for ARM: on
   * x86 onnxruntime has kernels for uint8 alone, turns int8 into it where one node reads a value, and leaves floats where two do (1.30).
   */
  readonly activations: 'uint8' | 'int8'
  readonly activationsSymmetric: boolean
  /** Weight type of dynamic and static quantization. */
  readonly weights: 'int8' | 'uint8'
  readonly weightsSymmetric: boolean
  /** A scale per output channel instead of one per tensor. */
  readonly perChannel: boolean
  /** Weights in 7 bits, which cannot saturate in the 16-bit sums of AVX2 and AVX-512 without VNNI. */
  readonly reduceRange: boolean
  /**
   * Whether what a static operator gives is quantized with it, as onnxruntime's kernels want it, or left in float: OpenVINO takes a
   * convolution or product whose inputs are quantized, and moves the conversions itself.
   */
  readonly results: 'quantized' | 'float'
  /** Weights of weights8 and weights4 share a scale in blocks of this many inputs. */
  readonly blockSize: 16 | 32 | 64 | 128
  /** False: blocks of weights4 have zero points. */
  readonly blockSymmetric: boolean
  /** True: products of weights8 and weights4 are computed in int8 (MatMulNBits with accuracy_level 4), else in float. */
  readonly int8Products: boolean
}

export const DEFAULT_QUANTIZE_OPTIONS: QuantizeOptions = {
  activations: 'uint8',
  activationsSymmetric: false,
  weights: 'int8',
  weightsSymmetric: true,
  perChannel: true,
  reduceRange: false,
  results: 'quantized',
  blockSize: 32,
  blockSymmetric: true,
  int8Products: true,
}

/**
 * For a computer. x86 without VNNI adds pairs of products in 16 bits, which 8-bit weights can overflow: silently, and by far more than a
 * step. There weights take 7 bits.
 */
export function optionsFor({
  architecture,
  isa,
}: {
  readonly architecture: string
  readonly isa: readonly string[]
}): QuantizeOptions {
  const adds32 = architecture !== 'x64' || isa.some((one) => /vnni|amx/i.test(one))
  return { ...DEFAULT_QUANTIZE_OPTIONS, reduceRange: !adds32 }
}

/** How a model is quantized. Nodes are named by their first output, which is unique in the main graph. */
export interface QuantizeChoice {
  /** Precision of each layer, keyed by node; absent: float32. */
  readonly layers: ReadonlyMap<string, Precision>
  /** Ranges keyed by value; static quantization needs those of what its nodes read and give. */
  readonly ranges: ReadonlyMap<string, Range>
  /** Means keyed by the value that a static Conv or product reads: biases then take back the mean that rounding the weights costs. */
  readonly means?: ReadonlyMap<string, ChannelMeans>
  readonly options: QuantizeOptions
}

/** Types of values, by name: as run, or as far as they follow from the model (`symbolicTypes`). */
export type ValueTypes = ReadonlyMap<string, SymbolicType>

/** What a node of the main graph can be. */
export interface Quantizable {
  /** The node's first output. */
  readonly node: string
  readonly opType: string
  /**
   * First outputs of the nodes that change with it, the node's own first: the Add of a constant bias, the Relu or Clip behind it. The
   * others are listed too, with no precisions of their own and no parts.
   */
  readonly parts: readonly string[]
  /** Excludes float32, which is always possible. Empty: see `reason`. */
  readonly precisions: readonly Precision[]
  /** It only moves numbers (Reshape, Transpose, MaxPool …), so that int8 passes through unchanged: what it gives has the range of what it reads. */
  readonly movesData: boolean
  /** Why it can be nothing but float32; null if it can. */
  readonly reason: string | null
  /** Float values that its parts read from elsewhere and that are no constants, each once. */
  readonly activationsIn: readonly string[]
  /** Float values that its parts give. */
  readonly activationsOut: readonly string[]
}

export interface QuantizedLayer {
  /** The node's first output. */
  readonly node: string
  /** Type of the original operator. */
  readonly opType: string
  readonly precision: Precision
  /** Signal to quantization noise of the weights, dB; null without weights, Infinity if nothing is lost. */
  readonly weightSqnrDb: number | null
}

export interface Quantized {
  readonly model: Model
  readonly layers: readonly QuantizedLayer[]
  /** Nodes asked for that stayed float32, and why. */
  readonly skipped: readonly { readonly node: string; readonly reason: string }[]
  /** One line each, as its reader would say it; empty: nothing was quantized. */
  readonly changes: readonly string[]
}
