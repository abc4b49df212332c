// x[…]: Python's indexing of tensors. keras/src/ops/numpy.py: GetItem; TensorFlow's __operators__.getitem

import { cast } from '@whyslow/graph/builder/broadcast.ts'
import type { Value } from '@whyslow/graph/builder/graph-builder.ts'
import { type AxisSlice, gather, slice, takeEntry, unsqueeze } from '@whyslow/graph/builder/shapes.ts'
import { isArgumentRecord, isList, isTensor } from '../arguments.ts'
import type { Argument } from '../layer.ts'
import { checkedAxis, type Operation, tensor } from './operation.ts'

/** `args`: the tensor, and its key: a number, null (a new axis), a slice, an ellipsis, a tensor of indices, or a list of them. */
export function getItem(op: Operation): Value {
  const x = tensor(op, 0)
  const key = op.args[1] ?? null
  const items = withoutEllipsis(op, isList(key) ? key : [key], x.shape.length)
  const slices: AxisSlice[] = []
  const single: { readonly axis: number; readonly index: number | Value }[] = []
  /** Axes of the result that are new, counted in the result. */
  const added: number[] = []
  let [axis, result] = [0, 0]
  for (const item of items) {
    if (item === null || (isArgumentRecord(item) && item.class_name === 'NoneType')) {
      added.push(result++)
      continue
    }
    checkedAxis(op, axis, x.shape.length)
    if (typeof item === 'number' || isTensor(item)) {
      single.push({ axis, index: item })
      result += isTensor(item) ? item.shape.length : 0
    } else {
      slices.push(sliceOf(op, item, axis))
      result++
    }
    axis++
  }
  let value = slice(op.builder, x, slices)
  if (single.filter(({ index }) => typeof index !== 'number').length > 1) throw op.refuse('is indexed by several tensors')
  // From the last axis on: those before keep their places.
  for (const { axis: at, index } of single.reverse()) {
    value =
      typeof index === 'number'
        ? takeEntry(op.builder, value, { axis: at, index })
        : gather(op.builder, value, wholes(op, index), at)
  }
  return unsqueeze(op.builder, value, added)
}

function wholes(op: Operation, index: Value): Value {
  if (index.dtype === 'bool') throw op.refuse('is indexed by a mask, which has as many results as it has hits')
  return index.dtype.startsWith('float') ? cast(op.builder, index, 'int32') : index
}

const isEllipsis = (item: Argument): boolean =>
  item === 'Ellipsis' || item === '...' || (isArgumentRecord(item) && item.class_name === '__ellipsis__')

/** The ellipsis as slices of the axes that no other item is for. */
function withoutEllipsis(op: Operation, items: readonly Argument[], rank: number): Argument[] {
  const at = items.findIndex(isEllipsis)
  if (at < 0) return [...items]
  if (items.filter(isEllipsis).length > 1) throw op.refuse('has two ellipses')
  const others = items.filter((item) => item !== null && !isEllipsis(item)).length
  const all = new Array<Argument>(Math.max(rank - others, 0)).fill({ start: null, stop: null, step: null })
  return [...items.slice(0, at), ...all, ...items.slice(at + 1)]
}

function sliceOf(op: Operation, item: Argument, axis: number): AxisSlice {
  const record = isArgumentRecord(item) && isArgumentRecord(item.config) ? item.config : item
  if (!isArgumentRecord(record)) throw op.refuse(`is indexed by ${JSON.stringify(item)}, which is not read here`)
  const bound = (key: string): number | undefined => {
    const value = record[key]
    if (value === null || value === undefined) return undefined
    if (typeof value !== 'number' || !Number.isInteger(value)) throw op.refuse('is sliced at places that the model computes')
    return value
  }
  const step = bound('step')
  if (step === 0) throw op.refuse('is sliced in steps of 0')
  return { axis, start: bound('start'), end: bound('stop'), step }
}
