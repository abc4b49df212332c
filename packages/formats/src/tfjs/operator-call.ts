// One node of a TensorFlow graph while it is written as ONNX: its inputs as values, and what is known of them.

import { type ConstantArray, type ConstantData, numbersOf } from '@whyslow/graph/builder/constant-data.ts'
import type { GraphBuilder, Value } from '@whyslow/graph/builder/graph-builder.ts'
import { dataTypeOf } from '@whyslow/graph/dtype.ts'
import type { InputError } from '@whyslow/graph/input-error.ts'
import type { Dimension, DType } from '@whyslow/graph/types.ts'
import { axisFromFront } from '@whyslow/graph/view-attributes.ts'
import { type Contents, isKnown } from './contents.ts'
import type { NodeDef } from './graph-def.ts'

/** The results of a node, in order. */
export type OperatorWriter = (call: OperatorCall) => Value | readonly Value[]

/** Writers keyed by TensorFlow's names of operators. */
export type OperatorTable = Readonly<Record<string, OperatorWriter>>

export class OperatorCall {
  readonly node: NodeDef
  readonly builder: GraphBuilder
  readonly inputs: readonly Value[]
  readonly contents: Contents

  constructor(node: NodeDef, builder: GraphBuilder, inputs: readonly Value[], contents: Contents) {
    this.node = node
    this.builder = builder
    this.inputs = inputs
    this.contents = contents
  }

  /** The same node with other inputs. */
  withInputs(inputs: readonly Value[]): OperatorCall {
    return new OperatorCall(this.node, this.builder, inputs, this.contents)
  }

  /** The input at this place; a negative one counts from the end. Throws InputError if there is none. */
  input(index: number): Value {
    const value = this.inputs.at(index)
    if (value === undefined) throw this.refuse(`has ${this.inputs.length} inputs, too few for it; convert the model again`)
    return value
  }

  /** Throws InputError if the input is computed. */
  constant(index: number, what: string): ConstantData {
    const { constant } = this.input(index)
    if (constant === undefined)
      throw this.refuse(`computes its ${what} while it runs, which ONNX cannot; convert the model with that as a constant`)
    return constant
  }

  /** The numbers of an input. Throws InputError if not all are known. */
  numbers(index: number, what: string): readonly number[] {
    const known = this.contents.of(this.input(index))
    if (known !== undefined && isKnown(known.elements)) return known.elements
    const constant = this.constant(index, what)
    if (constant.dtype === 'string') throw this.refuse(`has texts for its ${what}; convert the model again`)
    return numbersOf(constant)
  }

  /** The one number of an input. */
  number(index: number, what: string): number {
    const numbers = this.numbers(index, what)
    if (numbers.length !== 1) throw this.refuse(`has ${numbers.length} numbers for its ${what}; convert the model again`)
    return numbers[0]!
  }

  /** An axis of a value of this rank, counted from the front. */
  axis(given: number, rank: number): number {
    const axis = axisFromFront(given, rank)
    if (!Number.isInteger(axis) || axis < 0 || axis >= rank)
      throw this.refuse(`names axis ${given} of ${rank}; convert the model again`)
    return axis
  }

  /** Axes of size 1 that a Squeeze drops: those that it names, or all. */
  squeezedAxes(shape: readonly Dimension[]): readonly number[] {
    const given = this.node.numbers('squeeze_dims', this.node.numbers('axis'))
    if (given.length === 0) {
      if (shape.every((one) => typeof one === 'number')) return shape.flatMap((one, axis) => (one === 1 ? [axis] : []))
      throw this.refuse('drops axes of size 1 where sizes are not known; convert the model again with axes named')
    }
    const axes = given.map((axis) => this.axis(axis, shape.length))
    if (axes.some((axis) => typeof shape[axis] === 'number' && shape[axis] !== 1))
      throw this.refuse(`drops an axis whose size is not 1, of [${shape.join()}]; convert the model again`)
    return axes
  }

  /** What is known of a list of integers; null if nothing is known of an element. Undefined: not even its length. */
  list(index: number): readonly Dimension[] | undefined {
    const value = this.input(index)
    const known = this.contents.of(value)
    if (known !== undefined) return known.elements
    const [length] = value.shape
    return typeof length === 'number' && length <= 64 ? new Array<null>(length).fill(null) : undefined
  }

  /** A value as int64, as ONNX wants sizes and indices. */
  int64(value: Value): Value {
    return this.cast(value, 'int64')
  }

  /** A value with another type; what is known of it stays known. Constants are turned at once. */
  cast(value: Value, dtype: DType): Value {
    if (value.dtype === dtype) return value
    const turned = value.constant === undefined ? undefined : castData(value.constant, dtype)
    if (turned !== undefined) return this.builder.constant(turned)
    const result = this.builder.op('Cast', [value], { dtype, shape: value.shape }, { to: dataTypeOf(dtype) })
    const known = this.contents.of(value)
    if (known !== undefined) this.contents.note(result, { ...known, dtype })
    return result
  }

  /** All with the same type: int64 where sizes meet integers of the graph, else the first one's. */
  unified(values: readonly Value[]): Value[] {
    const types = new Set(values.map(({ dtype }) => dtype))
    if (types.size <= 1) return [...values]
    const dtype = [...types].every((type) => type === 'int32' || type === 'int64') ? 'int64' : values[0]!.dtype
    return values.map((value) => this.cast(value, dtype))
  }

  /** A node of ONNX with one result. */
  op(opType: string, inputs: readonly (Value | undefined)[], result: ResultType, attributes: Attributes = {}): Value {
    return this.builder.op(opType, inputs, result, attributes)
  }

  /** "file: node 'x' (Op) says". */
  refuse(says: string): InputError {
    return this.node.refuse(says)
  }
}

type Attributes = Parameters<GraphBuilder['op']>[3]

interface ResultType {
  readonly dtype: DType
  readonly shape: readonly Dimension[]
}

/** Integers and bool from one another, and numbers from integers; undefined for what is left to the engine. */
function castData(constant: ConstantData, dtype: DType): ConstantData | undefined {
  const { shape, data } = constant
  const isWhole = ['int32', 'int64', 'bool'].includes(constant.dtype)
  if (!isWhole || !ArrayBuffer.isView(data)) return undefined
  const made = converted(data, dtype)
  return made === undefined ? undefined : { dtype, shape, data: made }
}

function converted(data: ConstantArray, dtype: DType): ConstantArray | undefined {
  const numbers = data as unknown as ArrayLike<number | bigint>
  switch (dtype) {
    case 'int64':
      return BigInt64Array.from(numbers, BigInt)
    case 'int32':
      return Int32Array.from(numbers, Number)
    case 'float32':
      return Float32Array.from(numbers, Number)
    default:
      return undefined
  }
}
