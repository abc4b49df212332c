// What a rule that writes one ONNX operator as TFLite's is given: values of the ONNX graph as tensors of the TFLite graph, in the order
// of axes that the rule wants, and a place to write operators. A value remembers the order in which its tensor lies, so that a Transpose
// costs nothing until someone needs the axes elsewhere: NCHW operators between Transposes are written channels last, as they run.

import {
  arrayOver,
  type ConstantData,
  int64s,
  numbersOf,
  reshapeConstant,
  transposeConstant,
} from '@whyslow/graph/builder/constant-data.ts'
import { identity, isIdentity, permutationBetween } from '@whyslow/graph/builder/permutation.ts'
import { elementCount } from '@whyslow/graph/dtype.ts'
import type { InputError } from '@whyslow/graph/input-error.ts'
import { inlineBytes, tensorType } from '@whyslow/graph/tensor-data.ts'
import type { Dimension, DType, NodeView } from '@whyslow/graph/types.ts'
import type { NodeProto } from 'onnx-buf'
import type { LiteGraph, LiteTensor } from './lite-graph.ts'
import { LiteWriter, newShape, type ResultType } from './lite-writer.ts'
import type { Target } from './target.ts'

/** What is known of a value before anything runs. */
export interface WriteType {
  readonly dtype?: DType | undefined
  readonly shape?: readonly Dimension[] | undefined
  /** The integers that it holds, where they follow from the model alone. */
  readonly numbers?: readonly number[] | undefined
}

/** A node of the main graph: attributes as plain values; what has none (tensors, graphs) is in `proto`. */
export interface OnnxNode extends NodeView {
  readonly proto: NodeProto
}

/** Axis `l` of `tensor` is axis `order[l]` of the ONNX value. */
interface Placed {
  readonly tensor: LiteTensor
  readonly order: readonly number[]
}

/** [n, k] that is in another order than ONNX's: its column `j` is the value's column `rows[j]`. */
export interface FlattenedTensor {
  readonly x: LiteTensor
  readonly rows: Int32Array | undefined
}

export interface Source {
  readonly opset: number
  /** The content of a constant of the ONNX graph. */
  constant(name: string): ConstantData | undefined
  type(name: string): WriteType
  /** The nodes that read a value, and whether it is an output of the graph. */
  readersOf(name: string): readonly OnnxNode[]
  isOutput(name: string): boolean
  /** The node that makes a value; constants and inputs have none. */
  makerOf(name: string): OnnxNode | undefined
  /** The nodes of a node's own graph, in order. */
  bodyOf(node: OnnxNode): readonly OnnxNode[]
}

export class Lowerer extends LiteWriter {
  readonly source: Source
  #placed = new Map<string, Placed>()
  #turned = new Map<string, LiteTensor>()
  readonly #flattened = new Map<string, FlattenedTensor>()
  readonly #failed = new Map<string, InputError>()
  readonly #outputs = new Set<LiteTensor>()

  constructor(file: string, source: Source, target: Target) {
    super(file, target)
    this.source = source
  }

  /** The type of an input or output of the node; refused where it does not follow from the model. */
  type(name: string): { readonly dtype: DType; readonly shape: readonly Dimension[] } {
    const { dtype, shape } = this.source.type(name)
    if (dtype === undefined || shape === undefined) return this.refuse(`the shape of '${name}' does not follow from the model`)
    return { dtype, shape }
  }

  shape(name: string): readonly Dimension[] {
    return this.type(name).shape
  }

  /** The numbers of a constant, or of what follows from the model. */
  numbers(name: string | undefined): readonly number[] | undefined {
    if (name === undefined || name === '') return undefined
    const constant = this.source.constant(name)
    return constant === undefined ? this.source.type(name).numbers : numbersOf(constant)
  }

  /** The same, refused if they are not known. */
  numbersOf(name: string, what: string): readonly number[] {
    return this.numbers(name) ?? this.refuse(`its ${what} must be constant`)
  }

  constant(name: string | undefined): ConstantData | undefined {
    return name === undefined || name === '' ? undefined : this.source.constant(name)
  }

  /** These results cannot be written: whoever reads one says so. */
  fail(outputs: readonly string[], error: InputError): void {
    for (const name of outputs) this.#failed.set(name, error)
  }

  /** True where a rule before has written the value with others. */
  isPlaced(name: string): boolean {
    return this.#placed.has(name)
  }

  /** `name` is the value `of` under another name. */
  alias(name: string, of: string): void {
    const placed = this.#placed.get(of)
    const flat = this.#flattened.get(of)
    if (flat !== undefined) this.#flattened.set(name, flat)
    else if (placed !== undefined) this.#placed.set(name, placed)
    else this.place(name, this.plain(of))
  }

  /** True where all who read the value multiply it with constant weights, which can be put in any order of its columns. */
  feedsProducts(name: string): boolean {
    if (this.source.isOutput(name)) return false
    return this.source.readersOf(name).every(({ opType, inputs, outputs, attributes }) => {
      if (opType === 'Identity' || (opType === 'Dropout' && outputs.length === 1)) return this.feedsProducts(outputs[0]!)
      const product = opType === 'MatMul' || (opType === 'Gemm' && !attributes.transA)
      return product && inputs[0] === name && inputs[1] !== name && this.source.constant(inputs[1]!)?.shape.length === 2
    })
  }

  placeFlattened(name: string, x: LiteTensor, rows: Int32Array): void {
    this.#flattened.set(name, { x, rows })
  }

  /** A matrix, its columns in whatever order they lie. */
  flattened(name: string): FlattenedTensor {
    return this.#flattened.get(name) ?? { x: this.plain(name), rows: undefined }
  }

  /** The order in which a value lies; constants lie as they are. */
  order(name: string): readonly number[] {
    return this.#placed.get(name)?.order ?? identity(this.shape(name).length)
  }

  /** Says where a result of the node is. */
  place(name: string, tensor: LiteTensor, order: readonly number[] = identity(tensor.shape.length)): void {
    this.#placed.set(name, { tensor, order })
  }

  /** An output of the graph: axes as ONNX has them, and a tensor of its own, which no input, constant or other output is. */
  output(name: string): LiteTensor {
    const tensor = this.plain(name)
    const made = this.operators.some(({ outputs }) => outputs.includes(tensor))
    const own = made && !this.#outputs.has(tensor) ? tensor : this.#copy(tensor)
    this.#outputs.add(own)
    return own
  }

  #copy(tensor: LiteTensor): LiteTensor {
    const { dtype, shape, holds } = tensor
    const free = shape.filter((size) => typeof size !== 'number')
    const target = free.length <= 1 ? this.ints(newShape(shape)) : this.shapeOf(tensor)
    return this.op('RESHAPE', [tensor, target], { dtype, shape, holds })
  }

  /** The value with its axes as ONNX has them. */
  plain(name: string): LiteTensor {
    return this.ordered(name, identity(this.shape(name).length))
  }

  /** The value as it lies, where it is at all: no axes moved. */
  asItLies(name: string): LiteTensor {
    return this.ordered(name, this.order(name))
  }

  /** The value with its axes in another order, turned where it lies differently. */
  ordered(name: string, order: readonly number[]): LiteTensor {
    const failed = this.#failed.get(name)
    if (failed !== undefined) throw failed
    const constant = this.source.constant(name)
    if (constant !== undefined) return this.constantTensor(transposeConstant(constant, order), name)
    const placed = this.#placed.get(name)
    if (placed === undefined) return this.#known(name, order)
    const permutation = permutationBetween(placed.order, order)
    if (isIdentity(permutation)) return placed.tensor
    const key = `${name} ${order.join()}`
    const before = this.#turned.get(key)
    if (before !== undefined) return before
    const turned = this.transpose(placed.tensor, permutation)
    this.#turned.set(key, turned)
    return turned
  }

  /** A value that nothing makes here, since its numbers follow from the model (sizes, mostly). */
  #known(name: string, order: readonly number[]): LiteTensor {
    const { numbers, shape, dtype } = this.source.type(name)
    if (numbers === undefined) return this.refuse(`nothing makes '${name}'`)
    const data = {
      ...int64s(numbers),
      shape: shape?.every((size) => typeof size === 'number') ? (shape as number[]) : [numbers.length],
    }
    return this.constantTensor(transposeConstant(dtype === 'int32' ? asInt32(data) : data, order), name)
  }

  override graph(
    name: string,
    inputs: readonly ResultType[],
    write: (tensors: readonly LiteTensor[]) => readonly LiteTensor[],
  ): LiteGraph {
    const [placed, turned] = [this.#placed, this.#turned]
    this.#placed = new Map()
    this.#turned = new Map()
    try {
      return super.graph(name, inputs, write)
    } finally {
      this.#placed = placed
      this.#turned = turned
    }
  }

  /** A list of sizes as int32, which is what TFLite's operators take; computed where it is computed. */
  asInt32(name: string): LiteTensor {
    const numbers = this.numbers(name)
    if (numbers !== undefined)
      return this.constantTensor(
        { dtype: 'int32', shape: this.source.constant(name)?.shape ?? [numbers.length], data: Int32Array.from(numbers) },
        name,
      )
    const x = this.plain(name)
    return x.dtype === 'int32' ? x : this.cast(x, 'int32')
  }

  /** A tensor among a node's attributes. */
  tensorAttribute({ proto }: OnnxNode, name: string): ConstantData | undefined {
    const tensor = proto.attribute.find((one) => one.name === name)?.t
    if (tensor === undefined) return undefined
    const { dtype, shape } = tensorType(tensor)
    const data = arrayOver(dtype, inlineBytes(tensor), elementCount(shape))
    return data === undefined ? this.refuse(`its attribute ${name} is ${dtype}`) : { dtype, shape, data }
  }

  /** An input of the graph. */
  input(name: string): LiteTensor {
    const { dtype, shape } = this.type(name)
    const tensor = { name: this.unique(name), dtype, shape, holds: name }
    this.place(name, tensor)
    return tensor
  }
}

const asInt32 = (constant: ConstantData): ConstantData => ({
  ...constant,
  dtype: 'int32',
  data: Int32Array.from(numbersOf(constant)),
})

/** A constant of rank `rank`, with axes of size 1 in front. */
export const ofRank = (constant: ConstantData, rank: number): ConstantData =>
  reshapeConstant(constant, [...new Array<number>(Math.max(0, rank - constant.shape.length)).fill(1), ...constant.shape])
