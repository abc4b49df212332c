// Looking for patterns in a graph: who makes and who reads a value, what it is, and which constants may be relied on. A pattern may
// be replaced where it is closed: nobody else reads what it makes on the way.
import type { GraphProto, NodeProto } from 'onnx-buf'
import { attributeView } from '../graph/attributes.ts'
import { type Constant, constantsIn, readBytes } from '../graph/constants.ts'
import { copyWith } from '../graph/copy.ts'
import { decodeNumbers } from '../graph/decode.ts'
import { editGraph, freshNames, type GraphEdit, withDomain, withGraph } from '../graph/edit.ts'
import type { Model } from '../graph/model.ts'
import type { AttributeView, DType } from '../graph/types.ts'
import { linksOf, subgraphsOf } from '../graph/walk.ts'
import type { Size } from './sizes.ts'
import { type SymbolicTypes, symbolicTypes } from './symbolic-types.ts'

/** A graph as patterns are looked for in it. */
export interface Matching {
  readonly model: Model
  readonly graph: GraphProto
  /** Version of ai.onnx that the model imports. */
  readonly opset: number
  producer(name: string | undefined): NodeProto | undefined
  /** Nodes of this graph that read the value, themselves or in their subgraphs, each once. */
  readers(name: string): readonly NodeProto[]
  isOutput(name: string): boolean
  /** The one node that reads the node's first output, where nobody else does and it is no graph output. */
  onlyReader(node: NodeProto): NodeProto | undefined
  /** A constant of this graph or one around it that no caller can override. */
  constant(name: string | undefined): Constant | undefined
  /** Its numbers; undefined where the value is no such constant, or not of numbers. */
  numbers(name: string | undefined): readonly number[] | undefined
  /** The number of a constant of one element, whatever its rank. */
  scalar(name: string | undefined): number | undefined
  dtype(name: string | undefined): DType | undefined
  shape(name: string | undefined): readonly Size[] | undefined
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
    if (own !== undefined) return own.isGraphInput ? undefined : own
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

/** True for a node of ai.onnx of one of these types; 'com.microsoft:Gelu' names another domain. */
export function isOperator(node: NodeProto, ...opTypes: readonly string[]): boolean
export function isOperator(node: NodeProto | undefined, ...opTypes: readonly string[]): node is NodeProto
export function isOperator(node: NodeProto | undefined, ...opTypes: readonly string[]): boolean {
  if (node === undefined) return false
  const domain = node.domain === 'ai.onnx' ? '' : node.domain
  return opTypes.includes(domain === '' ? node.opType : `${domain}:${node.opType}`)
}

/** An attribute's plain value; undefined where the node does not give it. */
export function attributeOf(node: NodeProto, name: string): AttributeView | undefined {
  const found = node.attribute.find((one) => one.name === name)
  return found === undefined ? undefined : attributeView(found)
}

/** A number among the attributes, or its default. */
export function numberOf(node: NodeProto, name: string, otherwise: number): number {
  const value = attributeOf(node, name)
  return typeof value === 'number' ? value : otherwise
}

/** Integers among the attributes; undefined where the node does not give them. */
export function intsOf(node: NodeProto, name: string): readonly number[] | undefined {
  const value = attributeOf(node, name)
  return Array.isArray(value) && value.every((one) => typeof one === 'number') ? value : undefined
}

/** Nobody outside `parts` reads what they make, other than the values in `results`; of those, graph outputs may be. */
export function isClosed({ readers, isOutput }: Matching, parts: ReadonlySet<NodeProto>, results: readonly string[]): boolean {
  return [...parts].every(({ output }) =>
    output.every((name) => {
      if (name === '' || results.includes(name)) return true
      return !isOutput(name) && readers(name).every((reader) => parts.has(reader))
    }),
  )
}

/** Inputs without omitted ones at the end. */
export function trimmed(inputs: readonly string[]): string[] {
  return inputs.slice(0, inputs.findLastIndex((one) => one !== '') + 1)
}

/** The other of a node's two operands; undefined where the node has not two, or both are `name`. */
export function otherOperand({ input }: NodeProto, name: string): string | undefined {
  if (input.length !== 2) return undefined
  if (input[0] === name) return input[1] === name ? undefined : input[1]
  return input[1] === name ? input[0] : undefined
}

/** A product or sum with a constant: `value` is the other operand. */
export interface WithConstant {
  readonly node: NodeProto
  readonly value: string
  readonly constant: string
}

/** The node as `value op constant`; for Add and Mul in either order, for Sub and Div with the constant second. */
export function withConstant({ constant }: Matching, node: NodeProto | undefined, ...opTypes: readonly string[]) {
  if (!isOperator(node, ...opTypes) || node.input.length !== 2) return undefined
  const [a, b] = [node.input[0]!, node.input[1]!]
  if (constant(b) !== undefined && constant(a) === undefined) return { node, value: a, constant: b }
  if (constant(a) !== undefined && constant(b) === undefined && (node.opType === 'Add' || node.opType === 'Mul')) {
    return { node, value: b, constant: a }
  }
  return undefined
}

/** Equal but for how a constant was written: float32 holds 7 digits, exporters print 6 to 9 of them. */
export function isNear(value: number | undefined, expected: number, tolerance = 2e-6): boolean {
  return value !== undefined && Math.abs(value - expected) <= tolerance * Math.abs(expected)
}

/** What one pattern found in one graph asks for. */
export interface Replacement extends GraphEdit {
  /** What is replaced, for the sentence that says so and for what it costs. */
  readonly parts: readonly NodeProto[]
}

/**
 * Every graph of the model (main graph, branches and bodies at any depth) rewritten: `find` gives replacements that do not overlap.
 * Undefined where none was found. `domains`: imported where something was replaced.
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
    const node = edited.node.map((one) => visitSubgraphs(one, (inner) => visit(inner, matching)))
    return node.every((one, index) => one === edited.node[index]) ? edited : copyWith(edited, { node })
  }
  const graph = visit(main)
  if (replaced.length === 0) return undefined
  const imported = Object.entries(domains).reduce((one, [domain, version]) => withDomain(one, domain, version), model)
  return { model: withGraph(imported, graph), replaced }
}

function visitSubgraphs(node: NodeProto, visit: (graph: GraphProto) => GraphProto): NodeProto {
  if (subgraphsOf(node).length === 0) return node
  const attribute = node.attribute.map((one) => {
    const [g, graphs] = [one.g && visit(one.g), one.graphs.map(visit)]
    return g === one.g && graphs.every((graph, index) => graph === one.graphs[index]) ? one : copyWith(one, { g, graphs })
  })
  return attribute.every((one, index) => one === node.attribute[index]) ? node : copyWith(node, { attribute })
}

function joinEdits(edits: readonly GraphEdit[]): GraphEdit {
  return {
    remove: new Set(edits.flatMap(({ remove }) => [...(remove ?? [])])),
    add: edits.flatMap(({ add }) => add ?? []),
    addInitializers: edits.flatMap(({ addInitializers }) => addInitializers ?? []),
    read: new Map(edits.flatMap(({ read }) => [...(read ?? [])])),
  }
}
