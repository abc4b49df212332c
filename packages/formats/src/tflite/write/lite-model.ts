// A model as a TFLite graph: the writer is told the types of values that follow from the model alone.

import { copyWith } from '@whyslow/graph/copy.ts'
import { countsByName } from '@whyslow/graph/counts-by-name.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { type SymbolicTypes, symbolicTypes } from '@whyslow/graph/rewrite/symbolic-types.ts'
import { subgraphsOf } from '@whyslow/graph/walk.ts'
import type { GraphProto } from 'onnx-buf'
import { type LiteGraph, liteGraph, type Target, type WriteType } from './index.ts'

/** Throws InputError, one line that names the node, if the runtime it is for (TFLite by default) cannot hold the model. */
export function liteGraphOf(model: Model, target?: Target): LiteGraph {
  const graph = model.proto.graph
  if (graph === undefined) return liteGraph(model, new Map(), target)
  // Initializers that are listed as inputs (IR before 4) are constants here, as they are for who runs the file.
  const constants = new Set(graph.initializer.map(({ name }) => name))
  const input = graph.input.filter(({ name }) => !constants.has(name))
  const whole: Model = { ...model, proto: copyWith(model.proto, { graph: copyWith(graph, { input }) }) }
  const types = new Map<string, WriteType>()
  for (const [name, { dtype, shape, sizes }] of typesWithin(whole, whole.proto.graph!)) {
    const numbers = sizes?.every((size) => typeof size === 'number') ? sizes : undefined
    types.set(name, { dtype, shape, numbers })
  }
  return liteGraph(whole, types, target)
}

/** Types of all values, including those of graphs in nodes: no two values of a model share a name. */
function typesWithin(model: Model, graph: GraphProto, outer?: SymbolicTypes): SymbolicTypes {
  const own = symbolicTypes(model, graph, outer)
  const inner = graph.node.flatMap((node) => subgraphsOf(node).flatMap((one) => [...typesWithin(model, one.graph, own)]))
  return new Map([...inner, ...own])
}

/** How many there are of each operator, by name. */
export const liteOperators = ({ operators }: LiteGraph): Record<string, number> => countsByName(operators.map(({ code }) => code))
