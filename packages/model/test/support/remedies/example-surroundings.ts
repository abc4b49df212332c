// A model in random surroundings: what a rewrite looks for stays in it, and what lies around it changes. Further nodes read what is within
// the pattern, values within it become outputs, inputs and outputs are those of other nodes, nodes come in another order, the pattern stands
// there twice, weights become inputs with a default, the opset is a later one. The same seed gives the same model.

import { node, valueInfo } from '@whyslow/graph/build.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import { freshNames, withGraph } from '@whyslow/graph/edit.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { mulberry32 } from '@whyslow/graph/random.ts'
import type { TensorType } from '@whyslow/graph/types.ts'
import { readsOf, subgraphsOf } from '@whyslow/graph/walk.ts'
import type { Feeds } from '@whyslow/measure/engines/types.ts'
import type { GraphProto, NodeProto } from 'onnx-buf'

export interface Surrounded {
  readonly model: Model
  readonly feeds: readonly Feeds[]
}

interface Given extends Surrounded {
  /** As run, of every value that a node makes. */
  readonly types: ReadonlyMap<string, TensorType>
  /** Shapes of the model depend on its inputs': further outputs are declared without. */
  readonly isFree: boolean
}

type Change = (given: Given, random: () => number) => Given

/** Elementwise float operators that keep the scale of what they are given. */
const AROUND = ['Neg', 'Abs', 'Identity', 'Relu'] as const
/** The last opset that every engine under test reads. */
const LATEST_OPSET = 21

/** Some of the changes, one at least. */
export function surrounded(given: Given, seed: number): Surrounded {
  const random = mulberry32(seed * 7919)
  const chosen = CHANGES.filter(() => random() < 0.4)
  const all = chosen.length > 0 ? chosen : [CHANGES[Math.floor(random() * CHANGES.length)]!]
  return all.reduce((at, change) => change(at, random), given)
}

const graphOf = ({ model }: Surrounded): GraphProto => model.proto.graph!
const changed = (given: Given, changes: Partial<GraphProto>): Given => ({
  ...given,
  model: withGraph(given.model, copyWith(graphOf(given), changes)),
})
const oneOf = <T>(all: readonly T[], random: () => number): T | undefined => all[Math.floor(random() * all.length)]

/** Values that nodes of the main graph make and that are no outputs. */
function within(given: Given): string[] {
  const { node: nodes, output } = graphOf(given)
  const outputs = new Set(output.map(({ name }) => name))
  return nodes.flatMap((one) => one.output).filter((name) => name !== '' && !outputs.has(name) && given.types.has(name))
}

function declared(given: Given, name: string, like: string) {
  const { dtype, shape } = given.types.get(like)!
  return valueInfo(name, dtype, given.isFree ? undefined : shape)
}

const isFloat = (given: Given, name: string): boolean => given.types.get(name)?.dtype === 'float32'

const moreReaders: Change = (given, random) => {
  const value = oneOf(within(given), random)
  if (value === undefined) return given
  const name = freshNames(graphOf(given))('more')
  const opType = isFloat(given, value) ? oneOf(AROUND, random)! : 'Identity'
  const { node: nodes, output } = graphOf(given)
  return changed(given, { node: [...nodes, node(opType, [value], [name])], output: [...output, declared(given, name, value)] })
}

const moreOutputs: Change = (given, random) => {
  const value = oneOf(within(given), random)
  return value === undefined ? given : changed(given, { output: [...graphOf(given).output, declared(given, value, value)] })
}

/** Every node that reads the input reads another's output. */
const nodeBefore: Change = (given, random) => {
  const { input, node: nodes, initializer } = graphOf(given)
  const weights = new Set(initializer.map(({ name }) => name))
  const one = oneOf(
    input.filter(({ name }) => !weights.has(name) && given.feeds[0]![name]?.dtype === 'float32'),
    random,
  )
  if (one === undefined) return given
  const name = freshNames(graphOf(given))('given')
  const renamed = ({ [one.name]: value, ...rest }: Feeds): Feeds => ({ ...rest, [name]: value! })
  const before = node(oneOf(AROUND, random)!, [name], [one.name])
  return {
    ...changed(given, {
      input: input.map((other) => (other === one ? copyWith(one, { name }) : other)),
      node: [before, ...nodes],
    }),
    feeds: given.feeds.map(renamed),
  }
}

/** An output is read, too. */
const nodeBehind: Change = (given, random) => {
  const { output, node: nodes } = graphOf(given)
  const one = oneOf(
    output.filter(({ name }) => isFloat(given, name)),
    random,
  )
  if (one === undefined) return given
  const name = freshNames(graphOf(given))('last')
  const isKept = random() < 0.5
  const behind = node(oneOf(AROUND, random)!, [one.name], [name])
  const last = copyWith(one, { name })
  return changed(given, {
    node: [...nodes, behind],
    output: isKept ? [...output, last] : output.map((other) => (other === one ? last : other)),
  })
}

/** The pattern twice, on the same inputs and weights. Not where a subgraph captures what would have another name. */
const twice: Change = (given) => {
  const { node: nodes, output } = graphOf(given)
  if (nodes.some((one) => subgraphsOf(one).length > 0)) return given
  const made = new Set(nodes.flatMap((one) => one.output).filter((name) => name !== ''))
  const named = new Map([...made].map((name) => [name, `twin_${name}`]))
  const other = (names: readonly string[]) => names.map((name) => named.get(name) ?? name)
  const copies = nodes.map((one) =>
    copyWith(one, {
      input: other(one.input),
      output: other(one.output),
      ...(one.name === '' ? {} : { name: `twin_${one.name}` }),
    }),
  )
  const outputs = output.filter(({ name }) => made.has(name)).map((one) => copyWith(one, { name: named.get(one.name)! }))
  const types = new Map([...given.types, ...[...named].flatMap(([name, copy]) => typeAs(given, name, copy))])
  return { ...changed(given, { node: [...nodes, ...copies], output: [...output, ...outputs] }), types }
}

const typeAs = ({ types }: Given, name: string, copy: string): [string, TensorType][] => {
  const type = types.get(name)
  return type === undefined ? [] : [[copy, type]]
}

/** Any order in which each node comes after those that it reads. */
const otherOrder: Change = (given, random) => {
  const left = [...graphOf(given).node]
  const makers = new Map(left.flatMap((one) => one.output.map((name): [string, NodeProto] => [name, one])))
  const placed = new Set<NodeProto>()
  const order: NodeProto[] = []
  while (left.length > 0) {
    const ready = left.filter((one) =>
      readsOf(one).every((name) => makers.get(name) === undefined || placed.has(makers.get(name)!)),
    )
    const next = oneOf(ready, random)
    if (next === undefined) return given
    placed.add(next)
    order.push(next)
    left.splice(left.indexOf(next), 1)
  }
  return changed(given, { node: order })
}

/** A caller may give it, and does: half of what it was. */
const weightAsInput: Change = (given, random) => {
  const { initializer, input } = graphOf(given)
  const taken = new Set(input.map(({ name }) => name))
  const one = oneOf(
    initializer.filter(
      ({ name, dataType, rawData }) => !taken.has(name) && dataType === 1 && rawData !== undefined && rawData.length > 0,
    ),
    random,
  )
  if (one === undefined || random() < 0.6) return given
  const shape = one.dims.map(Number)
  const values = new Float32Array(Uint8Array.from(one.rawData!).buffer).map((value) => value / 2)
  const fed = { dtype: 'float32' as const, shape, data: values }
  return {
    ...changed(given, { input: [...input, valueInfo(one.name, 'float32', shape)] }),
    feeds: given.feeds.map((feeds) => ({ ...feeds, [one.name]: fed })),
  }
}

const laterOpset: Change = (given, random) => {
  const { model } = given
  const opsetImport = model.proto.opsetImport.map((one) => {
    const version = Number(one.version)
    if (one.domain !== '' || version >= LATEST_OPSET) return one
    return copyWith(one, { version: BigInt(version + 1 + Math.floor(random() * (LATEST_OPSET - version))) })
  })
  return { ...given, model: { ...model, proto: copyWith(model.proto, { opsetImport }) } }
}

const CHANGES: readonly Change[] = [
  twice,
  moreReaders,
  moreOutputs,
  nodeBefore,
  nodeBehind,
  otherOrder,
  weightAsInput,
  laterOpset,
]
