// Of a model that cannot be compiled whole: a head or a tail of it that can, behind or before a value of rows × columns. What is prepared
// in front of a support vector machine, or scored behind a recurrent layer.

import { type Cut, type CutAt, cutModel, nodesBefore, nodesBehind } from '@whyslow/graph/cut.ts'
import type { Model } from '@whyslow/graph/model.ts'
import type { TensorType } from '@whyslow/graph/types.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { type Links, linksOf } from '@whyslow/graph/walk.ts'
import type { GraphProto, NodeProto } from 'onnx-buf'
import { layerScores, MOST_WEIGHTS, ofValues, toScores } from './answers.ts'
import { textsIn } from './categories.ts'
import { followSome } from './follow-all.ts'
import { compilableOf } from './index.ts'
import { compiledInput, startValues } from './inputs.ts'
import { constantsFor } from './nodes.ts'
import { type AskedInput, type CompilableModel, NotCompilable } from './source.ts'
import type { Value } from './values.ts'

/** An end that can be compiled. */
export interface End {
  readonly at: CutAt
  /** Nodes of the model that are not part of what stays. */
  readonly nodes: readonly NodeProto[]
}

export interface Ends {
  readonly head?: End
  readonly tail?: End
}

export interface CompiledEnds {
  readonly head?: CompilableModel
  /** What stays for the engine. */
  readonly rest: Model
  readonly tail?: CompilableModel
}

/** One operator is seldom worth a cut; of a tail it may be a whole forest. */
const LEAST_HEAD = 2
/** A longer tail is no small one. */
const MOST_TAIL = 64

/** The largest of each. `typeOf`: types of values as far as they are known. */
export function endsOf(model: Model, typeOf: (value: string) => Pick<TensorType, 'dtype' | 'shape'> | undefined): Ends {
  const graph = model.proto.graph!
  const links = linksOf(graph)
  const head = findHead(model, graph, links)
  const tail = findTail(model, graph, links, typeOf)
  return { ...(head && { head }), ...(tail && { tail }) }
}

/** Both ends, where something stays between them. */
export function cutAtBoth({ proto }: Model, { head, tail }: Ends): Cut | undefined {
  if (head === undefined || tail === undefined) return undefined
  const gone = new Set([...head.nodes, ...tail.nodes])
  const isApart = gone.size === head.nodes.length + tail.nodes.length && gone.size < proto.graph!.node.length
  return isApart && head.at.value !== tail.at.value ? { head: head.at, tail: tail.at } : undefined
}

/** Throws NotCompilable if an end cannot be compiled, and an Error if the model has no such value any more. */
export function compiledEnds(model: Model, cut: Cut): CompiledEnds {
  const { head, rest, tail } = cutModel(model, cut)
  return {
    ...(head && { head: compiledHead(head, cut.head!.value) }),
    rest,
    ...(tail && { tail: compiledWhole(tail) }),
  }
}

function compiledWhole(model: Model): CompilableModel {
  const found = compilableOf(model)
  if (!found.ok) throw new NotCompilable(found.reason)
  return found.compilable
}

/** The value as the head's one output. */
function compiledHead(model: Model, value: string): CompilableModel {
  const { inputs, texts, values } = followInputs(model)
  const scored = headOutput(values.get(value))
  if (scored === undefined) throw new NotCompilable(`${JSON.stringify(value)} is not a row of numbers`)
  return ofValues({ inputs, texts }, viewGraph(model).outputs, new Map([[value, scored]]))
}

function followInputs(model: Model) {
  const inputs = viewGraph(model).inputs.flatMap((one): AskedInput[] => {
    const asked = compiledInput(one)
    return typeof asked === 'string' ? [] : [asked]
  })
  const texts = textsIn(model.proto.graph!.node)
  return { inputs, texts, values: followSome(model, { start: startValues(inputs), texts }) }
}

/** What a head can pass on: rows × columns of float32. */
function headOutput(value: Value | undefined): Extract<Value, { kind: 'scored' }> | undefined {
  if (value === undefined || value.kind === 'label') return undefined
  if (value.kind === 'scored') return value
  if (value.holds !== undefined || value.apart) return undefined
  try {
    return value.layers.length === 0 ? layerScores(value) : toScores(value)
  } catch (error) {
    if (error instanceof NotCompilable) return undefined
    throw error
  }
}

function findHead(model: Model, graph: GraphProto, links: Links<NodeProto>): End | undefined {
  const { values } = followInputs(model)
  let best: End | undefined
  for (const [name, value] of values) {
    const maker = links.producers.get(name)
    const isLast = (links.consumers.get(name) ?? []).some((node) => !node.output.some((output) => values.has(output)))
    const output = maker !== undefined && maker.output.length === 1 && isLast ? headOutput(value) : undefined
    if (output === undefined) continue
    const nodes = [...nodesBefore(graph, name, links)]
    if (nodes.length >= Math.max(LEAST_HEAD, (best?.nodes.length ?? 0) + 1))
      best = { at: { value: name, columns: output.width }, nodes }
  }
  return best
}

function findTail(
  model: Model,
  graph: GraphProto,
  links: Links<NodeProto>,
  typeOf: Parameters<typeof endsOf>[1],
): End | undefined {
  const { count } = constantsFor(model)
  let best: End | undefined
  for (const { output } of graph.node.toReversed()) {
    for (const value of output) {
      const columns = columnsOf(typeOf(value))
      if (columns === undefined) continue
      const nodes = smallTail(graph, value, links, count)
      if (nodes === undefined || nodes.length <= (best?.nodes.length ?? 0)) continue
      const at = { value, columns }
      const { tail } = cutModel(model, { tail: at })
      if (compilableOf(tail!).ok) best = { at, nodes }
    }
  }
  return best
}

function columnsOf(type: ReturnType<Parameters<typeof endsOf>[1]>): number | undefined {
  const columns = type?.shape[1]
  return type?.dtype === 'float32' && type.shape.length === 2 && columns !== undefined && columns > 0 ? columns : undefined
}

/** What depends on the value, where that depends on nothing else and is small. */
function smallTail(
  graph: GraphProto,
  value: string,
  links: Links<NodeProto>,
  count: (constant: string) => number | undefined,
): NodeProto[] | undefined {
  const behind = nodesBehind(graph, value, links, MOST_TAIL)
  const made = new Set([value, ...[...behind].flatMap(({ output }) => output)])
  const nodes = [...behind].filter(({ output }) => output.some((name) => count(name) === undefined))
  if (nodes.length === 0 || nodes.length > MOST_TAIL) return undefined
  const constants = new Set(nodes.flatMap(({ input }) => input).filter((name) => name !== '' && count(name) !== undefined))
  const isAlone = nodes.every(({ input }) => input.every((name) => name === '' || made.has(name) || constants.has(name)))
  const weights = [...constants].reduce((sum, name) => sum + count(name)!, 0)
  return isAlone && weights <= MOST_WEIGHTS ? nodes : undefined
}
