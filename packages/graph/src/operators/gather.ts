// Reading and writing at places that the data name. https://onnx.ai/onnx/operators/onnx__Gather.html and its neighbours
// Not the whole table is read but the rows asked for, each at least one cache line. These operators choose by data, so they are
// not counted among those that only move it.
import { elementCount, sizeInBytes } from '../dtype.ts'
import type { TensorType } from '../types.ts'
import { axisFromFront, numberAttribute, textAttribute } from './attributes.ts'
import { DEQUANTIZE_OPS } from './counts/quantize-ops.ts'
import { defineFamily, type Formula, formula, MOVES, type OperatorFacts, sameFor } from './family.ts'
import type { InputUse, ReadInput, UseFacts } from './input-use.ts'
import { tensorBytes } from './work.ts'

const CACHE_LINE_BYTES = 64

/** Bytes of `rows` runs of `length` neighbouring elements of `data`; never more than all of it. */
function rowBytes(data: TensorType, rows: number, length: number): number {
  const row = sizeInBytes({ dtype: data.dtype, shape: [length] }) ?? 0
  return Math.min(tensorBytes(data), rows * Math.max(CACHE_LINE_BYTES, row))
}

// data, indices
const gather: Formula = formula([0, 1], [0], ([data, indices], _, { node }) => {
  const axis = axisFromFront(numberAttribute(node, 'axis', 0), data.shape.length)
  const rows = elementCount(data.shape.slice(0, axis)) * elementCount(indices.shape)
  return { readBytes: { 0: rowBytes(data, rows, elementCount(data.shape.slice(axis + 1))) } }
})

const gatherElements: Formula = formula([0, 1], [0], ([data, indices]) => ({
  readBytes: { 0: rowBytes(data, elementCount(indices.shape), 1) },
}))

// data, indices [.., depth]: a tuple of `depth` indices names a slice of the rest
const gatherND: Formula = formula([0, 1], [0], ([data, indices], _, { node }) => {
  const batch = numberAttribute(node, 'batch_dims', 0)
  const rows = elementCount(indices.shape.slice(0, -1))
  return { readBytes: { 0: rowBytes(data, rows, elementCount(data.shape.slice(batch + indices.shape.at(-1)!))) } }
})

// data (4 or 8 bits, packed), indices, scales, zero_points
const gatherBlockQuantized: Formula = formula([0, 1, 2], [0], ([data, indices, scales], [y]) => {
  const share = data.shape.length > 0 ? Math.min(1, elementCount(indices.shape) / data.shape[0]!) : 1
  return {
    simpleOps: elementCount(y.shape) * DEQUANTIZE_OPS,
    readBytes: { 0: tensorBytes(data) * share, 2: tensorBytes(scales) * share },
    arithmetic: y.dtype,
  }
})

// data, indices, updates: a copy of data, then the updates; a reduction is one operation per update
const scatter: Formula = formula([0, 2], [0], ([data, updates], _, { node }) => ({
  simpleOps: textAttribute(node, 'reduction', 'none') === 'none' ? 0 : elementCount(updates.shape),
  arithmetic: data.dtype,
}))

// past_cache, update, write_indices: the cache is written in place
const tensorScatter: Formula = formula([0, 1], [], ([, update]) => ({
  readBytes: { 0: 0 },
  writtenBytes: { 0: tensorBytes(update) },
}))

// indices, depth, values -> one comparison per output
const oneHot: Formula = formula([0], [0], (_, [y]) => ({ simpleOps: elementCount(y.shape), arithmetic: y.dtype }))

// input, condition: the chosen part is read and written
const compress: Formula = formula([0], [0], ([x], [y]) => ({ readBytes: { 0: Math.min(tensorBytes(x), tensorBytes(y)) } }))

/** Ids of the rows of a constant table. */
const indices: ReadInput = ({ node, index, shapeOf, longestBeside }) => {
  const table = shapeOf(0)
  if (index !== 1 || table === undefined) return undefined
  return {
    tableRows: table.at(numberAttribute(node, 'axis', 0)),
    ...(table.length === 2 ? { maxLength: longestBeside(0) } : {}),
  }
}

/** Columns taken at constant places: the others keep what they are. */
const columns = ({ node, rank, shapeOf }: InputUse): UseFacts | undefined => {
  const places = shapeOf(1)
  if (places === undefined || rank === undefined) return undefined
  const axis = axisFromFront(numberAttribute(node, 'axis', 0), rank)
  return { passes: Array.from({ length: rank }, (_, at) => at).flatMap((at) => (at === axis ? places.map(() => null) : [at])) }
}

/** Each class has a number below the depth. */
const classes: ReadInput = ({ index, valuesOf }) => (index === 0 ? { tableRows: valuesOf(1)?.[0] } : undefined)

const facts: OperatorFacts = {
  reads: { Gather: (use) => (use.index === 0 ? columns(use) : indices(use)), OneHot: classes },
  int8: { Gather: MOVES, GatherElements: MOVES },
}

export const gatherFamily = defineFamily('gather', facts, {
  Gather: gather,
  GatherElements: gatherElements,
  ...sameFor(['GatherND', 'com.microsoft:GatherND'], gatherND),
  'com.microsoft:GatherBlockQuantized': gatherBlockQuantized,
  ...sameFor(['Scatter', 'ScatterElements', 'ScatterND'], scatter),
  TensorScatter: tensorScatter,
  OneHot: oneHot,
  Compress: compress,
})
