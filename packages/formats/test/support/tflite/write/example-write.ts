// Models written as TFLite in tests: small ONNX graphs, and the operators that they become.

import { type ModelParts, model, modelInMemory } from '@whyslow/graph/build.ts'
import { declaration } from '@whyslow/graph/view.ts'
import type { NodeProto, TensorProto, ValueInfoProto } from 'onnx-buf'
import { type LiteGraph, liteGraph, type WriteType } from '../../../../src/tflite/write/index.ts'

export interface ExampleParts {
  readonly nodes: readonly NodeProto[]
  readonly inputs: readonly ValueInfoProto[]
  readonly outputs: readonly ValueInfoProto[]
  /** Types of what lies between. */
  readonly values?: readonly ValueInfoProto[]
  readonly initializers?: readonly TensorProto[]
  readonly opset?: number
}

/** The graph with the types that it declares. */
export function written(parts: ExampleParts): LiteGraph {
  const { inputs, outputs, values = [] } = parts
  const types = new Map<string, WriteType>()
  for (const info of [...inputs, ...outputs, ...values]) {
    const { name, dtype, shape } = declaration(info)
    types.set(name, { dtype: dtype ?? undefined, shape: shape ?? undefined })
  }
  return liteGraph(modelInMemory(model(parts as ModelParts)), types)
}

export const codesOf = ({ operators }: LiteGraph): string[] => operators.map(({ code }) => code)
