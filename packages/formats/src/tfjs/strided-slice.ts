// StridedSlice of a graph of TensorFlow.
import type { Value } from '@whyslow/graph/builder/graph-builder.ts'
import { MASKS, type StridedAxis, type StridedLists, stridedSlice as slice, stridedAxes } from '../tensorflow/strided-slice.ts'
import type { OperatorCall } from './operator-call.ts'

/** Throws InputError if the lists have no known length, or name more axes than there are. */
export function stridedAxesOf(call: OperatorCall): readonly StridedAxis[] {
  const [begin, end] = [call.list(1), call.list(2)]
  if (begin === undefined || end === undefined)
    throw call.refuse('slices a number of axes that is not known; convert the model again')
  const masks = Object.fromEntries(MASKS.map((name) => [name, call.node.number(name, 0)])) as StridedLists['masks']
  const lists = { begin, end, steps: call.numbers(3, 'steps'), masks }
  return stridedAxes(call.input(0).shape, lists, (says) => call.refuse(`${says}; convert the model again`))
}

export function stridedSlice(call: OperatorCall): Value {
  const listOf = (bounds: 'begin' | 'end') => call.int64(call.input(bounds === 'begin' ? 1 : 2))
  return slice(call.builder, call.input(0), stridedAxesOf(call), listOf)
}
