// Lists of tensors (TensorFlow 2) and arrays of tensors (TensorFlow 1), as recurrent layers and map_fn read and write them around loops:
// their elements as one tensor. Of an array the flow is the list: it goes from each operator to the next, the handle stays.
// https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/ops/{list_ops,data_flow_ops}.cc

import { scalar } from '@whyslow/graph/builder/broadcast.ts'
import type { Value } from '@whyslow/graph/builder/graph-builder.ts'
import { gather, reshape, sizeAsRun } from '@whyslow/graph/builder/shapes.ts'
import type { NodeDef } from './graph-def.ts'
import type { Scope, SpecialWriter, TensorList } from './scope.ts'

const input = (node: NodeDef, scope: Scope, index: number): Value => {
  const ref = node.inputs[index]
  if (ref === undefined) throw node.refuse('has too few inputs; convert the model again')
  return scope.value(ref, node)
}

function listAt(node: NodeDef, scope: Scope, index: number): { readonly value: Value; readonly list: TensorList } {
  const value = input(node, scope, index)
  const list = scope.world.lists.get(value)
  if (list === undefined) throw node.refuse('reads a list of a form that is not known; convert the model again')
  return { value, list }
}

function stackedAt(node: NodeDef, scope: Scope, index = 0): Value {
  const { list } = listAt(node, scope, index)
  if (list.kind === 'stacked') return list.tensor
  throw node.refuse('reads a list while it is written, which is not supported; convert the model again')
}

/** A value that represents the list: nothing else reads it. */
function marked(scope: Scope, list: TensorList, like: Value): Value {
  const value = { name: `${like.name}/list`, dtype: like.dtype, shape: like.shape }
  scope.world.lists.set(value, list)
  return value
}

const reserve: SpecialWriter = (node, scope) => {
  const length = input(node, scope, 1)
  return [marked(scope, { kind: 'reserved', length }, length)]
}

const fromTensor: SpecialWriter = (node, scope) => {
  const tensor = input(node, scope, 0)
  return [marked(scope, { kind: 'stacked', tensor }, tensor)]
}

/** The element at input 1 of the list at input `at`. */
const getItem =
  (at = 0): SpecialWriter =>
  (node, scope) => [gather(scope.builder, stackedAt(node, scope, at), input(node, scope, 1))]

/** Input 2 is put at place input 1 of the list at input `at`. */
const setItem =
  (at = 0): SpecialWriter =>
  (node, scope) => {
    const { value } = listAt(node, scope, at)
    const list = { kind: 'written', into: value, index: input(node, scope, 1), item: input(node, scope, 2) } as const
    return [marked(scope, list, list.item)]
  }

const stack: SpecialWriter = (node, scope) => [stackedAt(node, scope)]

const length =
  (at = 0): SpecialWriter =>
  (node, scope) => {
    const { list } = listAt(node, scope, at)
    if (list.kind === 'reserved') return [list.length]
    const tensor = list.kind === 'stacked' ? list.tensor : undefined
    if (tensor === undefined) throw node.refuse('asks the length of a list while it is written, which is not supported')
    const [size] = tensor.shape
    if (typeof size === 'number') return [scalar(scope.builder, 'int64', size)]
    return [reshape(scope.builder, sizeAsRun(scope.builder, tensor, 0), [])]
  }

/** Elements one after another along their own first axis; how long each was is not told. */
const concatenated: SpecialWriter = (node, scope) => {
  const tensor = stackedAt(node, scope)
  const [count, first, ...rest] = tensor.shape
  if (typeof count !== 'number' && typeof first !== 'number' && rest.some((size) => typeof size !== 'number'))
    throw node.refuse('joins elements of sizes that are not known; convert the model again')
  const all = typeof count === 'number' && typeof first === 'number' ? count * first : null
  return [reshape(scope.builder, tensor, [all, ...rest])]
}

/** A handle and its flow: both the list. */
const array: SpecialWriter = (node, scope) => {
  const length = input(node, scope, 0)
  const flow = marked(scope, { kind: 'reserved', length }, length)
  return [flow, flow]
}

/** All elements at once, in order. */
const scatter: SpecialWriter = (node, scope) => {
  const places = scope.nodes.get(node.inputs[1]?.node ?? '')
  const elements = scope.world.contents.of(input(node, scope, 1))?.elements
  if (places?.op !== 'Range' && elements?.every((place, k) => place === k) !== true)
    throw node.refuse('fills an array in an order that is not known, which is not supported; convert the model again')
  const tensor = input(node, scope, 2)
  return [marked(scope, { kind: 'stacked', tensor }, tensor)]
}

export const TENSOR_LISTS: readonly (readonly [string, SpecialWriter])[] = [
  ['TensorListReserve', reserve],
  ['TensorListFromTensor', fromTensor],
  ['TensorListGetItem', getItem()],
  ['TensorListSetItem', setItem()],
  ['TensorListStack', stack],
  ['TensorListGather', getItem()],
  ['TensorListLength', length()],
  ['TensorListConcatV2', concatenated],
  ['TensorArrayV3', array],
  ['TensorArrayScatterV3', scatter],
  ['TensorArrayReadV3', getItem(2)],
  ['TensorArrayWriteV3', setItem(3)],
  ['TensorArrayGatherV3', getItem(2)],
  ['TensorArraySizeV3', length(1)],
]
