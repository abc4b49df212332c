// Patterns of a model's graphs, looked for in their messages, and replaced.
import type { GraphProto, NodeProto } from 'onnx-buf'
import { type Constant, constantsIn, isOverridable, readBytes } from '../constants.ts'
import { copyWith } from '../copy.ts'
import { decodeNumbers } from '../decode.ts'
import {
  editGraph,
  freshNames,
  type GraphEdit,
  joinEdits,
  mapSubgraphs,
  withDomain,
  withFreeInitializers,
  withGraph,
} from '../edit.ts'
import type { Model } from '../model.ts'
import type { PatternGraph, Size } from '../patterns/pattern-graph.ts'
import { linksOf } from '../walk.ts'
import { type SymbolicTypes, symbolicTypes } from './symbolic-types.ts'

export { attributeOf, intsOf, numberOf } from '../attributes.ts'
export {
  isClosed,
  isNear,
  isOperator,
  otherOperand,
  type WithConstant,
  withConstant,
} from '../patterns/pattern-graph.ts'

/** The message of a graph as patterns are looked for in it. */
export interface Matching extends PatternGraph {
  readonly model: Model
  readonly graph: GraphProto
  constant(name: string | undefined): Constant | undefined
  /** The integers or truths that the value holds, for every input that the model takes; symbols where they are sizes of its own. */
  sizes(name: string | undefined): readonly Size[] | undefined
}

/** Largest constant that `numbers` turns into a list; larger ones are weights, read as bytes. */
const NUMBERS_LIMIT = 1 << 16

/** The graph, indexed; `outer` are the types and constants of the graphs around it. */
export function matchGraph(model: Model, graph: GraphProto, outer?: Matching & { readonly types: SymbolicTypes }) {
  const { producers, consumers } = linksOf(graph)
  const outputs = new Set(graph.output.map(({ name }) => name))
  const constants = new Map(constantsIn(graph).map((constant) => [constant.name, constant]))
  const types = symbolicTypes(model, graph, outer?.types)
  const constant = (name: string | undefined): Constant | undefined => {
    const own = constants.get(name ?? '')
    if (own !== undefined) return isOverridable(model, own) ? undefined : own
    return producers.has(name ?? '') || graph.input.some((input) => input.name === name) ? undefined : outer?.constant(name)
  }
  const numbers = (name: string | undefined): readonly number[] | undefined => {
    const found = constant(name)
    if (found === undefined || found.elementCount > NUMBERS_LIMIT || found.dtype === 'string') return undefined
    return decodeNumbers(readBytes(model, found), found.dtype, found.elementCount)
  }
  const matching: Matching & { readonly types: SymbolicTypes } = {
    model,
    graph,
    types,
    opset: Number(model.proto.opsetImport.find(({ domain }) => domain === '' || domain === 'ai.onnx')?.version ?? 1n),
    producer: (name) => producers.get(name ?? ''),
    readers: (name) => consumers.get(name) ?? [],
    isOutput: (name) => outputs.has(name),
    onlyReader: ({ output }) => {
      const readers = consumers.get(output[0] ?? '') ?? []
      return readers.length === 1 && !outputs.has(output[0]!) ? readers[0] : undefined
    },
    constant,
    numbers,
    scalar: (name) => {
      const found = constant(name)
      return found?.elementCount === 1 ? numbers(name)![0] : undefined
    },
    dtype: (name) => types.get(name ?? '')?.dtype,
    shape: (name) => types.get(name ?? '')?.shape,
    sizes: (name) => types.get(name ?? '')?.sizes,
  }
  return matching
}

/** Inputs without omitted ones at the end. */
export function trimInputs(inputs: readonly string[]): string[] {
  return inputs.slice(0, inputs.findLastIndex((one) => one !== '') + 1)
}

/** What one pattern found in one graph asks for. */
export interface Replacement extends GraphEdit {
  /** What is replaced, for the sentence that says so and for what it costs. */
  readonly parts: readonly NodeProto[]
}

/**
 * Every graph of the model (main graph, branches and bodies at any depth) rewritten: `find` gives replacements that do not overlap.
 * Undefined if none was found. `domains`: imported where something was replaced.
 */
export function rewriteGraphs<Found extends Replacement>(
  model: Model,
  find: (matching: Matching, fresh: (hint: string) => string) => readonly Found[],
  domains: Readonly<Record<string, number>> = {},
): { readonly model: Model; readonly replaced: readonly Found[] } | undefined {
  const main = model.proto.graph
  if (main === undefined) return undefined
  const fresh = freshNames(main)
  const replaced: Found[] = []
  const visit = (graph: GraphProto, outer?: ReturnType<typeof matchGraph>): GraphProto => {
    const matching = matchGraph(model, graph, outer)
    const found = find(matching, fresh)
    replaced.push(...found)
    const edited = found.length === 0 ? graph : editGraph(graph, joinEdits(found))
    const node = edited.node.map((one) => mapSubgraphs(one, (inner) => visit(inner, matching)))
    return node.every((one, index) => one === edited.node[index]) ? edited : copyWith(edited, { node })
  }
  const graph = visit(main)
  if (replaced.length === 0) return undefined
  const imported = Object.entries(domains).reduce((one, [domain, version]) => withDomain(one, domain, version), model)
  return { model: withFreeInitializers(withGraph(imported, graph)), replaced }
}
