// The plain view of a graph that every later stage reads: nodes, values, attributes, without protobuf and without weights.
// Field meanings follow ONNX IR: https://github.com/onnx/onnx/blob/main/docs/IR.md

/** Element types by ONNX's names in lower case; `string`, and types that are not tensors, have no fixed size. */
export type DType =
  | 'float32'
  | 'float64'
  | 'float16'
  | 'bfloat16'
  | 'float8e4m3fn'
  | 'float8e4m3fnuz'
  | 'float8e5m2'
  | 'float8e5m2fnuz'
  | 'float8e8m0'
  | 'float4e2m1'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'uint64'
  | 'int4'
  | 'uint4'
  | 'int2'
  | 'uint2'
  | 'bool'
  | 'string'
  | 'complex64'
  | 'complex128'

/** A tensor's type as it was at run time or is declared: every dimension known. */
export interface TensorType {
  readonly dtype: DType
  readonly shape: readonly number[]
}

/** A dimension as declared: a number, a symbol, or `null` if nothing is said. */
export type Dimension = number | string | null

/** What a graph input or output is declared to be. `kind` other than 'tensor' has no shape (maps, sequences, optionals). */
export interface ValueDeclaration {
  readonly name: string
  readonly kind: 'tensor' | 'sequence' | 'map' | 'optional' | 'sparse' | 'unknown'
  readonly dtype: DType | null
  readonly shape: readonly Dimension[] | null
}

/** A constant of the graph, wherever its bytes live: initializer, `Constant` node, external file. */
export interface ConstantView extends TensorType {
  readonly name: string
  readonly sizeBytes: number
  readonly from: 'initializer' | 'constant-node' | 'external'
  /** Set where the initializer is listed among the graph's inputs, which blocks folding and fusion (IR before 4). */
  readonly isGraphInput: boolean
  /** The numbers themselves, for integer and small (at most 64 elements) constants only; int64 as numbers. */
  readonly values?: readonly number[]
  /** What rules need to know of the weights when the weights are not there. */
  readonly statistics?: WeightStatistics
}

export interface WeightStatistics {
  readonly min: number
  readonly max: number
  /** Share of elements, 0..1, that are subnormal float32 (non-zero and below 1.18e-38 in size). */
  readonly subnormalShare: number
  readonly zeroShare: number
  readonly nanCount: number
}

export type AttributeView = number | string | readonly number[] | readonly string[] | TensorType | null

export interface NodeView {
  /** The node's own name; where the file gives none, its first non-empty output's name. */
  readonly name: string
  readonly opType: string
  /** '' for ai.onnx. */
  readonly domain: string
  /** '' marks an omitted optional input. */
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes: Readonly<Record<string, AttributeView>>
  readonly subgraphs: Readonly<Record<string, GraphView>>
}

/** Where in the user's model a node that runs within a subgraph comes from. */
export interface InnerOrigin {
  /** The way from the main graph inwards: each node that holds a subgraph, and the attribute that is the subgraph. */
  readonly path: readonly { readonly node: string; readonly attribute: string }[]
  /** The user's nodes of that very subgraph. */
  readonly nodes: readonly string[]
}

export interface GraphView {
  readonly name: string
  readonly nodes: readonly NodeView[]
  /** Excludes initializers that are listed as inputs. */
  readonly inputs: readonly ValueDeclaration[]
  readonly outputs: readonly ValueDeclaration[]
  /** Keyed by value name. Constants of subgraphs are in their own graph. */
  readonly constants: Readonly<Record<string, ConstantView>>
  /** Types of intermediate values that the file declares with every dimension known. */
  readonly types: Readonly<Record<string, TensorType>>
}
