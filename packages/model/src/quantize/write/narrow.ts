// A model in floats of fewer bits: weights and the values between operators, with inputs and outputs of the model as they were. Operators that
// engines have in the wider type alone, or that lose too much, stay there, between casts.

import { attribute, node as makeNode, rawTensor } from '@whyslow/graph/build.ts'
import { type Constant, constantsIn, isConstantNode } from '@whyslow/graph/constants.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import { dataTypeOf } from '@whyslow/graph/dtype.ts'
import { editGraph, freshNames, readOther, withGraph } from '@whyslow/graph/edit.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { isOperator, type Matching, matchGraph, numberOf } from '@whyslow/graph/rewrite/match.ts'
import type { DType } from '@whyslow/graph/types.ts'
import { readsOf } from '@whyslow/graph/walk.ts'
import type { GraphProto, NodeProto, TensorProto } from 'onnx-buf'
import type { ValueTypes } from './choice.ts'

/** The floats before and after. */
export interface NarrowOptions {
  readonly from: DType
  readonly to: DType
  /** A model that computes in one of these is left unchanged. */
  readonly already: readonly DType[]
  /** Whether the operator stays in the wider type. */
  readonly isBlocked: (node: NodeProto) => boolean
  /** Inputs that have the wider type whatever the others have, by operator. */
  readonly wideInputs: Readonly<Record<string, readonly number[]>>
  /** The constant's numbers, and how many of them were beyond the narrow type and clamped to its ends. */
  readonly encode: (
    matching: Matching,
    constant: Constant,
  ) => { readonly bytes: Uint8Array<ArrayBuffer>; readonly clamped: number }
}

export interface NarrowResult {
  readonly model: Model
  /** Nodes that work in the narrow type. */
  readonly converted: number
  /** Operator types that stay in the wider one, each once. */
  readonly blocked: readonly string[]
  /** Numbers of the weights that were clamped. */
  readonly clamped: number
}

/**
 * The model in the narrow type. A reason if it cannot be: the type of a value is not known (`types`, as run, help), it computes in such floats
 * already, or nothing is left to convert.
 */
export function inNarrower(model: Model, narrowing: NarrowOptions, types: ValueTypes = new Map()): NarrowResult | string {
  const { from: wideType, to: narrowType, already, isBlocked, wideInputs } = narrowing
  const { graph } = model.proto
  if (graph === undefined) return 'it holds no graph'
  const matching = matchGraph(model, graph)
  const dtypeOf = (name: string) => types.get(name)?.dtype ?? matching.types.get(name)?.dtype
  const nodes = graph.node.filter((node) => !isConstantNode(node))
  const unknown = nodes.flatMap(({ output }) => output).find((name) => name !== '' && dtypeOf(name) === undefined)
  if (unknown !== undefined) return `the type of '${unknown}' is unknown`
  const narrowed = nodes.flatMap(({ output }) => output).find((name) => (already as readonly unknown[]).includes(dtypeOf(name)))
  if (narrowed !== undefined) return `'${narrowed}' is ${dtypeOf(narrowed)} already`
  const isFloat = (name: string) => name !== '' && dtypeOf(name) === wideType
  const converted = nodes.filter((node) => !isBlocked(node) && [...node.input, ...node.output].some(isFloat))
  // Casts at the ends stay whatever is between them.
  if (converted.every((node) => isOperator(node, 'Cast'))) return `no operator of it works on ${wideType}`

  const fresh = freshNames(graph)
  const constants = narrowConstants(matching, graph, narrowing, fresh)
  const added: NodeProto[] = []
  const wide = new Map<string, string>()
  const given = new Set(graph.input.map(({ name }) => name))
  const outputs = new Set(graph.output.map(({ name }) => name))
  const cast = (from: string, to: string, dtype: DType) =>
    added.push(makeNode({ opType: 'Cast', name: fresh(`${to}_cast`) }, [from], [to], { to: dataTypeOf(dtype) }))
  const narrow = new Map<string, string>()
  /** The name under which nodes in the narrow type read a value. */
  const slim = (name: string): string => {
    const constant = constants.narrow(name)
    if (constant !== undefined) return constant
    // Inputs and outputs of the model keep their type under their own names.
    if (!given.has(name) && !outputs.has(name)) return name
    if (!narrow.has(name)) {
      narrow.set(name, fresh(`${name}_${narrowType}`))
      if (given.has(name)) cast(name, narrow.get(name)!, narrowType)
    }
    return narrow.get(name)!
  }
  /** The name under which nodes in the wider type read a value. */
  const full = (name: string): string => {
    if (constants.has(name) || given.has(name) || outputs.has(name)) return name
    if (!wide.has(name)) {
      wide.set(name, fresh(`${name}_${wideType}`))
      cast(slim(name), wide.get(name)!, wideType)
    }
    return wide.get(name)!
  }
  for (const node of nodes) {
    const floats = readsOf(node).filter(isFloat)
    if (isBlocked(node)) {
      const read = readOther(node, new Map(floats.map((name) => [name, full(name)])))
      // What it makes is wanted in the narrow type by the others.
      const output = node.output.map((name) => (isFloat(name) && !outputs.has(name) ? fresh(`${name}_made`) : name))
      output.forEach((name, index) => {
        const original = node.output[index]!
        if (name !== original) cast(name, original, narrowType)
        else if (isFloat(original)) cast(original, slim(original), narrowType)
      })
      added.push(copyWith(read, { output }))
      continue
    }
    const keeps = wideInputs[node.opType] ?? []
    const input = node.input.map((name, index) => (isFloat(name) ? (keeps.includes(index) ? full(name) : slim(name)) : name))
    const output = node.output.map((name) => (isFloat(name) ? slim(name) : name))
    node.output.forEach((name) => {
      if (isFloat(name) && outputs.has(name)) cast(slim(name), name, wideType)
    })
    added.push(retyped(copyWith(node, { input, output }), narrowing))
  }
  const valueInfo = graph.valueInfo.filter(({ name }) => !isFloat(name))
  const edited = editGraph(copyWith(graph, { valueInfo }), {
    remove: new Set(nodes),
    add: added,
    addInitializers: constants.tensors,
  })
  const blocked = [...new Set(nodes.filter((node) => isBlocked(node) && readsOf(node).some(isFloat)).map(({ opType }) => opType))]
  return { model: withGraph(model, edited), converted: converted.length, blocked, clamped: constants.clamped() }
}

/** A Cast to the wider type gives the narrow one from now on. */
function retyped(node: NodeProto, { from, to }: NarrowOptions): NodeProto {
  if (!isOperator(node, 'Cast') || numberOf(node, 'to', 0) !== dataTypeOf(from)) return node
  const others = node.attribute.filter(({ name }) => name !== 'to')
  return copyWith(node, { attribute: [...others, attribute('to', dataTypeOf(to))] })
}

interface NarrowConstants {
  has(name: string): boolean
  /** The name of the constant in the narrow type, made the first time that it is requested; undefined for what is no such constant. */
  narrow(name: string): string | undefined
  readonly tensors: readonly TensorProto[]
  clamped(): number
}

/** Constants of the wider type. What the caller may override is none: it is an input, and cast at each prediction. */
function narrowConstants(
  matching: Matching,
  graph: GraphProto,
  { from, to, encode }: NarrowOptions,
  fresh: (hint: string) => string,
): NarrowConstants {
  const constants = new Map(
    constantsIn(graph)
      .filter(({ dtype, isGraphInput }) => dtype === from && !isGraphInput)
      .map((one) => [one.name, one]),
  )
  const names = new Map<string, string>()
  const tensors: TensorProto[] = []
  let lost = 0
  return {
    tensors,
    has: (name) => constants.has(name),
    clamped: () => lost,
    narrow: (name) => {
      const constant = constants.get(name)
      if (constant === undefined) return undefined
      const known = names.get(name)
      if (known !== undefined) return known
      const { bytes, clamped } = encode(matching, constant)
      const converted = fresh(`${name}_${to}`)
      tensors.push(rawTensor(converted, to, constant.shape, bytes))
      lost += clamped
      names.set(name, converted)
      return converted
    },
  }
}
