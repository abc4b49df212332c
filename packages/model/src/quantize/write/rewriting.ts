// A graph on its way to fewer bits: what goes, what comes, and what several layers share (a quantizer of the same value, the weights
// of two layers that are one constant).

import { type Constant, readBytes } from '@whyslow/graph/constants.ts'
import { editGraph, freshNames, withGraph } from '@whyslow/graph/edit.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { isOperator, type Matching, matchGraph } from '@whyslow/graph/rewrite/match.ts'
import type { SymbolicType } from '@whyslow/graph/rewrite/symbolic-rule.ts'
import type { NodeProto, TensorProto } from 'onnx-buf'
import type { Precision, QuantizeChoice, ValueTypes } from './choice.ts'

export interface QuantizeRewrite {
  readonly matching: Matching
  readonly choice: QuantizeChoice
  /** As run if that was given, else as far as it follows from the model. */
  typeOf(name: string): SymbolicType
  /** A name that nothing has yet. */
  fresh(hint: string): string
  add(...nodes: readonly NodeProto[]): void
  remove(...nodes: readonly NodeProto[]): void
  /** Adds the tensor and returns its name. */
  initializer(tensor: TensorProto): string
  /** What `make` gives the first time that it is asked for under this key. */
  once<T>(key: string, make: () => T): T
  /** The model with all that was asked. */
  finish(): Model
}

/** What became of one layer: how well its weights are kept, or why it stays unchanged. */
export type LayerOutcome = { readonly precision: Precision; readonly weightSqnrDb: number | null } | string

export function startRewriting(model: Model, choice: QuantizeChoice, types: ValueTypes): QuantizeRewrite {
  const graph = model.proto.graph!
  const matching = matchGraph(model, graph)
  const [added, removed, initializers] = [[] as NodeProto[], new Set<NodeProto>(), [] as TensorProto[]]
  const kept = new Map<string, unknown>()
  return {
    matching,
    choice,
    typeOf: (name) => ({ ...matching.types.get(name), ...types.get(name) }),
    fresh: freshNames(graph),
    add: (...nodes) => added.push(...nodes),
    remove: (...nodes) => {
      for (const node of nodes) removed.add(node)
    },
    initializer: (tensor) => {
      initializers.push(tensor)
      return tensor.name
    },
    once: <T>(key: string, make: () => T): T => {
      if (!kept.has(key)) kept.set(key, make())
      return kept.get(key) as T
    },
    finish: () => withGraph(model, editGraph(graph, { remove: removed, add: added, addInitializers: initializers })),
  }
}

/** The numbers of a float32 constant: a view into the file's bytes where they lie right for it. Do not write to it. */
export function readFloats({ model }: Matching, constant: Constant): Float32Array {
  const bytes = readBytes(model, constant)
  if (bytes.byteOffset % 4 === 0) return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4)
  return new Float32Array(bytes.slice().buffer)
}

/** A constant of float32 that no caller can override. */
export function floatConstant(matching: Matching, name: string | undefined): Constant | undefined {
  const found = matching.constant(name)
  return found?.dtype === 'float32' ? found : undefined
}

/** Relu or Clip behind the node, if nobody else reads what it gives. */
export function activationBehind(matching: Matching, node: NodeProto): NodeProto | undefined {
  const next = matching.onlyReader(node)
  return isOperator(next, 'Relu', 'Clip') && next.input[0] === node.output[0] ? next : undefined
}
