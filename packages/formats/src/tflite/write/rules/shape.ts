// Operators that give the same elements another shape, or move axes. A Transpose moves nothing: the result is the same tensor in another
// order. A Reshape stays in the order in which its input is where it only merges and splits axes that lie side by side.

import { identity, isIdentity, permutationBetween } from '@whyslow/graph/builder/permutation.ts'
import { range } from '@whyslow/graph/builder/range.ts'
import type { Dimension } from '@whyslow/graph/types.ts'
import { axisFromFront, numberAttribute, numbersAttribute } from '@whyslow/graph/view-attributes.ts'
import type { LiteTensor } from '../lite-graph.ts'
import type { Lowerer, OnnxNode } from '../lowerer.ts'
import type { Rules } from './rule.ts'
import { strideOver } from './slices.ts'

export const SHAPES: Rules = {
  Cast: castTo,
  ConstantOfShape: fill,
  Dropout: same,
  Expand: expand,
  Flatten: reshape,
  Identity: same,
  Range: counted,
  Reshape: reshape,
  Shape: shapeOf,
  Squeeze: reshape,
  Transpose: transpose,
  Unsqueeze: reshape,
}

function same(lower: Lowerer, { inputs, outputs }: OnnxNode): void {
  const [output, ...others] = outputs as [string, ...string[]]
  lower.alias(output, inputs[0]!)
  // A Dropout's mask, which hardly anyone reads.
  lower.fail(others, lower.unwritable('its second output'))
}

function transpose(lower: Lowerer, node: OnnxNode): void {
  const [inputName] = node.inputs as [string]
  const order = lower.order(inputName)
  const permutation = numbersAttribute(node, 'perm') ?? identity(order.length).reverse()
  lower.place(node.outputs[0]!, lower.asItLies(inputName), permutationBetween(permutation, order))
}

function reshape(lower: Lowerer, node: OnnxNode): void {
  const [inputName, shapeName] = node.inputs as [string, string?]
  const [outputName] = node.outputs as [string]
  const { shape: to } = lower.type(outputName)
  const from = lower.shape(inputName)
  const order = lower.order(inputName)
  if (isIdentity(order)) {
    const known = to.filter((size) => typeof size !== 'number').length <= 1
    // A constant may say 0 for "as it was", which TFLite does not know.
    const computed = node.opType === 'Reshape' && !known && shapeName !== undefined && lower.constant(shapeName) === undefined
    const x = lower.plain(inputName)
    lower.place(outputName, computed ? reshapeAsComputed(lower, x, { shape: to, shapeName }) : lower.reshape(x, to))
    return
  }
  const moved = inOrder(order, groupsOf(from, to))
  if (moved !== undefined) {
    lower.place(
      outputName,
      lower.reshape(
        lower.asItLies(inputName),
        moved.map((axis): Dimension => to[axis]!),
      ),
      moved,
    )
    return
  }
  if (
    to.length === 2 &&
    order[0] === 0 &&
    from[0] === to[0] &&
    lower.feedsProducts(outputName) &&
    from.slice(1).every(isNumber)
  ) {
    lower.placeFlattened(outputName, lower.reshape(lower.asItLies(inputName), to), rowsOf(from.slice(1) as number[], order))
    return
  }
  lower.place(outputName, lower.reshape(lower.plain(inputName), to))
}

const isNumber = (size: Dimension): boolean => typeof size === 'number'

/** A shape of which more than one size is free is computed where the model runs, as the model does. */
function reshapeAsComputed(
  lower: Lowerer,
  x: LiteTensor,
  { shape, shapeName }: { shape: readonly Dimension[]; shapeName: string },
): LiteTensor {
  return lower.op('RESHAPE', [x, lower.asInt32(shapeName)], { dtype: x.dtype, shape })
}

interface Group {
  readonly from: readonly number[]
  readonly to: readonly number[]
}

/** Axes before and after that hold the same elements, as small as can be told: [2, 3, 4] to [6, 4] is {[0, 1] → [0]}, {[2] → [1]}. */
function groupsOf(from: readonly Dimension[], to: readonly Dimension[]): Group[] {
  const groups: Group[] = []
  let [i, j] = [0, 0]
  while (i < from.length || j < to.length) {
    const [starts, ends] = [i, j]
    if (i < from.length && j < to.length && from[i] !== null && from[i] === to[j]) {
      groups.push({ from: [i++], to: [j++] })
      continue
    }
    let [left, right] = [1, 1]
    do {
      const takeLeft = j >= to.length || (left <= right && i < from.length)
      const size = takeLeft ? from[i++] : to[j++]
      if (typeof size !== 'number') {
        // Nothing can be told from here on.
        i = from.length
        j = to.length
        break
      }
      if (takeLeft) left *= size
      else right *= size
    } while (left !== right && (i < from.length || j < to.length))
    // Axes of size 1 alone belong to the group before them, or to the one that follows.
    groups.push({ from: range(starts, i), to: range(ends, j) })
  }
  return groups
}

/** The order in which the result lies when each group's axes lie side by side in their own order; undefined if one's do not. */
function inOrder(order: readonly number[], groups: readonly Group[]): number[] | undefined {
  const result: number[] = []
  const done = new Set<Group>()
  const empty = groups.filter(({ from }) => from.length === 0)
  for (let at = 0; at < order.length; ) {
    const group = groups.find(({ from }) => from.includes(order[at]!))!
    if (done.has(group) || !group.from.every((axis, k) => order[at + k] === axis)) return undefined
    done.add(group)
    result.push(...group.to)
    at += group.from.length
  }
  for (const { to } of empty) result.push(...to)
  return result
}

/** The place that ONNX gives each place of the flattened tensor in memory. `sizes` are those of all axes but the first. */
function rowsOf(sizes: readonly number[], order: readonly number[]): Int32Array {
  const axes = order.slice(1).map((axis) => axis - 1)
  const strides = sizes.map((_, axis) => sizes.slice(axis + 1).reduce((all, size) => all * size, 1))
  let rows = [0]
  for (const axis of axes) rows = rows.flatMap((row) => Array.from({ length: sizes[axis]! }, (_, k) => row + k * strides[axis]!))
  return Int32Array.from(rows)
}

function shapeOf(lower: Lowerer, node: OnnxNode): void {
  const [inputName] = node.inputs as [string]
  const [outputName] = node.outputs as [string]
  const x = lower.plain(inputName)
  const rank = x.shape.length
  const all = lower.op('SHAPE', [x], { dtype: 'int64', shape: [rank] }, { out_type: 4 })
  const bound = (name: string, otherwise: number) =>
    Math.min(Math.max(0, axisFromFront(numberAttribute(node, name, otherwise), rank)), rank)
  const [start, end] = [bound('start', 0), bound('end', rank)]
  if (start === 0 && end === rank) {
    lower.place(outputName, all)
    return
  }
  const part = { axis: 0, start, end, step: 1 }
  lower.place(
    outputName,
    strideOver(lower, all, { parts: [part], result: { dtype: 'int64', shape: [Math.max(0, end - start)] } }),
  )
}

function expand(lower: Lowerer, node: OnnxNode): void {
  const [inputName, shapeName] = node.inputs as [string, string]
  const [outputName] = node.outputs as [string]
  const { shape, dtype } = lower.type(outputName)
  const known = shape.every(isNumber)
  const target = known ? lower.ints(shape as number[]) : lower.asInt32(shapeName)
  const result = { dtype, shape, holds: outputName }
  lower.place(outputName, lower.op('BROADCAST_TO', [lower.plain(inputName), target], result))
}

function fill(lower: Lowerer, node: OnnxNode): void {
  const [outputName] = node.outputs as [string]
  const { shape, dtype } = lower.type(outputName)
  const value = lower.tensorAttribute(node, 'value')
  const target = shape.every(isNumber) ? lower.ints(shape as number[]) : lower.asInt32(node.inputs[0]!)
  const scalar = value === undefined ? lower.number(0) : lower.constantTensor({ ...value, shape: [] }, 'value')
  lower.place(outputName, lower.op('FILL', [target, scalar], { dtype, shape }))
}

function counted(lower: Lowerer, node: OnnxNode): void {
  const [outputName] = node.outputs as [string]
  const operands = node.inputs.map((name) => lower.plain(name))
  lower.place(outputName, lower.op('RANGE', operands, lower.type(outputName)))
}

function castTo(lower: Lowerer, node: OnnxNode): void {
  const [inputName] = node.inputs as [string]
  const [outputName] = node.outputs as [string]
  const { dtype } = lower.type(outputName)
  const x = lower.asItLies(inputName)
  if (x.dtype === dtype) {
    lower.alias(outputName, inputName)
    return
  }
  lower.place(outputName, lower.cast(x, dtype), lower.order(inputName))
}
