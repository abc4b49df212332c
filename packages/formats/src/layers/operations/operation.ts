// Operators in a functional graph: keras.ops of Keras 3, TensorFlow's functions in Keras 2. Both become one list of operations, which
// tell what they are called with by place, and the rest by name.

import { cast } from '@whyslow/graph/builder/broadcast.ts'
import type { GraphBuilder, Value } from '@whyslow/graph/builder/graph-builder.ts'
import { indexOf } from '@whyslow/graph/builder/reduce.ts'
import { axisOf, flat, reshape } from '@whyslow/graph/builder/shapes.ts'
import { isFloat } from '@whyslow/graph/dtype.ts'
import type { InputError } from '@whyslow/graph/input-error.ts'
import type { DType } from '@whyslow/graph/types.ts'
import type { Dialect } from '../../tensorflow/dialect.ts'
import { constantIn, isTensor, wholesIn } from '../arguments.ts'
import type { Argument } from '../layer.ts'
import type { LayerConfig } from '../layer-config.ts'

export interface Operation {
  readonly builder: GraphBuilder
  readonly dialect: Dialect
  /** What it is called with, in Keras 3's order. */
  readonly args: readonly Argument[]
  /** For what is written as a layer. */
  readonly config: LayerConfig
  /** Settings keyed by Keras 3's names. */
  readonly settings: Readonly<Record<string, Argument>>
  /** The error, with the operation's name, for what cannot be had. */
  refuse(says: string): InputError
}

export type WriteOperation = (op: Operation) => Value | readonly Value[]

/** Argument `k` as a tensor; numbers and lists become constants, of type `wished` if that is said. */
export function tensor(op: Operation, k: number, wished?: DType): Value {
  return asTensor(op, op.args[k], wished)
}

export function asTensor(op: Operation, value: Argument | undefined, wished?: DType): Value {
  if (isTensor(value)) return value
  const constant = constantIn(value, wished)
  if (constant === undefined) throw op.refuse(`is called with ${text(value)}, which is not a tensor that whyslow reads`)
  return op.builder.constant(constant)
}

const text = (value: unknown): string => JSON.stringify(value ?? null).slice(0, 80)

/** Types from the least to the most general: of two, the later one is the result's. */
const ORDER: readonly DType[] = ['bool', 'uint8', 'int8', 'uint16', 'int16', 'uint32', 'int32', 'uint64', 'int64', 'float32']

/** Arguments `from` and on as tensors of one type: plain numbers follow the tensors, unless they are no whole numbers. */
export function tensorsOfOneType(op: Operation, from: number, count: number): Value[] {
  return alikeOf(op, op.args.slice(from, from + count))
}

export function alikeOf(op: Operation, given: readonly Argument[]): Value[] {
  const ranks = given.filter(isTensor).map(({ dtype }) => ORDER.indexOf(dtype))
  const constants = given.filter((value) => !isTensor(value)).map((value) => constantIn(value)?.dtype)
  const floats = constants.includes('float32')
  const highest = ranks.length === 0 ? (constants[0] ?? 'float32') : (ORDER[ranks.reduce((a, b) => Math.max(a, b))] ?? 'float32')
  const whole = constants.includes('int32') && highest === 'bool' ? 'int32' : highest
  const dtype: DType = floats && !isFloat(highest) ? 'float32' : whole
  return given.map((value) => (isTensor(value) ? cast(op.builder, value, dtype) : asTensor(op, value, dtype)))
}

/** Argument `k` in float32. */
export function float(op: Operation, k: number): Value {
  const value = tensor(op, k, 'float32')
  return isFloat(value.dtype) ? value : cast(op.builder, value, 'float32')
}

export function numberIn(op: Operation, key: string, fallback?: number): number {
  const value = op.settings[key] ?? fallback
  if (typeof value !== 'number') throw op.refuse(`has ${text(value)} for ${key}, not a number`)
  return value
}

export const flagIn = (op: Operation, key: string): boolean => op.settings[key] === true

/** Axes that `key` tells, counted from the front; undefined: none are told, all are meant. */
export function axesIn(op: Operation, rank: number, key = 'axis'): number[] | undefined {
  const value = op.settings[key]
  if (value === undefined || value === null) return undefined
  const axes = wholesIn(value)
  if (axes === undefined) throw op.refuse(`has ${text(value)} for ${key}, not axes`)
  return axes.map((axis) => checkedAxis(op, axis, rank))
}

export function axisIn(
  op: Operation,
  rank: number,
  { key = 'axis', fallback }: { key?: string; fallback?: number } = {},
): number {
  return checkedAxis(op, numberIn(op, key, fallback), rank)
}

/** Throws InputError if the file leaves it open. */
export function knownSize(op: Operation, x: Value, axis: number): number {
  const size = x.shape[axis]
  if (typeof size !== 'number') throw op.refuse(`needs the size of axis ${axis}, which the file leaves open`)
  return size
}

/** An axis counted from the front. Throws InputError if there is none. */
export function checkedAxis(op: Operation, axis: number, rank: number): number {
  try {
    return axisOf(axis, rank)
  } catch {
    throw op.refuse(`asks for axis ${axis} of ${rank}`)
  }
}

/** Where the largest or smallest entry of `x` is along the axis that is told, or of all: int64. */
export function positionOf(op: Operation, opType: 'ArgMax' | 'ArgMin', x: Value): Value {
  const keepDims = flagIn(op, 'keepdims')
  const all = (op.settings.axis ?? null) === null
  const axis = all ? 0 : axisIn(op, x.shape.length)
  const made = indexOf(op.builder, opType, all ? flat(op.builder, x) : x, { axis, keepDims: keepDims && !all })
  const ones = x.shape.map(() => 1)
  return keepDims && all ? reshape(op.builder, made, ones) : made
}
