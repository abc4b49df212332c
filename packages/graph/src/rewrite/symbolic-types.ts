// Types of a graph's values as far as they follow from the model alone, for every size that it takes: dtypes, and shapes whose
// dimensions are numbers or symbols. Shape arithmetic (Shape, Gather, Concat, Reshape) is followed, since exporters write it out.
import type { GraphProto, NodeProto } from 'onnx-buf'
import { attributeOf } from '../attributes.ts'
import { constantsIn, isOverridable, readBytes } from '../constants.ts'
import { decodeNumbers } from '../decode.ts'
import { isInteger } from '../dtype.ts'
import type { Model } from '../model.ts'
import { declaration } from '../view.ts'
import { symbolSize } from './sizes.ts'
import { SIZES_LIMIT, type SymbolicType } from './symbolic-rule.ts'
import { RULES } from './symbolic-rules.ts'

export type SymbolicTypes = ReadonlyMap<string, SymbolicType>

/** Types of every value of the graph; `outer` holds those of the graphs around it. Nodes must be in order. */
export function symbolicTypes(model: Model, graph: GraphProto, outer: SymbolicTypes = new Map()): SymbolicTypes {
  const types = new Map(outer)
  const declared = new Map(graph.valueInfo.concat(graph.output).map((info) => [info.name, declaredType(info)]))
  for (const input of graph.input) types.set(input.name, declaredType(input))
  for (const constant of constantsIn(graph)) {
    const { name, dtype, shape, elementCount } = constant
    const followed = elementCount <= SIZES_LIMIT && shape.length < 2 && !isOverridable(model, constant) && dtype !== 'string'
    const numbers = followed ? decodeNumbers(readBytes(model, constant), dtype, elementCount) : undefined
    types.set(name, { dtype, shape, ...(isInteger(dtype) || dtype === 'bool' ? { sizes: numbers } : { factors: numbers }) })
  }
  const opset = Number(model.proto.opsetImport.find(({ domain }) => domain === '' || domain === 'ai.onnx')?.version ?? 1n)
  for (const node of graph.node) {
    if (node.opType === 'Constant') continue
    const inferred = infer(node, (name) => types.get(name) ?? {}, opset)
    node.output.forEach((name, index) => {
      const said = declared.get(name)
      const { dtype = said?.dtype, shape = said?.shape, sizes, rows } = inferred[index] ?? {}
      types.set(name, { dtype, shape, sizes, ...(rows && { rows }) })
    })
  }
  return types
}

function declaredType(info: Parameters<typeof declaration>[0]): SymbolicType {
  const { name, dtype, shape } = declaration(info)
  const sizes = shape?.map((size, axis) => (typeof size === 'number' ? size : symbolSize(size ?? `${name}@${axis}`)))
  return { dtype: dtype ?? undefined, shape: sizes }
}

function infer(node: NodeProto, typeOf: (name: string) => SymbolicType, opset: number): readonly SymbolicType[] {
  const rule = RULES.get(node.domain === '' || node.domain === 'ai.onnx' ? node.opType : `${node.domain}:${node.opType}`)
  if (rule === undefined) return []
  return rule({
    node,
    opset,
    input: (index) => typeOf(node.input[index] ?? ''),
    attribute: (name) => attributeOf(node, name),
    unknown: (axis, output = 0) => symbolSize(`${node.output[output]}@${axis}`),
  })
}
