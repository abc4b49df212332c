// How many tokens the cache holds, read off the shape of a cache: exporters compute positions and masks of it. A cache with room to spare has another
// shape, so that the number is taken from the mask and the ids in place of it.
import { int64Tensor, node } from '@whyslow/graph/build.ts'
import type { GraphEdit } from '@whyslow/graph/edit.ts'
import { isOperator, type Matching, numberOf } from '@whyslow/graph/rewrite/match.ts'
import type { NodeProto, TensorProto } from 'onnx-buf'
import type { DecoderLayout } from '../../recognize/layout.ts'

export interface LengthSources {
  /** [batch, all tokens]. */
  readonly mask: string
  /** Values that hold what the cache held and what is new, and their axis of tokens. */
  readonly joined: ReadonlyMap<string, number>
}

/** Reads of the number before and after a call, each replaced. */
export function lengthsFromMask(
  matching: Matching,
  { cache, inputs }: DecoderLayout,
  { mask, joined }: LengthSources,
  fresh: (hint: string) => string,
): GraphEdit {
  // Keys of an encoder are as long as what it read.
  const own = cache.filter(({ role }) => role === 'self')
  const held = new Map(own.flatMap(({ past, axes }) => (axes.length === null ? [] : [[past, axes.length] as const])))
  const reads = (of: ReadonlyMap<string, number>) => matching.graph.node.flatMap((one) => readOf(matching, one, of) ?? [])
  const [before, after] = [reads(held), reads(joined)]
  if (before.length + after.length === 0 || inputs.ids === undefined) return {}
  const [axis, one] = [fresh('length_axis'), fresh('length_list')]
  const [all, all1, all1s] = [fresh('mask_shape'), fresh('all_tokens'), fresh('all_tokens_list')]
  const [some, some1, scalar, list] = [fresh('ids_shape'), fresh('new_tokens'), fresh('held_tokens'), fresh('held_tokens_list')]
  const add: NodeProto[] = [
    node({ opType: 'Shape', name: all }, [mask], [all]),
    node({ opType: 'Gather', name: all1 }, [all, axis], [all1]),
    node({ opType: 'Reshape', name: all1s }, [all1, one], [all1s]),
    node({ opType: 'Shape', name: some }, [inputs.ids.name], [some]),
    node({ opType: 'Gather', name: some1 }, [some, axis], [some1]),
    node({ opType: 'Sub', name: scalar }, [all1, some1], [scalar]),
    node({ opType: 'Reshape', name: list }, [scalar, one], [list]),
  ]
  const addInitializers: TensorProto[] = [int64Tensor(axis, [], [1]), int64Tensor(one, [1], [1])]
  const read = new Map([
    ...before.map(({ value, isList }) => [value, isList ? list : scalar] as const),
    ...after.map(({ value, isList }) => [value, isList ? all1s : all1] as const),
  ])
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
