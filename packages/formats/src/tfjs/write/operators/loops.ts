// WHILE as StatelessWhile with functions of the library. A variable in which each round puts one row is a list of tensors, as TensorFlow
// has it, since TensorFlow.js has no operator that writes a part of a tensor in place.

import { arrayFor } from '@whyslow/graph/builder/constant-data.ts'
import { elementCount } from '@whyslow/graph/dtype.ts'
import type { Dimension } from '@whyslow/graph/types.ts'
import type { LiteGraph, LiteOperator, LiteTensor } from '../../../tflite/write/index.ts'
import { func, typeAttribute, typeList, VARIANT } from '../attributes.ts'
import type { Ref } from '../graph-writer.ts'
import { constantOf, type ListVariable, type OperatorCall, type OperatorTable, resultType } from '../operator-call.ts'

export const LOOPS: OperatorTable = { WHILE: loop }

function loop(call: OperatorCall): readonly Ref[] {
  const [condition, body] = call.operator.bodies as readonly [LiteGraph, LiteGraph]
  const lists = body.outputs.map((_, k) => listAt(call, body, k))
  // The second variable is how many rounds there are.
  const count = call.input(1)
  const own = call.operator.inputs.map((_, k) =>
    lists[k] === undefined ? call.input(k) : reserved(call, k, { list: lists[k], count }),
  )
  const types = call.tensors.map((tensor, k) => (lists[k] === undefined ? resultType(call, tensor) : VARIANT))
  // What each round puts in a list is a variable, too: TensorFlow.js frees what a function makes and does not give.
  const elements = call.tensors.flatMap((tensor, k) => (lists[k] === undefined ? [] : [{ tensor, list: lists[k] }]))
  const given = [...own, ...elements.map(({ tensor, list }) => noElement(call, tensor, list))]
  const { origin } = call.operator
  const attributes = {
    T: typeList([...types, ...elements.map(({ tensor }) => resultType(call, tensor))]),
    cond: func(call.writeFunction(condition, `${origin}/cond`, lists)),
    body: func(call.writeFunction(body, `${origin}/body`, lists)),
  }
  const results = call.ops('StatelessWhile', given, { count: given.length, attributes })
  return own
    .map((_, k) => results[k]!)
    .map((result, k) => (lists[k] === undefined ? result : stacked(call, result, { k, list: lists[k] })))
}

/** What each round puts in a place of the `k`-th variable, where that is all that is done with it. */
function listAt(call: OperatorCall, body: LiteGraph, k: number): ListVariable | undefined {
  const makers = new Map(body.operators.flatMap((operator) => operator.outputs.map((output) => [output, operator] as const)))
  const writer = makers.get(body.outputs[k]!.tensor)
  if (writer?.code !== 'DYNAMIC_UPDATE_SLICE') return undefined
  const own = body.inputs[k]!.tensor
  const [all, , start] = writer.inputs as [LiteTensor, LiteTensor, LiteTensor]
  const readers = body.operators.filter(({ inputs }) => inputs.includes(own))
  const places = makers.get(start)
  if (all !== own || readers.length !== 1 || places?.code !== 'PACK') return call.refuse('it writes a part of a tensor')
  const axes = places.inputs.flatMap((one, axis) => (one?.data === undefined ? [axis] : []))
  const [axis] = axes
  if (axes.length !== 1 || axis === undefined) return call.refuse('it writes a part of a tensor')
  const place = places.inputs[axis]!
  const time = body.inputs[0]!.tensor
  const back = place !== time
  if (back && !isFromTheEnd(makers.get(place), time)) return call.refuse('it writes rows in an order that is not known')
  return { writer, axis, back }
}

/** Something less the round: rows are written from the last to the first. */
const isFromTheEnd = (maker: LiteOperator | undefined, time: LiteTensor): boolean =>
  maker?.code === 'SUB' && maker.inputs[1] === time

const elementOf = ({ shape }: LiteTensor, { axis }: ListVariable): readonly Dimension[] => shape.filter((_, k) => k !== axis)

/** What the variable of an element is before the first round. */
function noElement(call: OperatorCall, tensor: LiteTensor, list: ListVariable): Ref {
  const sizes = elementOf(tensor, list).map((size) => (typeof size === 'number' ? size : 1))
  return call.nodes.constant(
    { dtype: tensor.dtype, shape: sizes, data: arrayFor(tensor.dtype, elementCount(sizes)) },
    `${call.operator.origin}/element`,
  )
}

const elementShape = (call: OperatorCall, tensor: LiteTensor, list: ListVariable): Ref =>
  call.ints(elementOf(tensor, list).map((size) => (typeof size === 'number' ? size : -1)))

function reserved(call: OperatorCall, k: number, { list, count }: { list: ListVariable; count: Ref }): Ref {
  const tensor = call.tensor(k)
  return call.op('TensorListReserve', [elementShape(call, tensor, list), count], {
    element_dtype: typeAttribute(tensor.dtype),
    shape_type: { type: 'DT_INT32' },
  })
}

/** Elements are put in the place of their round; what was written from the end is turned. */
function stacked(call: OperatorCall, result: Ref, { k, list }: { k: number; list: ListVariable }): Ref {
  const tensor = call.tensor(k)
  const rows = call.op('TensorListStack', [result, elementShape(call, tensor, list)], {
    element_dtype: typeAttribute(tensor.dtype),
  })
  const ordered = list.back ? call.op('ReverseV2', [rows, call.ints([0])]) : rows
  if (list.axis === 0) return ordered
  const others = tensor.shape.map((_, axis) => axis).slice(1)
  return call.op('Transpose', [ordered, call.ints([...others.slice(0, list.axis), 0, ...others.slice(list.axis)])])
}

/** The list with the row of one round, and that row; both in the body. */
export function writeRowToList(
  call: OperatorCall,
  { axis }: ListVariable,
  time: Ref,
): { readonly list: Ref; readonly element: Ref } {
  const row = call.tensor(1)
  if (constantOf(row) !== undefined) return call.refuse('a row that it writes is constant')
  const element = call.op('Squeeze', [call.input(1)], { squeeze_dims: { list: { i: [String(axis)] } } })
  const list = call.op('TensorListSetItem', [call.input(0), time, element], { element_dtype: typeAttribute(row.dtype) })
  return { list, element }
}
