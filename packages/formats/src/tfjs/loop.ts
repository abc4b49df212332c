// A while loop of TensorFlow as ONNX's Loop. What does not change stays outside; a list that gets one element in each round, at the
// place of the round, is what ONNX collects by itself.

import { cast } from '@whyslow/graph/builder/broadcast.ts'
import type { GraphBuilder, Value } from '@whyslow/graph/builder/graph-builder.ts'
import { reshape, slice } from '@whyslow/graph/builder/shapes.ts'
import type { Dimension, DType } from '@whyslow/graph/types.ts'
import type { NodeDef } from './graph-def.ts'
import type { Scope } from './scope.ts'

export interface LoopParts {
  readonly initial: readonly Value[]
  readonly condition: (values: readonly Value[], builder: GraphBuilder) => Value
  readonly body: (values: readonly Value[], builder: GraphBuilder) => readonly Value[]
}

interface Type {
  readonly dtype: DType
  readonly shape: readonly Dimension[]
}

/** What a variable of the loop is to ONNX. */
type Role =
  | { readonly kind: 'carried'; readonly type: Type }
  | { readonly kind: 'fixed' }
  /** A list: one element in each round; `last`: only the element of the last round stays. */
  | { readonly kind: 'collected'; readonly last: boolean; readonly item: Type | undefined }

/** Sizes that grow from round to round are unknown after as many looks. */
const MOST_LOOKS = 6

/** Values of the variables behind the loop, in their order. */
export function writeLoop(node: NodeDef, scope: Scope, parts: LoopParts): Value[] {
  const roles = rolesOf(node, scope, parts)
  const { builder } = scope
  const { initial } = parts
  const carried = initial.flatMap((value, k) => (roles[k]!.kind === 'carried' ? [asType(builder, value, roles[k]!)] : []))
  const start = asCondition(builder, parts.condition(initial, builder))
  const types = roles.flatMap((role) => (role.kind === 'carried' ? [role.type] : []))
  const inputs: Type[] = [{ dtype: 'int64', shape: [] }, { dtype: 'bool', shape: [] }, ...types]
  const body = builder.subgraph(inputs, (inner, [, , ...values]) => {
    const before = variables(roles, initial, values)
    const after = parts.body(before, inner)
    const next = after.flatMap((value, k) => (roles[k]!.kind === 'carried' ? [asType(inner, value, roles[k]!)] : []))
    const items = after.flatMap((value, k) => (roles[k]!.kind === 'collected' ? [itemOf(node, scope, value)] : []))
    return [asCondition(inner, parts.condition(after, inner)), ...next, ...items]
  })
  const collected = roles.flatMap((role, k): Type[] => (role.kind === 'collected' ? [stackedType(scope, role, initial[k]!)] : []))
  const results = builder.ops('Loop', [undefined, start, ...carried], [...types, ...collected], { body })
  return behind(scope, roles, initial, results)
}

/** The variables inside: those that do not change are the values outside. */
function variables(roles: readonly Role[], initial: readonly Value[], inner: readonly Value[]): Value[] {
  const rest = [...inner]
  return roles.map((role, k) => (role.kind === 'carried' ? rest.shift()! : initial[k]!))
}

function behind(scope: Scope, roles: readonly Role[], initial: readonly Value[], results: readonly Value[]): Value[] {
  const count = roles.filter(({ kind }) => kind === 'carried').length
  const [finals, stacks] = [results.slice(0, count), results.slice(count)]
  return roles.map((role, k) => {
    if (role.kind === 'carried') return finals.shift()!
    if (role.kind === 'fixed') return initial[k]!
    const all = stacks.shift()!
    const tensor = role.last ? slice(scope.builder, all, [{ axis: 0, start: -1 }]) : all
    scope.world.lists.set(tensor, { kind: 'stacked', tensor })
    return tensor
  })
}

/** The body is looked at until it says nothing new; what is written meanwhile is dropped. */
function rolesOf(node: NodeDef, scope: Scope, parts: LoopParts): readonly Role[] {
  const { initial } = parts
  let roles: readonly Role[] = initial.map((value): Role => {
    const list = scope.world.lists.get(value)
    if (list?.kind === 'reserved') return { kind: 'collected', last: false, item: undefined }
    return list === undefined ? { kind: 'carried', type: typeOf(value) } : { kind: 'fixed' }
  })
  for (let look = 0; look < MOST_LOOKS; look++) {
    const next = lookOnce(node, scope, parts, roles)
    if (JSON.stringify(next) === JSON.stringify(roles)) return roles
    roles = next
  }
  throw node.refuse(
    'repeats a loop whose values change their type from round to round, which is not supported; convert the model again',
  )
}

function lookOnce(node: NodeDef, scope: Scope, parts: LoopParts, roles: readonly Role[]): readonly Role[] {
  let next: readonly Role[] = roles
  const types = roles.flatMap((role) => (role.kind === 'carried' ? [role.type] : []))
  scope.builder.subgraph(types, (inner, values) => {
    const before = variables(roles, parts.initial, values)
    const after = parts.body(before, inner)
    next = roles.map((role, k) => roleOf(node, scope, { role, before, after, initial: parts.initial, k }))
    return []
  })
  return next
}

interface Look {
  readonly role: Role
  readonly before: readonly Value[]
  readonly after: readonly Value[]
  readonly initial: readonly Value[]
  readonly k: number
}

function roleOf(node: NodeDef, scope: Scope, { role, before, after, initial, k }: Look): Role {
  const [from, to] = [before[k]!, after[k]!]
  if (to === from) return { kind: 'fixed' }
  const list = scope.world.lists.get(to)
  if (role.kind === 'carried' && list === undefined) {
    const { dtype, shape } = role.type
    if (to.shape.length !== shape.length)
      throw node.refuse(
        'repeats a loop whose values change their number of axes, which is not supported; convert the model again',
      )
    const wider = dtype === 'int32' && to.dtype === 'int64' ? 'int64' : dtype
    return { kind: 'carried', type: { dtype: wider, shape: shape.map((size, axis) => (size === to.shape[axis] ? size : null)) } }
  }
  if (list?.kind === 'written' && list.into === from && scope.world.lists.get(initial[k]!)?.kind === 'reserved') {
    const last = isPlace(scope, list.index, 0)
    const counts = before.some((value, j) => {
      return value === list.index && scope.world.increments.get(after[j]!) === value && isPlace(scope, initial[j]!, 0)
    })
    if (counts || last) return { kind: 'collected', last, item: typeOf(list.item) }
  }
  throw node.refuse(
    'repeats a loop that changes a list other than element by element, which is not supported; convert the model again',
  )
}

const isPlace = (scope: Scope, value: Value, place: number): boolean => {
  const elements = scope.world.contents.of(value)?.elements
  return elements?.length === 1 && elements[0] === place
}

function itemOf(node: NodeDef, scope: Scope, value: Value): Value {
  const list = scope.world.lists.get(value)
  if (list?.kind === 'written') return list.item
  throw node.refuse('repeats a loop that does not write a list in every round, which is not supported; convert the model again')
}

const typeOf = ({ dtype, shape }: Value): Type => ({ dtype, shape })

function asType(builder: GraphBuilder, value: Value, role: Role): Value {
  return role.kind === 'carried' ? cast(builder, value, role.type.dtype) : value
}

const asCondition = (builder: GraphBuilder, value: Value): Value => reshape(builder, cast(builder, value, 'bool'), [])

/** As long as the list was reserved, if that is known: the loop fills it. */
function stackedType(scope: Scope, role: Role & { kind: 'collected' }, initial: Value): Type {
  const list = scope.world.lists.get(initial)
  const length = list?.kind === 'reserved' ? scope.world.contents.of(list.length)?.elements[0] : undefined
  const { dtype, shape } = role.item ?? typeOf(initial)
  return { dtype, shape: [role.last ? null : (length ?? null), ...shape] }
}
