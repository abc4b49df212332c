// Reductions and what looks for the largest: axes are those of the tensor as it lies.

import { identity, removeAxes } from '@whyslow/graph/builder/permutation.ts'
import type { Dimension } from '@whyslow/graph/types.ts'
import { axisFromFront, numberAttribute, numbersAttribute } from '@whyslow/graph/view-attributes.ts'
import type { OperatorName } from '../../operator-codes.ts'
import type { LiteTensor } from '../lite-graph.ts'
import type { Lowerer, OnnxNode } from '../lowerer.ts'
import { liteAxis } from '../order.ts'
import { arithmetic } from './arithmetic.ts'
import { ofOne, type Rule, type Rules } from './rule.ts'

type Reduction = Extract<OperatorName, 'SUM' | 'MEAN' | 'REDUCE_MAX' | 'REDUCE_MIN' | 'REDUCE_PROD'>
type Change = (lower: Lowerer, x: LiteTensor) => LiteTensor

const square: Change = (lower, x) => arithmetic(lower, x).multiply(x, x)

export const REDUCTIONS: Rules = {
  ArgMax: (lower, node) => argument(lower, node, 'ARG_MAX'),
  ArgMin: (lower, node) => argument(lower, node, 'ARG_MIN'),
  CumSum: cumulated,
  OneHot: oneHot,
  ReduceL1: reduction('SUM', { before: (lower, x) => arithmetic(lower, x).abs(x) }),
  ReduceL2: reduction('SUM', { before: square, after: (lower, x) => lower.op('SQRT', [x], x) }),
  ReduceLogSum: reduction('SUM', { after: (lower, x) => lower.op('LOG', [x], x) }),
  ReduceLogSumExp: logSumExp,
  ReduceMax: reduction('REDUCE_MAX'),
  ReduceMean: reduction('MEAN'),
  ReduceMin: reduction('REDUCE_MIN'),
  ReduceProd: reduction('REDUCE_PROD'),
  ReduceSum: reduction('SUM'),
  ReduceSumSquare: reduction('SUM', { before: square }),
  TopK: topK,
}

function reduction(code: Reduction, { before, after }: { readonly before?: Change; readonly after?: Change } = {}): Rule {
  return (lower, node) => {
    const { x, axes, keep, left } = reduced(lower, node)
    const [outputName] = node.outputs as [string]
    if (axes.length === 0) {
      lower.alias(outputName, node.inputs[0]!)
      return
    }
    const made = reduce(lower, code, { x: before === undefined ? x : before(lower, x), axes, keep })
    lower.place(outputName, after === undefined ? made : after(lower, made), left)
  }
}

/** `axes`: of the tensor. */
export function reduce(
  lower: Lowerer,
  code: Reduction,
  { x, axes, keep }: { x: LiteTensor; axes: readonly number[]; keep: boolean },
): LiteTensor {
  const kept = x.shape.map((size, axis): Dimension => (axes.includes(axis) ? 1 : size))
  const shape = keep ? kept : x.shape.filter((_, axis) => !axes.includes(axis))
  return lower.op(code, [x, lower.ints(axes)], { dtype: x.dtype, shape }, { keep_dims: keep })
}

/** `left`: the order in which the result lies. */
function reduced(lower: Lowerer, node: OnnxNode) {
  const [inputName, axesName] = node.inputs as [string, string?]
  const order = lower.order(inputName)
  const given =
    numbersAttribute(node, 'axes') ?? (axesName === undefined || axesName === '' ? undefined : lower.numbersOf(axesName, 'axes'))
  const none = given === undefined || given.length === 0
  const all = none ? (numberAttribute(node, 'noop_with_empty_axes', 0) === 1 ? [] : identity(order.length)) : given
  const axes = all.map((axis) => liteAxis(order, axis)).sort((a, b) => a - b)
  const keep = numberAttribute(node, 'keepdims', 1) === 1
  const gone = axes.map((axis) => order[axis]!)
  return { x: lower.asItLies(inputName), axes, keep, left: keep ? order : removeAxes(order, gone) }
}

/** m + log Σ e^(x - m), m the largest, so that nothing overflows. */
function logSumExp(lower: Lowerer, node: OnnxNode): void {
  const { x, axes, keep, left } = reduced(lower, node)
  const largest = reduce(lower, 'REDUCE_MAX', { x, axes, keep: true })
  const { exp, subtract } = arithmetic(lower, x)
  const sum = reduce(lower, 'SUM', { x: exp(subtract(x, largest)), axes, keep: true })
  const whole = arithmetic(lower, sum).add(lower.op('LOG', [sum], sum), largest)
  const shape = whole.shape.filter((_, axis) => !axes.includes(axis))
  lower.place(node.outputs[0]!, keep ? whole : lower.reshape(whole, shape), left)
}

function argument(lower: Lowerer, node: OnnxNode, code: 'ARG_MAX' | 'ARG_MIN'): void {
  if (numberAttribute(node, 'select_last_index', 0) === 1) lower.refuse('select_last_index')
  const [inputName] = node.inputs as [string]
  const [outputName] = node.outputs as [string]
  const order = lower.order(inputName)
  const x = lower.asItLies(inputName)
  const axis = liteAxis(order, numberAttribute(node, 'axis', 0))
  const shape = x.shape.filter((_, k) => k !== axis)
  const made = lower.op(code, [x, lower.scalar(axis)], { dtype: 'int64', shape }, { output_type: 4 })
  if (numberAttribute(node, 'keepdims', 1) === 0) lower.place(outputName, made, removeAxes(order, [order[axis]!]))
  else
    lower.place(
      outputName,
      lower.reshape(
        made,
        x.shape.map((size, k): Dimension => (k === axis ? 1 : size)),
      ),
      order,
    )
}

function cumulated(lower: Lowerer, node: OnnxNode): void {
  const [inputName, axisName] = node.inputs as [string, string]
  const axis = liteAxis(lower.order(inputName), lower.numbersOf(axisName, 'axis')[0]!)
  const fields = { exclusive: numberAttribute(node, 'exclusive', 0) === 1, reverse: numberAttribute(node, 'reverse', 0) === 1 }
  ofOne(lower, node, (x, result) => lower.op('CUMSUM', [x, lower.scalar(axis)], result, fields))
}

function oneHot(lower: Lowerer, node: OnnxNode): void {
  const [indicesName, depthName, valuesName] = node.inputs as [string, string, string]
  const [outputName] = node.outputs as [string]
  const { dtype, shape } = lower.type(outputName)
  const [off, on] = lower.numbersOf(valuesName, 'values')
  const axis = axisFromFront(numberAttribute(node, 'axis', -1), shape.length)
  const indices = lower.asInt32(indicesName)
  const depth = lower.scalar(lower.numbersOf(depthName, 'depth')[0]!)
  const operands = [indices, depth, lower.number(on!, dtype), lower.number(off!, dtype)]
  lower.place(outputName, lower.op('ONE_HOT', operands, { dtype, shape, holds: outputName }, { axis }))
}

/** TFLite's runs over the last axis and gives the largest; the smallest are the largest of the negative. */
function topK(lower: Lowerer, node: OnnxNode): void {
  const [inputName, countName] = node.inputs as [string, string]
  const [valuesName, indicesName] = node.outputs as [string, string]
  const rank = lower.shape(inputName).length
  const axis = axisFromFront(numberAttribute(node, 'axis', -1), rank)
  const order = [...identity(rank).filter((one) => one !== axis), axis]
  const x = lower.ordered(inputName, order)
  const smallest = numberAttribute(node, 'largest', 1) === 0
  const { negate } = arithmetic(lower, x)
  const known = lower.numbers(countName)?.[0]
  const count = known === undefined ? lower.reshape(lower.asInt32(countName), []) : lower.scalar(known)
  const shape = [...x.shape.slice(0, -1), known ?? lower.shape(valuesName)[axis]!]
  const results = [
    { dtype: x.dtype, shape },
    { dtype: 'int32' as const, shape },
  ]
  const [values, indices] = lower.ops('TOPK_V2', [smallest ? negate(x) : x, count], results)
  lower.place(valuesName, smallest ? negate(values!, { dtype: x.dtype, shape }) : values!, order)
  if (!indicesName) return
  lower.place(indicesName, lower.cast(indices!, 'int64'), order)
}
