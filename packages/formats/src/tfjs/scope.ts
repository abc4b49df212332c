// Nodes of a GraphDef written in the order in which they are needed: those of the graph, of a function, or of what a loop repeats.
// A scope of the inside sees the values of those around it.

import type { ConstantData } from '@whyslow/graph/builder/constant-data.ts'
import type { GraphBuilder, Value } from '@whyslow/graph/builder/graph-builder.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { isComplex, writeComplex } from './complex.ts'
import { Contents, constantOf } from './contents.ts'
import type { GraphDef, NodeDef, NodeTable, TensorRef } from './graph-def.ts'
import { OperatorCall } from './operator-call.ts'
import { writerOf } from './operators/index.ts'
import { evaluate } from './shape-arithmetic.ts'

/** A list of tensors, as loops keep them. */
export type TensorList =
  /** Its elements one after the other, along the first axis. */
  | { readonly kind: 'stacked'; readonly tensor: Value }
  /** Places that nothing was written to yet. */
  | { readonly kind: 'reserved'; readonly length: Value }
  /** `item` was put at `index` of the list `into`. */
  | { readonly kind: 'written'; readonly into: Value; readonly index: Value; readonly item: Value }

/** An operator that needs more than its inputs' values: control flow, lists. Undefined: nothing comes of it. */
export type SpecialWriter = (node: NodeDef, scope: Scope) => readonly Value[]

/** What all scopes of a model share. */
export interface ModelScope {
  readonly file: string
  readonly graph: GraphDef
  readonly weights: ReadonlyMap<string, ConstantData>
  readonly contents: Contents
  readonly specials: ReadonlyMap<string, SpecialWriter>
  /** What stands in the place of a list among the values. */
  readonly lists: WeakMap<Value, TensorList>
  /** Values that are another one plus 1. */
  readonly increments: WeakMap<Value, Value>
}

export function worldOf(
  file: string,
  graph: GraphDef,
  weights: ReadonlyMap<string, ConstantData>,
  specials: ReadonlyMap<string, SpecialWriter>,
): ModelScope {
  return { file, graph, weights, specials, contents: new Contents(), lists: new WeakMap(), increments: new WeakMap() }
}

/** Functions that call one another without end are in damaged files only. */
const DEEPEST = 64

export class Scope {
  readonly world: ModelScope
  readonly nodes: NodeTable
  readonly builder: GraphBuilder
  readonly parent: Scope | undefined
  readonly depth: number
  readonly #written = new Map<string, readonly Value[]>()

  constructor(world: ModelScope, nodes: NodeTable, builder: GraphBuilder, parent?: Scope) {
    this.world = world
    this.nodes = nodes
    this.builder = builder
    this.parent = parent
    this.depth = (parent?.depth ?? 0) + 1
    if (this.depth > DEEPEST)
      throw new InputError(`${world.file} nests functions or loops more than ${DEEPEST} deep; it is damaged`)
  }

  /** Says what the results of a node are, in place of writing it. */
  give(node: string, values: readonly Value[]): void {
    this.#written.set(node, values)
  }

  /** What was written or given here, or around this scope where both are of one list of nodes. */
  known(node: string): readonly Value[] | undefined {
    const own = this.#written.get(node)
    return own ?? (this.parent?.nodes === this.nodes ? this.parent.known(node) : undefined)
  }

  /** The value of an output, its node and all that it needs written. Throws InputError, naming the node, if that cannot be. */
  value(ref: TensorRef, reader?: NodeDef): Value {
    for (const name of this.#order(ref.node, reader)) this.#written.set(name, this.#write(this.nodes.get(name)!))
    const values = this.known(ref.node)!
    const value = values[outputIndex(ref, this.nodes.get(ref.node))]
    if (value !== undefined) return value
    const says = `gives ${values.length} results, and its result ${ref.index} is asked for, which is not supported`
    throw this.nodes.get(ref.node)?.refuse(says) ?? new InputError(`${this.world.file}: '${ref.node}' ${says}`)
  }

  /** Nodes that are not written yet, each behind those that it reads. */
  #order(target: string, reader: NodeDef | undefined): readonly string[] {
    const order: string[] = []
    const state = new Map<string, 'open' | 'done'>()
    const stack: { readonly name: string; readonly needs: readonly string[]; next: number }[] = []
    const enter = (name: string, by: NodeDef | undefined) => {
      if (state.get(name) === 'done' || this.known(name) !== undefined) return
      const node = this.nodes.get(name)
      if (node === undefined)
        throw (by ?? reader)?.refuse(`reads '${name}', which is not there; convert the model again`) ?? this.#missing(name)
      if (state.get(name) === 'open') throw node.refuse('reads its own result; such a graph cannot run, convert the model again')
      state.set(name, 'open')
      stack.push({ name, needs: this.#needs(node), next: 0 })
    }
    enter(target, undefined)
    while (stack.length > 0) {
      const top = stack.at(-1)!
      const need = top.needs[top.next++]
      if (need !== undefined) enter(need, this.nodes.get(top.name))
      else {
        stack.pop()
        state.set(top.name, 'done')
        order.push(top.name)
      }
    }
    return order
  }

  #missing(name: string): InputError {
    return new InputError(`${this.world.file} names the node '${name}', which is not in its graph; convert the model again`)
  }

  /** Special operators ask for what they need themselves. */
  #needs(node: NodeDef): readonly string[] {
    return this.world.specials.has(node.op) ? [] : node.inputs.map((input) => input.node)
  }

  #write(node: NodeDef): readonly Value[] {
    const special = this.world.specials.get(node.op)
    return this.builder.within(node.name, () => (special === undefined ? this.#operator(node) : special(node, this)))
  }

  #operator(node: NodeDef): readonly Value[] {
    const write = writerOf(node.op)
    if (write === undefined) throw node.refuse('has an operator that is not supported; compute what it does before the model')
    const call = new OperatorCall(
      node,
      this.builder,
      node.inputs.map((input) => this.value(input, node)),
      this.world.contents,
    )
    try {
      const written = (asked: OperatorCall): readonly Value[] => {
        const values = write(asked)
        return Array.isArray(values) ? (values as readonly Value[]) : [values as Value]
      }
      if (call.inputs.some(isComplex)) return writeComplex(call, written)
      return this.#settled(call, () => written(call))
    } catch (error) {
      // Sizes and axes of damaged files that do not fit one another show where they are used.
      if (error instanceof RangeError || error instanceof TypeError)
        throw node.refuse(`does not fit its inputs (${error.message}); convert the model again`)
      throw error
    }
  }

  /** Results that are known as numbers are constants; of others it is noted what is known. */
  #settled(call: OperatorCall, write: () => readonly Value[]): readonly Value[] {
    const known = evaluate(call)
    const constants = known?.map(constantOf)
    if (constants?.every((constant) => constant !== undefined))
      return constants.map((constant) => this.builder.constant(constant))
    const values = write()
    known?.forEach((one, k) => {
      const value = values[k]
      if (value !== undefined && value.constant === undefined && value.shape.length === one.shape.length)
        this.world.contents.note(value, one)
    })
    noteIncrement(call, values[0], this.world)
    return values
  }
}

function noteIncrement(call: OperatorCall, value: Value | undefined, { increments }: ModelScope): void {
  if (value === undefined || (call.node.op !== 'AddV2' && call.node.op !== 'Add')) return
  const [a, b] = call.inputs
  const isOne = (given: Value | undefined) => given?.constant !== undefined && call.contents.of(given)?.elements.join() === '1'
  if (a !== undefined && isOne(b)) increments.set(value, a)
  else if (b !== undefined && isOne(a)) increments.set(value, b)
}

/** Places of results that have names in functions; the first is 0 and not listed. */
const PLACES: Readonly<Record<string, number>> = {
  'TopK.indices': 1,
  'TopKV2.indices': 1,
  'Unique.idx': 1,
  'UniqueV2.idx': 1,
  'Switch.output_true': 1,
  'Merge.value_index': 1,
  'TensorListConcatV2.lengths': 1,
  'NonMaxSuppressionV4.valid_outputs': 1,
  'NonMaxSuppressionV5.selected_scores': 1,
  'NonMaxSuppressionV5.valid_outputs': 2,
}

function outputIndex({ index, argument }: TensorRef, node: NodeDef | undefined): number {
  if (argument === undefined || node === undefined) return index
  return index + (PLACES[`${node.op}.${argument}`] ?? 0)
}
