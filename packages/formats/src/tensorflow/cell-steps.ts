// Steps of RNN, GRU and LSTM cells in arithmetic, for activation functions that ONNX's operators do not have.

import { binary, constantOf, scalar } from '@whyslow/graph/builder/broadcast.ts'
import type { ConstantData } from '@whyslow/graph/builder/constant-data.ts'
import type { GraphBuilder, Value } from '@whyslow/graph/builder/graph-builder.ts'
import { split } from '@whyslow/graph/builder/shapes.ts'
import { matmul } from './products.ts'
import { type CellType, type CellWeights, GATES } from './recurrent.ts'

type Function = (builder: GraphBuilder, x: Value) => Value

export interface CellStep {
  readonly cell: CellType
  readonly weights: CellWeights
  readonly resetAfter: boolean
  /** Function of the state (tanh), and of the gates (sigmoid). */
  readonly activation: Function
  readonly recurrentActivation: Function
}

/** [steps, n, features] as [steps, n, gates · units]: what of all steps can be computed at once. */
export function gateInputs(builder: GraphBuilder, input: Value, { weights }: CellStep): Value {
  return added(builder, product(builder, input, weights.kernel, 'kernel'), weights.bias)
}

/** States after a step; `given`: [n, gates · units]. */
export function cellStep(builder: GraphBuilder, given: Value, states: readonly Value[], step: CellStep): Value[] {
  const { cell, weights, activation, recurrentActivation } = step
  const units = weights.recurrent.shape[0]!
  const sizes = new Array<number>(GATES[cell]).fill(units)
  const [h, c] = states
  const parts = (value: Value) => split(builder, value, sizes, 1)
  const add = (a: Value, b: Value) => binary(builder, 'Add', a, b)
  const mul = (a: Value, b: Value) => binary(builder, 'Mul', a, b)
  const back = () => added(builder, product(builder, h!, weights.recurrent, 'recurrent_kernel'), weights.recurrentBias)
  if (cell === 'RNN') return [activation(builder, add(given, back()))]
  if (cell === 'LSTM') {
    const [i, f, candidate, o] = parts(add(given, back()))
    const gate = (value: Value | undefined) => recurrentActivation(builder, value!)
    const next = add(mul(gate(f), c!), mul(gate(i), activation(builder, candidate!)))
    return [mul(gate(o), activation(builder, next)), next]
  }
  const [givenZ, givenR, givenH] = parts(given)
  const gatesOf = (kernel: ConstantData, from: number, to: number) => columns(kernel, from * units, to * units)
  const [z, candidate] = step.resetAfter ? afterProduct() : beforeProduct()
  const rest = binary(builder, 'Sub', scalar(builder, h!.dtype, 1), z!)
  return [add(mul(z!, h!), mul(rest, candidate!))]

  function afterProduct(): Value[] {
    const [backZ, backR, backH] = parts(back())
    const reset = recurrentActivation(builder, add(givenR!, backR!))
    return [recurrentActivation(builder, add(givenZ!, backZ!)), activation(builder, add(givenH!, mul(reset, backH!)))]
  }

  function beforeProduct(): Value[] {
    const both = product(builder, h!, gatesOf(weights.recurrent, 0, 2), 'recurrent_kernel')
    const [backZ, backR] = split(builder, both, [units, units], 1)
    const reset = recurrentActivation(builder, add(givenR!, backR!))
    const backH = product(builder, mul(reset, h!), gatesOf(weights.recurrent, 2, 3), 'recurrent_kernel')
    return [recurrentActivation(builder, add(givenZ!, backZ!)), activation(builder, add(givenH!, backH))]
  }
}

function product(builder: GraphBuilder, x: Value, matrix: ConstantData, name: string): Value {
  return matmul(builder, x, builder.constant(matrix, name))
}

function added(builder: GraphBuilder, x: Value, bias: ConstantData | undefined): Value {
  return bias === undefined ? x : binary(builder, 'Add', x, builder.constant(bias, 'bias'))
}

/** Columns `from` to before `to` of a matrix. */
function columns({ dtype, shape, data }: ConstantData, from: number, to: number): ConstantData {
  const [rows, width] = [shape[0]!, shape[1]!]
  const values = Array.from(data as Float32Array)
  const kept = Array.from({ length: rows }, (_, row) => values.slice(row * width + from, row * width + to))
  return constantOf(dtype, [rows, to - from], kept.flat())
}
