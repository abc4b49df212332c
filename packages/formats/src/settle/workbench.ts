// The graph while it is settled: nodes in an order that can be run, types of all values, constants by name, new names and constants.

import { type AttributeValue, attribute } from '@whyslow/graph/build.ts'
import { type ConstantData, tensorOf } from '@whyslow/graph/builder/constant-data.ts'
import type { BuiltGraph } from '@whyslow/graph/builder/graph-builder.ts'
import { uniqueName } from '@whyslow/graph/builder/unique-name.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import { dtypeOf } from '@whyslow/graph/dtype.ts'
import type { Dimension, DType } from '@whyslow/graph/types.ts'
import { definedIn, readsOf } from '@whyslow/graph/walk.ts'
import type { NodeProto, TensorProto } from 'onnx-buf'

export interface SettledType {
  readonly dtype: DType
  readonly shape: readonly Dimension[]
}

export interface Workbench {
  /** Nodes in an order that can be run. */
  readonly nodes: readonly NodeProto[]
  readonly outputs: ReadonlySet<string>
  typeOf(value: string): SettledType | undefined
  /** The constant of an initializer that is not a graph input. */
  constantOf(value: string): ConstantData | undefined
  /** One node of the graph as it was written reads it, and no other constant is in the same memory (a file's bytes, mostly). */
  isOnlyHere(constant: string): boolean
  /** A new initializer; its name. */
  addConstant(wish: string, data: ConstantData): string
  setType(value: string, type: SettledType): void
  /** A name that nothing has. */
  freshName(wish: string): string
  /** The node with other inputs, outputs or attributes, from the same layer as the first. */
  changed(node: NodeProto, changes: NodeChanges): NodeProto
  /** A new node, from the layer of `like`. */
  madeLike(like: NodeProto, node: NodeProto): NodeProto
  /** How many nodes read it, or outputs are it; a subgraph's reads count. */
  uses(nodes: readonly NodeProto[]): ReadonlyMap<string, number>
}

export interface NodeChanges {
  readonly input?: readonly string[]
  readonly output?: readonly string[]
  /** Set in place of those of the same name. */
  readonly attributes?: Readonly<Record<string, AttributeValue>>
}

export interface Bench extends Workbench {
  readonly added: readonly TensorProto[]
  readonly types: ReadonlyMap<string, SettledType>
  readonly origins: Map<NodeProto, string>
}

export function workbench({ proto, constants, origins: given }: BuiltGraph): Bench {
  const graph = proto.graph!
  const origins = new Map(given)
  const added: TensorProto[] = []
  const contents = new Map(constants)
  const types = new Map<string, SettledType>()
  for (const { name, type } of [...graph.input, ...graph.valueInfo, ...graph.output]) {
    if (type?.value.case !== 'tensorType') continue
    const shape = type.value.value.shape?.dim.map(({ value }) =>
      value.case === 'dimValue' ? Number(value.value) : (value.value ?? null),
    )
    const dtype = dtypeOf(type.value.value.elemType)
    if (shape !== undefined && dtype !== undefined) types.set(name, { dtype, shape })
  }
  for (const [name, { dtype, shape }] of constants) types.set(name, { dtype, shape })
  const names = new Map([...definedIn(graph)].map((name) => [name, 1]))
  const reads = countsOf(graph.node.flatMap(readsOf))
  const memory = countsOf([...constants.values()].map(({ data }) => (ArrayBuffer.isView(data) ? data.buffer : data)))
  const bench: Bench = {
    nodes: graph.node,
    outputs: new Set(graph.output.map(({ name }) => name)),
    added,
    types,
    origins,
    typeOf: (value) => types.get(value),
    constantOf: (value) => contents.get(value),
    isOnlyHere(constant) {
      const data = constants.get(constant)?.data
      return ArrayBuffer.isView(data) && reads.get(constant) === 1 && memory.get(data.buffer) === 1 && isWhole(data)
    },
    addConstant(wish, data) {
      const name = bench.freshName(wish)
      added.push(tensorOf(name, data))
      contents.set(name, data)
      types.set(name, data)
      return name
    },
    setType: (value, type) => types.set(value, type),
    freshName: (wish) => uniqueName(wish, names),
    changed(node, { input = node.input, output = node.output, attributes = {} }) {
      const kept = node.attribute.filter(({ name }) => !Object.hasOwn(attributes, name))
      const set = Object.entries(attributes).map(([name, value]) => attribute(name, value))
      return bench.madeLike(node, copyWith(node, { input: [...input], output: [...output], attribute: [...kept, ...set] }))
    },
    madeLike(like, node) {
      origins.set(node, origins.get(like) ?? '')
      return node
    },
    uses: (nodes) => countsOf([...nodes.flatMap(readsOf), ...bench.outputs]),
  }
  return bench
}

/** A view into a larger piece may be one of a file's, which others still read. */
const isWhole = (data: ArrayBufferView): boolean => data.byteLength === data.buffer.byteLength

function countsOf<Item>(items: readonly Item[]): Map<Item, number> {
  const counts = new Map<Item, number>()
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1)
  return counts
}
