// The rows of a table with features: cells, anchors, queries, pixels. They are numbered over all axes but that of the features.
import type { GraphView } from '@whyslow/graph/types.ts'
import { elementCount } from '../samples/dtype-arrays.ts'
import type { OutputPair } from './output-pair.ts'

/** Some features of one output. */
export interface TableFeatures {
  readonly output: OutputPair
  readonly axis: number
  readonly features: readonly number[]
}

/** Rows of one input. None if the first of two axes is the batch: the axis of the batch holds no rows. */
export function rowsEach({ name, original }: OutputPair, axis: number, graph: GraphView | undefined): number {
  const [{ shape }] = original as [(typeof original)[0]]
  const rows = elementCount(shape) / shape[axis]!
  if (shape.length > 2) return axis === 0 ? rows : rows / shape[0]!
  return shape.length < 2 || isBatch(name, shape[0]!, graph) ? 0 : rows
}

/** Whether the first axis of an output may be the batch: it is as long as that of an input, or as open. */
function isBatch(output: string, size: number, graph: GraphView | undefined): boolean {
  if (graph === undefined) return true
  const declared = graph.outputs.find(({ name }) => name === output)?.shape?.[0]
  return graph.inputs.some(({ shape }) => {
    const first = shape?.[0]
    return first === size || (shape?.length !== 0 && typeof first !== 'number' && declared !== size)
  })
}

/** Where a feature of a row is, among features of which each has `inner` values behind it. */
export const valueIndex = (row: number, feature: number, features: number, inner: number): number =>
  (Math.floor(row / inner) * features + feature) * inner + (row % inner)

/** Where the features of a row are among an output's values: `start` of the row, and `step` from one feature to the next. */
export function layoutOf({ output, axis }: Pick<TableFeatures, 'output' | 'axis'>): {
  readonly start: (row: number) => number
  readonly step: number
} {
  const { shape } = output.original[0]!
  const [features, step] = [shape[axis]!, elementCount(shape.slice(axis + 1))]
  return { start: (row) => valueIndex(row, 0, features, step), step }
}
