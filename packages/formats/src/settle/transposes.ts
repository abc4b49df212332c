// Transposes are held back: each value that one would make is remembered as what it is turned from and how, nodes that compute the same
// in any order of axes read the original and hand the turn on, and a Transpose is written only where a node insists. Two that undo
// each other are never written, and what several nodes insist on is written once.

import { intsOf } from '@whyslow/graph/attributes.ts'
import { node as makeNode } from '@whyslow/graph/build.ts'
import { int64s } from '@whyslow/graph/builder/constant-data.ts'
import { compose, inverse, isIdentity, type Permutation, samePermutation } from '@whyslow/graph/builder/permutation.ts'
import { uniqueName } from '@whyslow/graph/builder/unique-name.ts'
import { capturedBy, subgraphsOf } from '@whyslow/graph/walk.ts'
import type { NodeProto } from 'onnx-buf'
import { transposableInputs } from './turnable.ts'
import type { Workbench } from './workbench.ts'

/** A value as a turn of another that stands in the graph. */
interface HeldBack {
  readonly source: string
  readonly turn: Permutation
  /** The Transpose that it comes of, for its layer. */
  readonly by: NodeProto
}

/** The nodes with the fewest Transposes that this finds, in an order that can be run. */
export function holdTransposes(bench: Workbench): NodeProto[] {
  const sweep = new Sweep(bench)
  for (const node of bench.nodes) sweep.take(node)
  for (const output of bench.outputs) sweep.insist(output)
  return sweep.written
}

class Sweep {
  readonly written: NodeProto[] = []
  readonly #bench: Workbench
  readonly #held = new Map<string, HeldBack>()
  /** Transposes that were written: the name of `source` turned. */
  readonly #names = new Map<string, string>()

  readonly #nodeNames: Map<string, number>

  constructor(bench: Workbench) {
    this.#bench = bench
    this.#nodeNames = new Map(bench.nodes.filter(({ opType }) => opType !== 'Transpose').map(({ name }) => [name, 1]))
  }

  take(node: NodeProto): void {
    if (node.opType === 'Transpose' && node.domain === '') this.#hold(node)
    else if (!this.#passOn(node)) this.#write(node)
  }

  /** `value` under its own name, whoever reads it. */
  insist(value: string): void {
    const held = this.#held.get(value)
    if (held === undefined) return
    this.#held.delete(value)
    const { source, turn, by } = held
    const same = isIdentity(turn) ? source : this.#names.get(keyOf(source, turn))
    const made =
      same !== undefined
        ? makeNode({ opType: 'Identity', name: this.#nodeName(by, 'Identity') }, [same], [value])
        : this.#turning(by, value, { source, turn })
    this.written.push(this.#bench.madeLike(by, made))
    if (same === undefined) this.#names.set(keyOf(source, turn), value)
  }

  /** A Transpose; a Reshape, which moves nothing, where axes of size 1 alone change their places. */
  #turning(by: NodeProto, value: string, { source, turn }: Pick<HeldBack, 'source' | 'turn'>): NodeProto {
    const shape = this.#bench.typeOf(source)?.shape
    const wide = turn.filter((axis) => shape?.[axis] !== 1)
    const sizes = turn.map((axis) => shape?.[axis])
    const moves = shape === undefined || wide.some((axis, k) => k > 0 && axis < wide[k - 1]!)
    if (moves || sizes.filter((size) => typeof size !== 'number').length > 1)
      return makeNode({ opType: 'Transpose', name: this.#nodeName(by, 'Transpose') }, [source], [value], { perm: turn })
    const wanted = int64s(sizes.map((size) => (typeof size === 'number' ? size : -1)))
    const constant = this.#bench.addConstant(`${value}/shape`, wanted)
    return makeNode({ opType: 'Reshape', name: this.#nodeName(by, 'Reshape') }, [source, constant], [value])
  }

  /** A Transpose keeps its name; what takes the place of one, or stands behind another node, is called after it. */
  #nodeName(by: NodeProto, opType: string): string {
    return uniqueName(by.opType === opType ? by.name : `${by.name}/${opType}`, this.#nodeNames)
  }

  #hold(node: NodeProto): void {
    const [input = '', output = ''] = [node.input[0], node.output[0]]
    const rank = this.#bench.typeOf(input)?.shape.length ?? 0
    const own = intsOf(node, 'perm') ?? Array.from({ length: rank }, (_, k) => rank - 1 - k)
    const before = this.#held.get(input)
    const source = before?.source ?? input
    const turn = before === undefined ? own : compose(before.turn, own)
    this.#held.set(output, { source, turn, by: node })
  }

  /** True where the node could be written on what its inputs are turned from. */
  #passOn(node: NodeProto): boolean {
    const held = node.input.map((name) => this.#held.get(name))
    const turn = held.find((one) => one !== undefined && !isIdentity(one.turn))?.turn
    if (turn === undefined || subgraphsOf(node).length > 0) return false
    const sources = node.input.map((name, k) => this.#sourceFor(name, held[k], turn))
    const isTurned = sources.map((source) => source !== undefined)
    if (!held.every((one, k) => one === undefined || isTurned[k] || isIdentity(one.turn))) return false
    const plain = node.input.map((name, k) => sources[k] ?? this.#named(name))
    const turned = transposableInputs({ node, bench: this.#bench, turn, sources: plain, isTurned })
    if (turned === undefined) return false
    const output = node.output.map((name, k) => this.#renamed(node, name, turned.outputs[k]!))
    this.written.push(this.#bench.changed(node, { ...turned.changes, output }))
    return true
  }

  /** What the input is a turn of, by this very turn: held back, or because its opposite stands in the graph already. */
  #sourceFor(name: string, held: HeldBack | undefined, turn: Permutation): string | undefined {
    if (held !== undefined) return samePermutation(held.turn, turn) ? held.source : undefined
    return name === '' ? undefined : this.#names.get(keyOf(name, inverse(turn)))
  }

  /** Remembers the output as a turn of a new value, whose name this is. */
  #renamed(node: NodeProto, name: string, turn: Permutation): string {
    if (name === '' || isIdentity(turn)) return name
    const type = this.#bench.typeOf(name)
    const source = this.#bench.freshName(`${name}/turned`)
    if (type !== undefined) this.#bench.setType(source, { ...type, shape: inverse(turn).map((axis) => type.shape[axis]!) })
    this.#held.set(name, { source, turn, by: node })
    return source
  }

  #write(node: NodeProto): void {
    for (const { graph } of subgraphsOf(node)) for (const name of capturedBy(graph)) this.insist(name)
    const input = node.input.map((name) => this.#named(name))
    this.written.push(input.every((name, k) => name === node.input[k]) ? node : this.#bench.changed(node, { input }))
  }

  /** The name by which it can be read now. */
  #named(name: string): string {
    const held = this.#held.get(name)
    if (held === undefined) return name
    if (isIdentity(held.turn)) return held.source
    const key = keyOf(held.source, held.turn)
    const known = this.#names.get(key)
    if (known !== undefined) return known
    this.insist(name)
    return name
  }
}

const keyOf = (source: string, turn: Permutation): string => `${turn.join()} ${source}`
