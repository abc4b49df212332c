// The view of a graph that an engine ran as patterns are looked for in it.
import type { NodeProto } from 'onnx-buf'
import { node } from '../build.ts'
import { isFloat } from '../dtype.ts'
import { neighboursOf } from '../neighbours.ts'
import type { GraphView, NodeView, TensorType } from '../types.ts'
import type { PatternGraph } from './pattern-graph.ts'

export interface ViewedGraph extends PatternGraph {
  readonly nodes: readonly NodeProto[]
  viewOf(node: NodeProto): NodeView
}

/** `types`: of values, as they were at run time; `outer`: the graph around this one. Engines take operators as of any opset. */
export function viewedGraph(graph: GraphView, types: ReadonlyMap<string, TensorType>, outer?: PatternGraph): ViewedGraph {
  const { producer, readers, onlyReader, isGraphOutput } = neighboursOf(graph)
  const views = new Map(graph.nodes.map((one) => [messageOf(one), one]))
  const messages = new Map([...views].map(([message, one]) => [one, message]))
  const messageFor = (one: NodeView | undefined) => (one === undefined ? undefined : messages.get(one))
  const constant = (name: string | undefined) => {
    const own = graph.constants[name ?? '']
    if (own !== undefined) return own.isGraphInput ? undefined : asFloat32(own)
    return producer(name) === undefined ? outer?.constant(name) : undefined
  }
  const numbers = (name: string | undefined) => graph.constants[name ?? '']?.values ?? (constant(name) && outer?.numbers(name))
  const typeOf = (name: string | undefined) => {
    const type = types.get(name ?? '')
    return type === undefined ? constant(name) : asFloat32(type)
  }
  return {
    nodes: [...views.keys()],
    viewOf: (message) => views.get(message)!,
    opset: Number.POSITIVE_INFINITY,
    producer: (name) => messageFor(producer(name)),
    readers: (name) => readers(name).flatMap((one) => messageFor(one) ?? []),
    isOutput: isGraphOutput,
    onlyReader: (message) => messageFor(onlyReader(views.get(message))),
    constant,
    numbers,
    scalar: (name) => {
      const values = numbers(name)
      return values?.length === 1 ? values[0] : undefined
    },
    dtype: (name) => typeOf(name)?.dtype,
    shape: (name) => typeOf(name)?.shape,
  }
}

/** A pattern in pieces is one in halves, too: the remedies alone are of float32. */
const asFloat32 = ({ dtype, shape }: TensorType): TensorType => ({ dtype: isFloat(dtype) ? 'float32' : dtype, shape })

function messageOf({ opType, domain, name, inputs, outputs, attributes }: NodeView): NodeProto {
  const plain = Object.entries(attributes).flatMap(([key, value]): [string, number | string | number[]][] => {
    if (typeof value === 'number' || typeof value === 'string') return [[key, value]]
    return Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'number') ? [[key, [...value]]] : []
  })
  return node({ opType, domain, name }, inputs, outputs, Object.fromEntries(plain))
}
