// How many tokens the cache holds, read off the shape of a cache: exporters compute positions of it. A cache with room to spare has another shape, so
// that the number is taken from the mask and the ids in place of it.
import { int64Tensor, node } from '@whyslow/graph/build.ts'
import type { GraphEdit } from '@whyslow/graph/edit.ts'
import { isOperator, type Matching, numberOf } from '@whyslow/graph/rewrite/match.ts'
import type { NodeProto, TensorProto } from 'onnx-buf'
import type { DecoderLayout } from '../../recognize/layout.ts'

/** Reads of the number, each replaced. `mask`: [batch, all tokens]. */
export function pastLengthFromMask(
  matching: Matching,
  { cache, inputs }: DecoderLayout,
  mask: string,
  fresh: (hint: string) => string,
): GraphEdit {
  const lengths = new Map(cache.flatMap(({ past, axes }) => (axes.length === null ? [] : [[past, axes.length] as const])))
  const reads = matching.graph.node.flatMap((one) => readOf(matching, one, lengths) ?? [])
  if (reads.length === 0 || inputs.ids === undefined) return {}
  const [axis, scalar, list] = [fresh('length_axis'), fresh('held_tokens'), fresh('held_tokens_list')]
  const [all, all1, some, some1] = [fresh('mask_shape'), fresh('all_tokens'), fresh('ids_shape'), fresh('new_tokens')]
  const add: NodeProto[] = [
    node({ opType: 'Shape', name: all }, [mask], [all]),
    node({ opType: 'Gather', name: all1 }, [all, axis], [all1]),
    node({ opType: 'Shape', name: some }, [inputs.ids.name], [some]),
    node({ opType: 'Gather', name: some1 }, [some, axis], [some1]),
    node({ opType: 'Sub', name: scalar }, [all1, some1], [scalar]),
    node({ opType: 'Reshape', name: list }, [scalar, `${list}_shape`], [list]),
  ]
  const addInitializers: TensorProto[] = [int64Tensor(axis, [], [1]), int64Tensor(`${list}_shape`, [1], [1])]
  const read = new Map(reads.map(({ value, isList }) => [value, isList ? list : scalar]))
  return { add, addInitializers, read }
}

interface Read {
  readonly value: string
  readonly isList: boolean
}

/** Shape(past)[length], a number or a list of it. */
function readOf(matching: Matching, one: NodeProto, lengths: ReadonlyMap<string, number>): Read | undefined {
  const value = one.output[0]!
  if (matching.isOutput(value)) return undefined
  if (isOperator(one, 'Shape')) {
    const [start, end] = [numberOf(one, 'start', 0), numberOf(one, 'end', Number.NaN)]
    const isLength = lengths.get(one.input[0]!) === start && end === start + 1
    return isLength ? { value, isList: true } : undefined
  }
  if (!isOperator(one, 'Gather')) return undefined
  const shape = matching.producer(one.input[0])
  const isWhole = isOperator(shape, 'Shape') && numberOf(shape, 'start', 0) === 0
  const length = isWhole ? lengths.get(shape.input[0]!) : undefined
  const index = matching.constant(one.input[1])
  if (length === undefined || index?.elementCount !== 1 || matching.numbers(one.input[1])![0] !== length) return undefined
  return { value, isList: index.shape.length === 1 }
}
