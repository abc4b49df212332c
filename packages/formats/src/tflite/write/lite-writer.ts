// Operators and constants of a TFLite graph while it is written, one after the other, each for the node of the ONNX graph that it comes
// from. What a value of the ONNX graph is among them, lowerer.ts knows.

import type { ConstantData } from '@whyslow/graph/builder/constant-data.ts'
import { uniqueName } from '@whyslow/graph/builder/unique-name.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { Dimension, DType } from '@whyslow/graph/types.ts'
import { type OperatorName, optionsNameOf } from '../operator-codes.ts'
import { typeNumber } from './element-types.ts'
import type { LiteGraph, LiteOperator, LiteTensor, OptionFields } from './lite-graph.ts'
import type { Target } from './target.ts'

/** What an operator gives. `holds`: the ONNX value that it is. */
export interface ResultType {
  readonly dtype: DType
  readonly shape: readonly Dimension[]
  readonly holds?: string | undefined
}

export class LiteWriter {
  /** Operators of the graph that is being written. */
  operators: LiteOperator[] = []
  readonly target: Target
  readonly #file: string
  readonly #names = new Map<string, number>()
  #node: { readonly name: string; readonly opType: string } = { name: '', opType: '' }

  constructor(file: string, target: Target) {
    this.#file = file
    this.target = target
  }

  /** Operators that `write` writes are `node`'s. */
  within(node: { readonly name: string; readonly opType: string }, write: () => void): void {
    const outside = this.#node
    this.#node = node
    try {
      write()
    } finally {
      this.#node = outside
    }
  }

  refuse(reason: string): never {
    throw this.unwritable(reason)
  }

  unwritable(reason: string): InputError {
    const { name, opType } = this.#node
    return new InputError(`${this.#file}: ${opType} '${name}' cannot be written as ${this.target.name}: ${reason}`)
  }

  /** Axis `k` of the result is axis `permutation[k]` of the tensor. Where only axes of size 1 move, the bytes stay unchanged. */
  transpose(tensor: LiteTensor, permutation: readonly number[]): LiteTensor {
    const shape = permutation.map((axis): Dimension => tensor.shape[axis]!)
    const moved = permutation.filter((axis) => tensor.shape[axis] !== 1)
    if (moved.every((axis, k) => k === 0 || axis > moved[k - 1]!)) return this.reshape(tensor, shape)
    return this.op('TRANSPOSE', [tensor, this.ints(permutation)], { dtype: tensor.dtype, shape, holds: tensor.holds })
  }

  /** The same elements under another shape; of the sizes at most one may be free, else they are computed as the model runs. */
  reshape(tensor: LiteTensor, shape: readonly Dimension[]): LiteTensor {
    if (shape.length === tensor.shape.length && shape.every((size, axis) => size !== null && size === tensor.shape[axis]))
      return tensor
    const free = shape.filter((size) => typeof size !== 'number')
    const target = free.length <= 1 ? this.ints(newShape(shape)) : this.#sizesAtRuntime(tensor, shape)
    const fields = free.length <= 1 ? { new_shape: newShape(shape) } : {}
    return this.op('RESHAPE', [tensor, target], { dtype: tensor.dtype, shape, holds: tensor.holds }, fields)
  }

  /** Sizes that bear a symbol of the tensor's own shape are taken from it. */
  #sizesAtRuntime(tensor: LiteTensor, shape: readonly Dimension[]): LiteTensor {
    const own = this.shapeOf(tensor)
    const parts = shape.map((size) => {
      if (typeof size === 'number') return this.scalar(size)
      const axis = size === null ? -1 : tensor.shape.indexOf(size)
      return axis < 0 ? this.refuse('more than one size of its result is free') : this.sizeAt(own, axis)
    })
    return this.pack(parts)
  }

  /** int32, rank 1. */
  shapeOf(tensor: LiteTensor): LiteTensor {
    const type = { dtype: 'int32' as const, shape: [tensor.shape.length] }
    return this.op('SHAPE', [tensor], type, { out_type: INT32 })
  }

  /** One element of a list of sizes, as a scalar. */
  sizeAt(sizes: LiteTensor, axis: number): LiteTensor {
    return this.op(
      'STRIDED_SLICE',
      [sizes, this.ints([axis]), this.ints([axis + 1]), this.ints([1])],
      { dtype: 'int32', shape: [] },
      { shrink_axis_mask: 1 },
    )
  }

  /** The same elements in another type; bool as 0 and 1. */
  cast(x: LiteTensor, dtype: DType): LiteTensor {
    const fields = { in_data_type: this.liteType(x.dtype), out_data_type: this.liteType(dtype) }
    return this.op('CAST', [x], { dtype, shape: x.shape }, fields)
  }

  /** Scalars as a list. */
  pack(parts: readonly LiteTensor[]): LiteTensor {
    const type = { dtype: 'int32' as const, shape: [parts.length] }
    return this.op('PACK', parts, type, { values_count: parts.length, axis: 0 })
  }

  /** An operator with one result. `fields`: of its table of options; what is not told is as the schema has it. */
  op(code: OperatorName, inputs: readonly (LiteTensor | undefined)[], result: ResultType, fields?: OptionFields): LiteTensor {
    return this.ops(code, inputs, [result], fields)[0]!
  }

  /** An operator with all its results. */
  ops(
    code: OperatorName,
    inputs: readonly (LiteTensor | undefined)[],
    results: readonly ResultType[],
    ...[fields = {}, bodies]: readonly [OptionFields?, (readonly LiteGraph[])?]
  ): LiteTensor[] {
    const dtype = inputs[0]?.dtype
    if (dtype !== undefined && !this.target.computes(code, dtype))
      this.refuse(`${this.target.name}'s ${code} does not compute in ${dtype}`)
    const outputs = results.map(({ dtype, shape, holds }) => ({
      name: this.unique(holds ?? `${this.#node.name}/${code}`),
      dtype,
      shape,
      holds,
    }))
    const table = optionsNameOf(code)
    const options = table && { table, fields }
    this.operators.push({ code, inputs, outputs, options, origin: this.#node.name, bodies })
    return outputs
  }

  /** A graph of its own, which sees no tensors but its inputs and constants. */
  graph(
    name: string,
    inputs: readonly ResultType[],
    write: (tensors: readonly LiteTensor[]) => readonly LiteTensor[],
  ): LiteGraph {
    const { operators } = this
    this.operators = []
    try {
      const ports = inputs.map(({ dtype, shape }) => {
        const given = this.unique(`${this.#node.name}/${name}`)
        return { name: given, tensor: { name: given, dtype, shape } }
      })
      const results = write(ports.map(({ tensor }) => tensor))
      const outputs = results.map((tensor) => ({ name: tensor.name, tensor }))
      return { inputs: ports, outputs, operators: this.operators }
    } finally {
      this.operators = operators
    }
  }

  constantTensor({ dtype, shape, data }: ConstantData, name: string): LiteTensor {
    if (!ArrayBuffer.isView(data)) return this.refuse(`'${name}' is a constant of strings`)
    return { name: this.unique(name), dtype, shape, data }
  }

  /** A list of int32. */
  ints(values: readonly number[]): LiteTensor {
    return this.constantTensor(
      { dtype: 'int32', shape: [values.length], data: Int32Array.from(values) },
      `${this.#node.name}/ints`,
    )
  }

  /** An int32 scalar. */
  scalar(value: number): LiteTensor {
    return this.constantTensor({ dtype: 'int32', shape: [], data: Int32Array.of(value) }, `${this.#node.name}/int`)
  }

  /** A number of the value's type, as a scalar. */
  number(value: number, dtype: DType = 'float32'): LiteTensor {
    if (dtype !== 'float32' && dtype !== 'int32' && dtype !== 'int64') return this.refuse(`it computes in ${dtype}`)
    const data =
      dtype === 'float32' ? Float32Array.of(value) : dtype === 'int32' ? Int32Array.of(value) : BigInt64Array.of(BigInt(value))
    return this.constantTensor({ dtype, shape: [], data }, `${this.#node.name}/number`)
  }

  floats(shape: readonly number[], values: Iterable<number>): LiteTensor {
    return this.constantTensor({ dtype: 'float32', shape, data: Float32Array.from(values) }, `${this.#node.name}/floats`)
  }

  /** TFLite's number of an element type. */
  liteType(dtype: DType): number {
    return typeNumber(dtype) ?? this.refuse(`${this.target.name} has no ${dtype}`)
  }

  /** `wish`, or with a number behind it where a tensor has it. */
  unique(wish: string): string {
    return uniqueName(wish, this.#names)
  }
}

export const INT32 = 2

/** -1 for the size that is free. */
export const newShape = (shape: readonly Dimension[]): number[] => shape.map((size) => (typeof size === 'number' ? size : -1))
