// A graph followed from some of its values, node by node.

import type { Model } from '@whyslow/graph/model.ts'
import { topologicalOrder } from '@whyslow/graph/topology.ts'
import type { NodeProto } from 'onnx-buf'
import { type ChainContext, follow } from './chain.ts'
import { constantsFor } from './nodes.ts'
import { NotCompilable } from './source.ts'
import type { Value } from './values.ts'

export interface FollowStart {
  readonly start: ReadonlyMap<string, Value>
  /** See CompilableModel. */
  readonly texts: readonly string[]
}

/** What becomes of the values that it starts from. Throws NotCompilable at a node that cannot be followed. */
export function followAll(model: Model, from: FollowStart): ReadonlyMap<string, Value> {
  const { nodes, values, step } = walk(model, from)
  for (const node of nodes) step(node)
  return values
}

/** The same as far as it goes: what cannot be followed is left out, with all that depends on it. */
export function followSome(model: Model, from: FollowStart): ReadonlyMap<string, Value> {
  const { nodes, values, constants, step } = walk(model, from)
  for (const node of nodes) {
    const isKnown = node.input.every((name) => name === '' || values.has(name) || constants.count(name) !== undefined)
    if (!isKnown) continue
    try {
      step(node)
    } catch (error) {
      if (!(error instanceof NotCompilable)) throw error
    }
  }
  return values
}

function walk(model: Model, { start, texts }: FollowStart) {
  const order = topologicalOrder(model.proto.graph!)
  if (order.cyclic) throw new NotCompilable('its nodes are in a circle')
  const constants = constantsFor(model)
  const places = new Map(texts.map((text, place) => [text, place]))
  const values = new Map<string, Value>(start)
  const known: ChainContext = { values, constants: constants.numbers, placeOf: (text) => places.get(text) ?? -1 }
  const step = (node: NodeProto): void => {
    // No engine in Node returns what is not a tensor either.
    if (node.opType === 'Constant' || node.opType === 'ZipMap') return
    const results = follow(node, known)
    node.output.forEach((name, k) => {
      if (name === '') return
      if (results[k] === undefined) throw new NotCompilable(`its ${node.opType} has more outputs than are known here`)
      values.set(name, results[k])
    })
  }
  return { nodes: order.nodes, values, constants, step }
}
