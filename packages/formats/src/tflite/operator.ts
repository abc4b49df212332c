// What an operator of a .tflite file is given while it is written as ONNX: its tensors as they are stored (integers where they are
// quantized), its options, and the way to real numbers and back. Full-integer operators are written as real ones between
// DequantizeLinear and QuantizeLinear, which is the form that engines turn into integer kernels again.

import { cast, clip, unary } from '@whyslow/graph/builder/broadcast.ts'
import { type ConstantData, numbersOf } from '@whyslow/graph/builder/constant-data.ts'
import type { GraphBuilder, Value } from '@whyslow/graph/builder/graph-builder.ts'
import type { Dimension, DType } from '@whyslow/graph/types.ts'
import { toChannelsFirst, toChannelsLast } from '../tensorflow/layout.ts'
import type { Row } from './fields.ts'
import type { OperatorName } from './operator-codes.ts'
import { OPTIONS, type OptionsName } from './options.ts'
import { dequantize, dequantizedConstant, quantize, quantizedRange, toUnsigned, unsignedConstant } from './quantized.ts'
import { ACTIVATIONS, type OperatorRow, TENSOR_TYPES, type TensorRow } from './schema.ts'
import type { Quantization } from './tensor-content.ts'

/** What an operator makes, as the file declares it. `shape`: null if a size is free. */
export interface DeclaredTensorRow {
  readonly row: TensorRow
  readonly dtype: DType
  readonly shape: readonly Dimension[]
  readonly quantization: Quantization | undefined
}

/** What it takes: `value` has the stored type, `content` is there for constants (which become part of the graph with `value`). */
export interface Tensor extends DeclaredTensorRow {
  readonly content: ConstantData | undefined
  readonly value: Value
  /** The variable whose handle it is. */
  readonly resource?: string | undefined
  /** Imaginary part of complex numbers; `value` is the real part. */
  readonly imaginary?: Value | undefined
}

export interface OperatorCall {
  readonly builder: GraphBuilder
  readonly operator: OperatorName
  readonly row: OperatorRow
  /** Undefined if an optional input is left out. */
  readonly inputs: readonly (Tensor | undefined)[]
  readonly outputs: readonly DeclaredTensorRow[]
  /** Imaginary parts of inputs that are complex numbers; `value` is the real one. */
  readonly imaginary: readonly (Value | undefined)[]
  /** Says that output 0 is complex, with this imaginary part. */
  readonly keepImaginary: (value: Value) => void
  /** An error that names the file, the operator and its place. */
  readonly refusal: (why: string) => Error
  /** The state that tensor number `input` (a variable) holds before, and what it holds from now on. */
  readonly state: (input: number) => Variable
  /** Another graph of the file, its operators written here (or into `body`) for these inputs: its outputs. */
  readonly inline: (subgraph: number, inputs: readonly Tensor[], body?: GraphBuilder) => readonly Tensor[]
  /** Says that output 0 is the handle of a variable. */
  readonly handle: (name: string) => void
  /** The variable of that name, which operators share. */
  readonly variable: (name: string) => Variable
  /** Keeps a value in it; where it holds none yet, `content` is what it begins with. */
  readonly assign: (name: string, tensor: Tensor) => void
}

/** What is kept from one prediction to the next. */
export interface Variable {
  readonly value: Value
  readonly set: (next: Value) => void
}

/** One stored value for each output. */
export type WriteOperator = (call: OperatorCall) => readonly Value[]
export type Writers = Readonly<Partial<Record<OperatorName, WriteOperator>>>

/** A size is asked as a number that is free in this file. */
export class FreeSizeError extends Error {
  override readonly name = 'FreeSizeError'
}

/** Fields of the options; as the schema's defaults say if there are none. */
export function optionsOf<Name extends OptionsName>(call: OperatorCall, name: Name): Row<(typeof OPTIONS)[Name]> {
  const { builtin_options } = call.row
  if (builtin_options !== undefined && builtin_options.member !== name)
    throw call.refusal(`has options of another operator (${builtin_options.member})`)
  const defaults = Object.fromEntries(
    Object.entries(OPTIONS[name]).map(([key, field]) => [
      key,
      'fallback' in field ? field.fallback : field.kind === 'vector' ? [] : '',
    ]),
  )
  return { ...defaults, ...builtin_options?.fields } as Row<(typeof OPTIONS)[Name]>
}

/** Input `k`, which must be there. */
export function input(call: OperatorCall, k: number): Tensor {
  const tensor = call.inputs[k]
  if (tensor === undefined) throw call.refusal(`lacks its input ${k}`)
  return tensor
}

/** All inputs that are there. */
export const inputs = (call: OperatorCall): Tensor[] => call.inputs.filter((tensor) => tensor !== undefined)

/** The numbers of input `k`, which must be a constant. */
export function numbers(call: OperatorCall, k: number): number[] {
  const found = knownNumbers(call, k)
  if (found === undefined) throw new FreeSizeError(`input ${k} is not a constant`)
  return found
}

export function knownNumbers(call: OperatorCall, k: number): number[] | undefined {
  const { content } = input(call, k)
  return content === undefined ? undefined : numbersOf(content)
}

/** The one number of input `k`. */
export function number(call: OperatorCall, k: number): number {
  const [first] = numbers(call, k)
  if (first === undefined) throw call.refusal(`has an empty input ${k}`)
  return first
}

/** Input `k` as real numbers (float32); integers that are not quantized stay what they are. */
export const realInput = (call: OperatorCall, k: number): Value => realOf(call, input(call, k))

export function realOf({ builder }: OperatorCall, tensor: Tensor): Value {
  const { dtype, quantization, content } = tensor
  if (dtype === 'float16' && content !== undefined) return builder.constant(dequantizedConstant(content))
  if (quantization !== undefined && dtype === 'int8' && content !== undefined && quantization.scales.length === 1)
    return dequantize(builder, builder.constant(unsignedConstant(content)), toUnsigned({ dtype, quantization }).quantization)
  if (quantization !== undefined && dtype !== 'float32') return dequantize(builder, tensor.value, quantization)
  return dtype === 'float16' ? cast(builder, tensor.value, 'float32') : tensor.value
}

/** The numbers of a constant in float32, whether they are quantized, halves or floats; undefined for what is no constant. */
export function realConstant({ content, quantization }: Tensor): ConstantData | undefined {
  return content === undefined ? undefined : dequantizedConstant(content, quantization)
}

/** Input `k` with channels first as real numbers. Integers are turned before they become real, so that the conversion is next to its user. */
export function realChannelsFirst(call: OperatorCall, k: number): Value {
  const tensor = input(call, k)
  const value = toChannelsFirst(call.builder, tensor.value)
  return realOf(call, { ...tensor, value, content: undefined })
}

/** A real result as output `k` stores it, the activation that is fused into the operator done before. */
export function store(
  call: OperatorCall,
  value: Value,
  { activation = 0, k = 0 }: { activation?: number; k?: number } = {},
): Value {
  const { builder } = call
  const { quantization, dtype } = call.outputs[k]!
  const active = activated(call, value, { activation, quantization: dtype === 'float32' ? undefined : quantization, dtype })
  if (quantization !== undefined && dtype !== 'float32' && active.dtype === 'float32')
    return quantize(builder, active, { dtype, quantization })
  return cast(builder, active, dtype)
}

/** The same for a result with channels first. */
export function storedChannelsLast(call: OperatorCall, value: Value, options: { activation?: number; k?: number } = {}): Value {
  return toChannelsLast(call.builder, store(call, value, options))
}

const LIMITS: Readonly<Record<string, readonly [number, number]>> = {
  RELU: [0, Number.POSITIVE_INFINITY],
  RELU_N1_TO_1: [-1, 1],
  RELU6: [0, 6],
}

/** `activation`: its number in ACTIVATIONS. Limits that the stored integers cannot reach are not written. */
function activated(
  call: OperatorCall,
  value: Value,
  { activation, quantization, dtype }: { activation: number; quantization: Quantization | undefined; dtype: DType },
): Value {
  const { builder } = call
  const name = ACTIVATIONS[activation]
  if (name === 'NONE') return value
  if (name === 'TANH') return unary(builder, 'Tanh', value)
  const limits = LIMITS[name ?? '']
  if (limits === undefined) throw call.refusal(`has the activation ${name ?? activation} fused, which is not read`)
  const [low, high] = limits
  const range =
    quantization === undefined ? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] : quantizedRange(quantization, dtype)
  return limit(builder, value, range[0]! >= low ? undefined : low, range[1]! <= high ? undefined : high)
}

/** A real value under the activation of that number, wherever it is written. */
export const activatedBy = (call: OperatorCall, builder: GraphBuilder, value: Value, activation: number): Value =>
  activated({ ...call, builder }, value, { activation, quantization: undefined, dtype: 'float32' })

/** Limits to `low` … `high`, with the shortest operator that says it. */
export function limit(builder: GraphBuilder, value: Value, low: number | undefined, high: number | undefined): Value {
  const [from, to] = [low, high === Number.POSITIVE_INFINITY ? undefined : high]
  if (from === undefined && to === undefined) return value
  if (from === 0 && to === undefined && value.dtype === 'float32') return unary(builder, 'Relu', value)
  return clip(builder, value, from, to)
}

/** An operator that computes with real numbers: of its inputs, with one result. */
export function inReal(write: (call: OperatorCall, ...inputs: readonly Value[]) => Value): WriteOperator {
  return (call) => [store(call, write(call, ...inputs(call).map((tensor) => realOf(call, tensor))))]
}

/** True where the result is stored as its input is: only then may integers be moved about as they are. */
export function sameStorage(tensor: DeclaredTensorRow, output: DeclaredTensorRow): boolean {
  const [a, b] = [tensor.quantization, output.quantization]
  if (tensor.dtype !== output.dtype) return false
  if (a === undefined || b === undefined) return a === b
  return a.scales.length === 1 && a.scales[0] === b.scales[0] && a.zeroPoints[0] === b.zeroPoints[0]
}

/** An operator that moves elements of its first input about and computes nothing: as stored if it can be, else as real numbers. */
export function movement(write: (call: OperatorCall, x: Value) => Value): WriteOperator {
  return (call) => {
    const tensor = input(call, 0)
    // If either is not quantized (a reshaped scale, a state), integers are integers.
    if (sameStorage(tensor, call.outputs[0]!) || tensor.quantization === undefined) return [write(call, tensor.value)]
    return [store(call, write(call, realOf(call, tensor)))]
  }
}

/** `value` with what the file knows of its shape besides. */
export function withDeclaredShape(value: Value, { shape }: DeclaredTensorRow): Value {
  if (value.constant !== undefined || shape.length !== value.shape.length) return value
  return { ...value, shape: value.shape.map((size, axis) => (typeof size === 'number' ? size : (shape[axis] ?? size))) }
}

/** As int64, which ONNX wants sizes and axes in. */
export function asInt64(builder: GraphBuilder, value: Value): Value {
  if (value.dtype === 'int64') return value
  if (value.constant === undefined) return cast(builder, value, 'int64')
  const { shape } = value.constant
  return builder.constant({ dtype: 'int64', shape, data: BigInt64Array.from(numbersOf(value.constant), BigInt) }, 'ints')
}

/** ONNX's element type for a number of TENSOR_TYPES that stands in options. */
export const typeName = (type: number): string => TENSOR_TYPES[type] ?? `type ${type}`
