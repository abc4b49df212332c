// Graphs in graphs: branches and loops become ONNX's If and Loop, calls are written in place; and what is kept between predictions.
// https://github.com/google-ai-edge/LiteRT/tree/main/tflite/kernels (if.cc, while.cc, call_once.cc, var_handle.cc)
import type { GraphBuilder, Value, ValueType } from '@whyslow/graph/builder/graph-builder.ts'
import { reshape } from '@whyslow/graph/builder/shapes.ts'
import { input, inputs, type OperatorCall, optionsOf, type Tensor, type Writers } from '../operator.ts'

const scalarOf = (builder: GraphBuilder, condition: Value): Value => reshape(builder, condition, [])

/** What a branch makes, with only what both branches know of its shape. */
function branched(call: OperatorCall): Value[] {
  const { builder } = call
  const { then_subgraph_index, else_subgraph_index } = optionsOf(call, 'IfOptions')
  const [condition, ...rest] = inputs(call)
  if (condition === undefined) throw call.refusal('lacks its condition')
  const made: Value[][] = []
  const branch = (index: number) =>
    builder.subgraph([], (body) => {
      const results = call.inline(index, rest, body).map(({ value }) => body.op('Identity', [value], value))
      made.push(results)
      return results
    })
  const [then_branch, else_branch] = [branch(then_subgraph_index), branch(else_subgraph_index)]
  const [first, second] = made
  if (first!.length !== second!.length || first!.some(({ dtype }, k) => dtype !== second![k]!.dtype))
    throw call.refusal('has branches that make different things')
  const types = first!.map(({ dtype, shape }, k): ValueType => {
    const other = second![k]!.shape
    if (shape.length !== other.length) throw call.refusal('has branches of different ranks, which is not read')
    return { dtype, shape: shape.map((size, axis) => (size === other[axis] ? size : null)) }
  })
  return builder.ops('If', [scalarOf(builder, condition.value)], types, { then_branch, else_branch })
}

/** The condition is asked before the first round, and after each. */
function looped(call: OperatorCall): Value[] {
  const { builder } = call
  const { cond_subgraph_index, body_subgraph_index } = optionsOf(call, 'WhileOptions')
  const carried = inputs(call)
  const condition = (tensors: readonly Tensor[], into: GraphBuilder): Value => {
    const [made] = call.inline(cond_subgraph_index, tensors, into)
    if (made === undefined) throw call.refusal('has a condition that makes nothing')
    return scalarOf(into, made.value)
  }
  const first = condition(carried, builder)
  // A size may grow with every round, so that only what the file declares is known.
  const types = carried.map(
    ({ dtype, shape }, k): ValueType => ({
      dtype,
      shape: shape.map((size, axis) => (call.outputs[k]?.shape[axis] === size ? size : null)),
    }),
  )
  const body = builder.subgraph([{ dtype: 'int64', shape: [] }, { dtype: 'bool', shape: [] }, ...types], (inside, values) => {
    const before = carried.map(
      (tensor, k): Tensor => ({ ...tensor, shape: types[k]!.shape, content: undefined, value: values[k + 2]! }),
    )
    const after = call.inline(body_subgraph_index, before, inside)
    const goOn = condition(after, inside)
    return [inside.op('Identity', [goOn], goOn), ...after.map(({ value }) => inside.op('Identity', [value], value))]
  })
  return builder.ops('Loop', [undefined, first, ...carried.map(({ value }) => value)], types, { body })
}

/** The name of a resource variable: what its handle says, not which tensor holds the handle. */
function handleOf(call: OperatorCall): string {
  const { resource } = input(call, 0)
  if (resource === undefined) throw call.refusal('has a variable that is not a handle')
  return resource
}

export const CONTROL: Writers = {
  IF: branched,
  WHILE: looped,
  CALL: (call) => call.inline(optionsOf(call, 'CallOptions').subgraph, inputs(call)).map(({ value }) => value),
  // Runs before the first prediction: what it assigns is what variables begin with.
  CALL_ONCE: (call) => {
    call.inline(optionsOf(call, 'CallOnceOptions').init_subgraph_index, [])
    return []
  },
  VAR_HANDLE: (call) => {
    const { shared_name, container } = optionsOf(call, 'VarHandleOptions')
    call.handle(shared_name || container || 'variable')
    return []
  },
  READ_VARIABLE: (call) => [call.variable(handleOf(call)).value],
  ASSIGN_VARIABLE: (call) => {
    call.assign(handleOf(call), input(call, 1))
    return []
  },
}
