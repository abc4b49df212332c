// What the writer of one operator of the channels-last graph is given: its tensors, what represents them among the nodes, its options.

import { type ConstantData, numbersOf } from '@whyslow/graph/builder/constant-data.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { Dimension } from '@whyslow/graph/types.ts'
import type { LiteGraph, LiteOperator, LiteTensor } from '../../tflite/write/index.ts'
import { type Attributes, typeName } from './attributes.ts'
import { type Nodes, type Ref, resultOf } from './graph-writer.ts'

/** Writes an operator; gives what represents its results, in their order. */
export type OperatorWriter = (call: OperatorCall) => Ref | readonly Ref[]

export type OperatorTable = Readonly<Record<string, OperatorWriter>>

/** Writes a graph that an operator runs, as a function; gives its name. `lists`: of its variables, those that are lists of tensors. */
export type FunctionWriter = (graph: LiteGraph, wish: string, lists: readonly (ListVariable | undefined)[]) => string

/** A variable of a loop that gets one element in each round. */
export interface ListVariable {
  /** What puts the element in its place. */
  readonly writer: LiteOperator
  readonly axis: number
  /** Puts the last round's element first. */
  readonly back: boolean
}

export interface CallParts {
  readonly nodes: Nodes
  readonly operator: LiteOperator
  /** What represents a tensor that was made before. */
  readonly values: ReadonlyMap<LiteTensor, Ref>
  readonly writeFunction: FunctionWriter
}

export class OperatorCall {
  readonly nodes: Nodes
  readonly operator: LiteOperator
  readonly writeFunction: FunctionWriter
  readonly #values: ReadonlyMap<LiteTensor, Ref>

  constructor({ nodes, operator, values, writeFunction }: CallParts) {
    this.nodes = nodes
    this.operator = operator
    this.writeFunction = writeFunction
    this.#values = values
  }

  has(index: number): boolean {
    return this.operator.inputs[index] !== undefined
  }

  tensor(index: number): LiteTensor {
    return this.operator.inputs[index] ?? this.refuse(`its input ${index} is not there`)
  }

  get tensors(): readonly LiteTensor[] {
    return this.operator.inputs.map((_, index) => this.tensor(index))
  }

  get result(): LiteTensor {
    return this.operator.outputs[0]!
  }

  input(index: number): Ref {
    return this.refOf(this.tensor(index))
  }

  get inputs(): Ref[] {
    return this.tensors.map((tensor) => this.refOf(tensor))
  }

  refOf(tensor: LiteTensor): Ref {
    const constant = constantOf(tensor)
    if (constant !== undefined) return this.nodes.constant(constant, tensor.name)
    return this.#values.get(tensor) ?? this.refuse(`nothing makes '${tensor.name}'`)
  }

  /** The content of a constant input. */
  constant(index: number, what: string): ConstantData {
    return constantOf(this.tensor(index)) ?? this.refuse(`its ${what} is computed`)
  }

  numbers(index: number, what: string): readonly number[] {
    return numbersOf(this.constant(index, what))
  }

  number(name: string, otherwise = 0): number {
    const value = this.operator.options?.fields[name]
    return typeof value === 'number' ? value : otherwise
  }

  flag(name: string): boolean {
    return this.operator.options?.fields[name] === true
  }

  list(name: string): readonly number[] {
    const value = this.operator.options?.fields[name]
    return Array.isArray(value) ? (value as readonly number[]) : []
  }

  /** A node with one result. */
  op(op: string, inputs: readonly Ref[], attributes: Attributes = {}): Ref {
    return this.nodes.op(op, `${this.operator.origin}/${op}`, { inputs, attributes })
  }

  /** A node with `count` results. */
  ops(op: string, inputs: readonly Ref[], { count, attributes }: { count: number; attributes: Attributes }): Ref[] {
    const node = this.op(op, inputs, attributes)
    return Array.from({ length: count }, (_, k) => resultOf(node, k))
  }

  /** A list of int32. */
  ints(values: readonly number[]): Ref {
    return this.nodes.constant(
      { dtype: 'int32', shape: [values.length], data: Int32Array.from(values) },
      `${this.operator.origin}/ints`,
    )
  }

  /** An int32 scalar. */
  int(value: number): Ref {
    return this.nodes.constant({ dtype: 'int32', shape: [], data: Int32Array.of(value) }, `${this.operator.origin}/int`)
  }

  /** A float32 scalar. */
  float(value: number): Ref {
    return this.nodes.constant({ dtype: 'float32', shape: [], data: Float32Array.of(value) }, `${this.operator.origin}/float`)
  }

  /** The same elements under another shape, of which one size may be free. */
  reshape(x: Ref, shape: readonly Dimension[]): Ref {
    if (shape.filter((size) => typeof size !== 'number').length > 1)
      return this.refuse('more than one size of its result is free')
    return this.op('Reshape', [x, this.ints(shape.map((size) => (typeof size === 'number' ? size : -1)))])
  }

  refuse(reason: string): never {
    throw new InputError(`${this.nodes.parts.file}: '${this.operator.origin}' cannot be written as TensorFlow.js: ${reason}`)
  }
}

export function constantOf({ dtype, shape, data }: LiteTensor): ConstantData | undefined {
  return data === undefined ? undefined : { dtype, shape: shape as readonly number[], data }
}

/** The type of a result. */
export function resultType(call: OperatorCall, { dtype, name }: LiteTensor): string {
  return typeName(dtype) ?? call.refuse(`'${name}' is ${dtype}, which it does not have`)
}
