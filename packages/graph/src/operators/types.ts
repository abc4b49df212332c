// What one node asks of the machine. Five numbers are kept apart on purpose (see docs/method.md): special functions are never
// folded into FLOPs by invented constants.
import type { ConstantView, DType, NodeView, TensorType } from '../types.ts'
import type { FunctionCounts } from './counts/functions.ts'
import type { ReadInput } from './input-use.ts'

export interface NodeContext {
  readonly node: NodeView
  /** Types as run; `undefined` for an omitted optional input, and for a value whose type is not known. */
  readonly inputs: readonly (TensorType | undefined)[]
  readonly outputs: readonly (TensorType | undefined)[]
  /** The constant behind input `index`, where it is one. */
  constant(index: number): ConstantView | undefined
}

export interface Cost {
  /** Multiply-adds, exact, dense (padded taps counted). 1 MAC = 2 FLOPs. */
  readonly macs: number
  /** Additions, multiplications, comparisons, selections outside the MACs. */
  readonly simpleOps: number
  /** exp, log, erf, tanh, sqrt, division, pow, sin: counted, never converted to FLOPs. */
  readonly specialOps: number
  /** How many of `specialOps` are functions whose rate is measured; the sigmoid is one of these functions. Absent: none. */
  readonly functions?: FunctionCounts
  /** Compulsory traffic in bytes: each distinct tensor once, at its own dtype. */
  readonly bytes: number
  /** Bytes moved when nothing stays in cache between passes (at least `bytes`). */
  readonly streamingBytes: number
  /** The part of `bytes` that is constant weights. */
  readonly weightBytes: number
  /** The precision of the arithmetic, which chooses the roof: float32, int8, float16 … */
  readonly arithmetic: DType
  /** Dependent steps that cannot run in parallel: T for recurrent nodes, depth for a tree; 1 elsewhere. */
  readonly serialSteps: number
  /** True where the node only moves or retypes data: transpose, reorder, cast, concat, copy. */
  readonly movesDataOnly: boolean
  /** What the number leaves out, where it is approximate by nature (data-dependent work). */
  readonly note?: string
}

export type CostResult = { readonly known: true; readonly cost: Cost } | { readonly known: false; readonly reason: string }

/**
 * How a kernel works on 8-bit integers. linear: products with weights. moves: numbers stay unchanged. elementwise: with a scale for
 * each input and the output.
 */
export interface Int8Kernel {
  readonly kind: 'linear' | 'moves' | 'elementwise'
  /** Inputs that are dequantized, by index; null: all of them. */
  readonly data: readonly number[] | null
}

/** One operator family: what is known of its operators, in one file: shapes, FLOPs and bytes, what their inputs are, int8 kernels. */
export interface OperatorFamily {
  readonly id: string
  /** Operators it knows: 'Conv', or 'com.microsoft:FusedConv' with the domain; the default domain ('' = 'ai.onnx') has no prefix. */
  readonly operators: readonly string[]
  estimate(context: NodeContext): CostResult
  /** How each operator reads its inputs, keyed by operator; an absent operator's uses tell nothing. */
  readonly reads: Readonly<Record<string, ReadInput>>
  /**
   * By operator: what ONNX Runtime's CPU provider makes of it between DequantizeLinear and QuantizeLinear; absent: it computes in
   * float. onnxruntime/core/optimizer/qdq_transformer/selectors_actions/qdq_selector_action_transformer.cc; tried with 1.30.
   */
  readonly int8: Readonly<Record<string, Int8Kernel>>
}
