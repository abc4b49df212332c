// Sparse constants made dense: a tree of dimensions, each whole or as compressed rows, with blocks as inner dimensions.
// https://github.com/google-ai-edge/LiteRT/blob/main/tflite/converter/schema/schema.fbs (SparsityParameters);
// http://tensor-compiler.org/kjolstad-oopsla17-tensor-compiler.pdf

import { isPermutation } from '@whyslow/graph/builder/permutation.ts'
import { elementCount } from '@whyslow/graph/dtype.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { TensorRow } from './schema.ts'

/** A dense tensor this much larger than what is stored is no weight that somebody pruned. */
const MOST_ZEROS = 1000

const BYTES: Readonly<Record<string, number>> = { FLOAT32: 4, FLOAT16: 2, INT8: 1 }

interface Level {
  /** Size, where all cells are there; else where each row begins and which cells it has. */
  readonly dense: number | undefined
  readonly segments: readonly number[]
  readonly indices: readonly number[]
}

/** The bytes of the whole tensor, row-major. Throws InputError if the description does not fit. */
export function densify(stored: Uint8Array<ArrayBuffer>, tensor: TensorRow, type: string, file: string): Uint8Array<ArrayBuffer> {
  const { shape, sparsity, name } = tensor
  const elementBytes = BYTES[type]
  const wrong = (what: string) => new InputError(`${file}: the sparse tensor ${name} ${what}`)
  if (elementBytes === undefined) throw wrong(`is of type ${type}, which is not read`)
  const { traversal_order, block_map, dim_metadata } = sparsity!
  const rank = shape.length
  const all = rank + block_map.length
  if (!isPermutation(traversal_order, all) || dim_metadata.length !== all) throw wrong('is described for other axes')
  if (block_map.some((axis) => axis < 0 || axis >= rank)) throw wrong('has blocks of an axis that there is not')
  const levels = dim_metadata.map(
    ({ format, dense_size, array_segments, array_indices }): Level => ({
      dense: format === 0 ? dense_size : undefined,
      segments: (array_segments?.fields.values ?? []) as readonly number[],
      indices: (array_indices?.fields.values ?? []) as readonly number[],
    }),
  )
  const totalBytes = elementCount(shape) * elementBytes
  if (totalBytes > stored.byteLength * MOST_ZEROS + 4096) throw wrong('is nearly all zeros')
  // Of each level: which axis of the tensor it moves along, and by how many cells.
  const blockSizes = block_map.map((_, k) => levels[traversal_order.indexOf(rank + k)]!.dense ?? 0)
  const strides = shape.map((_, axis) => elementCount(shape.slice(axis + 1)))
  const blocksOf = (axis: number) => block_map.reduce((size, mapped, k) => (mapped === axis ? size * blockSizes[k]! : size), 1)
  const moves = traversal_order.map((axis) => {
    const along = axis < rank ? axis : block_map[axis - rank]!
    return { along, stride: strides[along]! * (axis < rank ? blocksOf(axis) : 1) }
  })
  const result = new Uint8Array(totalBytes)
  let used = 0
  let steps = 0
  const walk = (depth: number, position: number, at: number): void => {
    if (++steps > elementCount(shape) * all + 1024) throw wrong('is described too widely')
    if (depth === all) {
      const from = used++ * elementBytes
      if (from + elementBytes > stored.byteLength || at < 0 || (at + 1) * elementBytes > totalBytes)
        throw wrong('has too few values')
      result.set(stored.subarray(from, from + elementBytes), at * elementBytes)
      return
    }
    const { dense, segments, indices } = levels[depth]!
    const { stride } = moves[depth]!
    if (dense !== undefined) {
      for (let k = 0; k < dense; k++) walk(depth + 1, position * dense + k, at + k * stride)
      return
    }
    const [from, to] = [segments[position], segments[position + 1]]
    if (from === undefined || to === undefined || to > indices.length) throw wrong('has rows that there are not')
    for (let k = from; k < to; k++) walk(depth + 1, k, at + indices[k]! * stride)
  }
  walk(0, 0, 0)
  return result
}
