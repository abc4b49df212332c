// Branches, loops and calls. TensorFlow 2 has them as nodes that name functions; TensorFlow 1, and what converters lower to it, as
// Switch and Merge, and loops as frames: Enter, Merge, Switch, NextIteration, Exit around one LoopCond.
// https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/ops/{functional_ops,control_flow_ops}.cc

import { cast } from '@whyslow/graph/builder/broadcast.ts'
import type { GraphBuilder, Value } from '@whyslow/graph/builder/graph-builder.ts'
import { reshape } from '@whyslow/graph/builder/shapes.ts'
import type { Dimension, DType } from '@whyslow/graph/types.ts'
import type { FunctionDef, NodeDef, TensorRef } from './graph-def.ts'
import { type LoopParts, writeLoop } from './loop.ts'
import { Scope, type SpecialWriter } from './scope.ts'

function functionOf(node: NodeDef, key: string, scope: Scope): FunctionDef {
  const name = node.function(key)
  const found = scope.world.graph.functions.get(name)
  if (found === undefined) throw node.refuse(`calls the function '${name}', which is not there; convert the model again`)
  return found
}

const inputsOf = (node: NodeDef, scope: Scope): readonly Value[] => node.inputs.map((input) => scope.value(input, node))

/** What a function returns for these values, written into `builder`. */
function call(
  node: NodeDef,
  callee: FunctionDef,
  values: readonly Value[],
  at: { scope: Scope; builder: GraphBuilder },
): Value[] {
  if (callee.inputs.length !== values.length)
    throw node.refuse(
      `calls '${callee.name}' with ${values.length} values instead of ${callee.inputs.length}; convert the model again`,
    )
  const inner = new Scope(at.scope.world, callee.nodes, at.builder, at.scope)
  callee.inputs.forEach(({ name }, k) => {
    inner.give(name, [values[k]!])
  })
  return callee.outputs.map((output) => inner.value(output, node))
}

const calls: SpecialWriter = (node, scope) =>
  call(node, functionOf(node, 'f', scope), inputsOf(node, scope), { scope, builder: scope.builder })

const branches: SpecialWriter = (node, scope) => {
  const [condition, ...values] = inputsOf(node, scope)
  if (condition === undefined) throw node.refuse('has no condition; convert the model again')
  const [then, otherwise] = [functionOf(node, 'then_branch', scope), functionOf(node, 'else_branch', scope)]
  return either(node, scope, condition, {
    yes: (builder) => call(node, then, values, { scope, builder }),
    no: (builder) => call(node, otherwise, values, { scope, builder }),
  })
}

interface Branches {
  readonly yes: (builder: GraphBuilder) => Value[]
  readonly no: (builder: GraphBuilder) => Value[]
}

/** An If node. Both branches are written twice: what they have in common is known only when both are seen. */
function either(node: NodeDef, scope: Scope, condition: Value, { yes, no }: Branches): Value[] {
  const { builder } = scope
  const one = reshape(builder, cast(builder, condition, 'bool'), [])
  const { constant } = one
  if (constant !== undefined) return (constant.data[0] ? yes : no)(builder)
  const types: { dtype: DType; shape: readonly Dimension[] }[][] = []
  const seen = (write: Branches['yes']) =>
    builder.subgraph([], (body) => {
      const values = write(body)
      types.push(values.map(({ dtype, shape }) => ({ dtype, shape })))
      return values
    })
  seen(yes)
  seen(no)
  const [a = [], b = []] = types
  const results = a.map((type, k) => {
    const other = b[k]
    if (other === undefined || other.shape.length !== type.shape.length)
      throw node.refuse(
        'has branches whose results differ in their number of axes, which is not supported; convert the model again',
      )
    return {
      dtype: other.dtype === type.dtype ? type.dtype : widest(type.dtype, other.dtype),
      shape: commonShape(type.shape, other.shape),
    }
  })
  const branch = (write: Branches['yes']) =>
    builder.subgraph([], (body) => write(body).map((value, k) => cast(body, value, results[k]!.dtype)))
  return builder.ops('If', [one], results, { then_branch: branch(yes), else_branch: branch(no) })
}

const widest = (a: DType, b: DType): DType => (a === 'int64' || b === 'int64' ? 'int64' : a)

const commonShape = (a: readonly Dimension[], b: readonly Dimension[]): Dimension[] =>
  a.map((size, axis) => (size === b[axis] ? size : null))

const loops: SpecialWriter = (node, scope) => {
  const [condition, body] = [functionOf(node, 'cond', scope), functionOf(node, 'body', scope)]
  return writeLoop(node, scope, {
    initial: inputsOf(node, scope),
    condition: (values, builder) => call(node, condition, values, { scope, builder })[0]!,
    body: (values, builder) => call(node, body, values, { scope, builder }),
  })
}

/** The value that leaves a frame: all loops that have the same condition are one. */
const exit: SpecialWriter = (node, scope) => {
  const own = nodeAt(node, 0, scope)
  const condition = own.inputs[1]
  if (own.op !== 'Switch' || condition === undefined) throw unknownFrame(node)
  const variables = [...scope.nodes.values()]
    .filter((one) => one.op === 'Switch' && one.inputs[1]?.node === condition.node)
    .map((one) => variableOf(node, one, scope))
  const results = writeLoop(node, scope, frameOf(node, scope, variables, condition))
  // Other exits of the loop have their values now, too.
  for (const other of scope.nodes.values()) {
    if (other.op !== 'Exit') continue
    const at = variables.findIndex((variable) => variable.switched.name === other.inputs[0]?.node)
    if (at >= 0) scope.give(other.name, [results[at]!])
  }
  return [results[variables.findIndex((variable) => variable.switched === own)]!]
}

interface Variable {
  readonly switched: NodeDef
  readonly merged: NodeDef
  /** Its value before the loop. */
  readonly entered: TensorRef
  /** Its value behind the body. */
  readonly next: TensorRef
}

function variableOf(node: NodeDef, switched: NodeDef, scope: Scope): Variable {
  const merged = nodeAt(switched, 0, scope)
  const sources = merged.op === 'Merge' ? merged.inputs.map(({ node: name }) => scope.nodes.get(name)) : []
  const entered = sources.find((one) => one?.op === 'Enter' || one?.op === 'RefEnter')?.inputs[0]
  const next = sources.find((one) => one?.op === 'NextIteration')?.inputs[0]
  if (entered === undefined || next === undefined) throw unknownFrame(node)
  return { switched, merged, entered, next }
}

function frameOf(node: NodeDef, scope: Scope, variables: readonly Variable[], condition: TensorRef): LoopParts {
  const inside = (values: readonly Value[], builder: GraphBuilder, withSwitches: boolean) => {
    const inner = new Scope(scope.world, scope.nodes, builder, scope)
    variables.forEach(({ merged, switched }, k) => {
      inner.give(merged.name, [values[k]!])
      if (withSwitches) inner.give(switched.name, [values[k]!, values[k]!])
    })
    return inner
  }
  const limit = scope.nodes.get(condition.node)
  const asked = limit?.op === 'LoopCond' && limit.inputs[0] !== undefined ? limit.inputs[0] : condition
  return {
    initial: variables.map(({ entered }) => scope.value(entered, node)),
    condition: (values, builder) => inside(values, builder, false).value(asked, node),
    body: (values, builder) => {
      const inner = inside(values, builder, true)
      return variables.map(({ next }) => inner.value(next, node))
    },
  }
}

function nodeAt(node: NodeDef, index: number, scope: Scope): NodeDef {
  const ref = node.inputs[index]
  const found = ref === undefined ? undefined : scope.nodes.get(ref.node)
  if (found === undefined) throw node.refuse('has an input that is not there; convert the model again')
  return found
}

const unknownFrame = (node: NodeDef) =>
  node.refuse('belongs to a loop of a form that is not known; convert the model with control_flow_v2=True')

/** A constant of a frame: its value outside. */
const enter: SpecialWriter = (node, scope) => {
  const ref = node.inputs[0]
  if (ref === undefined) throw unknownFrame(node)
  return [(scope.parent ?? scope).value(ref, node)]
}

/** Outside of frames: the results of two branches meet. */
const merge: SpecialWriter = (node, scope) => {
  const sides = node.inputs.map((input) => sideOf(input, scope))
  const yes = sides.findIndex((side) => side?.isTrue === true)
  const no = sides.findIndex((side) => side?.isTrue === false)
  if (yes < 0 || no < 0 || node.inputs.length !== 2)
    throw node.refuse('joins branches of a form that is not known; convert the model with control_flow_v2=True')
  const condition = scope.value(sides[yes]!.condition, node)
  const branch = (index: number) => (builder: GraphBuilder) => {
    const inner = new Scope(scope.world, scope.nodes, builder, scope)
    return [inner.value(node.inputs[index]!, node)]
  }
  return either(node, scope, condition, { yes: branch(yes), no: branch(no) })
}

/** Which branch a value belongs to: the first switch behind it, also by control inputs. */
function sideOf(input: TensorRef, scope: Scope): { readonly isTrue: boolean; readonly condition: TensorRef } | undefined {
  const seen = new Set<string>()
  const open: TensorRef[] = [input]
  for (let ref = open.shift(); ref !== undefined; ref = open.shift()) {
    const node = scope.nodes.get(ref.node)
    if (node === undefined || seen.has(ref.node)) continue
    seen.add(ref.node)
    if (node.op === 'Switch' && node.inputs[1] !== undefined)
      return { isTrue: (ref.argument === 'output_true' ? 1 : ref.index) === 1, condition: node.inputs[1] }
    for (const one of [...node.inputs, ...node.controls]) open.push(one)
  }
  return undefined
}

/** Gives the value to both ways of a branch. */
const switched: SpecialWriter = (node, scope) => {
  const value = scope.value(node.inputs[0]!, node)
  return [value, value]
}

const loopCondition: SpecialWriter = (node, scope) => [scope.value(node.inputs[0]!, node)]

export const CONTROL_FLOW: readonly (readonly [string, SpecialWriter])[] = [
  ['PartitionedCall', calls],
  ['StatefulPartitionedCall', calls],
  ['If', branches],
  ['StatelessIf', branches],
  ['While', loops],
  ['StatelessWhile', loops],
  ['Exit', exit],
  ['Enter', enter],
  ['Merge', merge],
  ['Switch', switched],
  ['LoopCond', loopCondition],
]
