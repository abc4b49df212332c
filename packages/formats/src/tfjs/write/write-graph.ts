// The channels-last graph as a GraphDef: each operator's nodes, functions for what loops run, and a signature.
import { InputError } from '@whyslow/graph/input-error.ts'
import type { LiteGraph, LiteOperator, LiteTensor } from '../../tflite/write/index.ts'
import { inputTypeName, shapeAttribute, shapeJson, typeName, VARIANT } from './attributes.ts'
import { type FunctionJson, ModelParts, type NodeJson, Nodes, type Ref, type Weight } from './graph-writer.ts'
import { constantOf, type FunctionWriter, type ListVariable, OperatorCall, resultType } from './operator-call.ts'
import { OPERATORS, writeRowToList } from './operators/index.ts'

interface SignaturePort {
  readonly name: string
  readonly dtype: string
  readonly tensorShape: ReturnType<typeof shapeJson>
}

export interface WrittenGraph {
  readonly nodes: readonly NodeJson[]
  readonly functions: readonly FunctionJson[]
  readonly weights: readonly Weight[]
  readonly signature: {
    readonly inputs: Readonly<Record<string, SignaturePort>>
    readonly outputs: Readonly<Record<string, SignaturePort>>
  }
}

/** Throws InputError, one line that names the node, where TensorFlow.js lacks an operator or a type. */
export function writeGraph(graph: LiteGraph, file: string): WrittenGraph {
  const parts = new ModelParts(file)
  const nodes = new Nodes(parts)
  const values = new Map<LiteTensor, Ref>()
  const inputs = graph.inputs.map(({ name, tensor }): [string, SignaturePort] => {
    const dtype = inputTypeName(tensor.dtype)
    if (dtype === undefined)
      throw new InputError(`${file}: the input '${name}' cannot be written as TensorFlow.js: it has no ${tensor.dtype}`)
    const node = nodes.placeholder(name, { dtype: { type: dtype }, shape: shapeAttribute(tensor.shape) })
    values.set(tensor, node)
    return [name, { name: `${node}:0`, dtype, tensorShape: shapeJson(tensor.shape) }]
  })
  writeOperators(graph, { nodes, values })
  const ends: Ref[] = []
  // An output has a node of its own, since TensorFlow.js knows one name for each node.
  const outputs = graph.outputs.map(({ name, tensor }): [string, SignaturePort] => {
    const node = nodes.op('Identity', 'Identity', { inputs: [refOf(nodes, values, tensor)] })
    ends.push(node)
    const dtype = typeName(tensor.dtype)
    if (dtype === undefined)
      throw new InputError(`${file}: the output '${name}' cannot be written as TensorFlow.js: it has no ${tensor.dtype}`)
    return [name, { name: `${node}:0`, dtype, tensorShape: shapeJson(tensor.shape) }]
  })
  const kept = nodes.reached(ends)
  const functions = functionsIn(kept, parts.functions)
  const read = new Set([...kept, ...functions.flatMap(({ nodeDef }) => nodeDef)].map(({ name }) => name))
  return {
    nodes: kept,
    functions,
    weights: parts.weights.filter(({ name }) => read.has(name)),
    signature: { inputs: Object.fromEntries(inputs), outputs: Object.fromEntries(outputs) },
  }
}

/** Functions that these nodes call, at any depth. */
function functionsIn(nodes: readonly NodeJson[], all: readonly FunctionJson[]): FunctionJson[] {
  const called = new Set(
    nodes.flatMap(({ attr }) => Object.values(attr).flatMap((one) => ('func' in one ? [one.func.name] : []))),
  )
  const own = all.filter(({ signature }) => called.has(signature.name))
  return [...own, ...own.flatMap(({ nodeDef }) => functionsIn(nodeDef, all))]
}

interface Place {
  readonly nodes: Nodes
  readonly values: Map<LiteTensor, Ref>
  /** Operators that put a row in a list, the round that they do it in, and what they put. */
  readonly puts?: ReadonlyMap<LiteOperator, ListVariable>
  readonly time?: Ref
  readonly elements?: Map<LiteOperator, Ref>
}

function writeOperators(graph: LiteGraph, place: Place): void {
  const { nodes, values } = place
  for (const operator of graph.operators) {
    const call = new OperatorCall({ nodes, operator, values, writeFunction: functionWriter(nodes.parts) })
    for (const output of operator.outputs) resultType(call, output)
    const results = resultsOf(call, place)
    operator.outputs.forEach((output, k) => {
      values.set(output, results[k]!)
    })
  }
}

function resultsOf(call: OperatorCall, { puts, time, elements }: Place): readonly Ref[] {
  const { operator } = call
  const put = puts?.get(operator)
  if (put !== undefined) {
    const { list, element } = writeRowToList(call, put, time!)
    elements!.set(operator, element)
    return [list]
  }
  const write = OPERATORS[operator.code]
  const made = write === undefined ? call.refuse(`no operator of TensorFlow.js does ${operator.code}`) : write(call)
  return typeof made === 'string' ? [made] : made
}

function refOf(nodes: Nodes, values: ReadonlyMap<LiteTensor, Ref>, tensor: LiteTensor): Ref {
  const constant = constantOf(tensor)
  if (constant !== undefined) return nodes.constant(constant, tensor.name)
  const made = values.get(tensor)
  if (made === undefined) throw new RangeError(`nothing makes '${tensor.name}'`)
  return made
}

const functionWriter =
  (parts: ModelParts): FunctionWriter =>
  (graph, wish, lists) => {
    const nodes = new Nodes(parts)
    const values = new Map<LiteTensor, Ref>()
    const typeAt = (tensor: LiteTensor, k: number) => (lists[k] === undefined ? typeName(tensor.dtype)! : VARIANT)
    const name = parts.unique(wish)
    const inputArg = graph.inputs.map(({ tensor }, k) => {
      const argument = parts.unique(`${name}/arg`)
      values.set(tensor, argument)
      return { name: argument, type: typeAt(tensor, k) }
    })
    const rows = lists.flatMap((list, k) => (list === undefined ? [] : [{ list, tensor: graph.inputs[k]!.tensor }]))
    for (const { tensor } of rows) inputArg.push({ name: parts.unique(`${name}/arg`), type: typeName(tensor.dtype)! })
    const puts = new Map(rows.map(({ list }) => [list.writer, list] as const))
    const elements = new Map<LiteOperator, Ref>()
    writeOperators(graph, { nodes, values, puts, time: inputArg[0]!.name, elements })
    // TensorFlow.js knows one result of each node that a function gives. Elements of lists must leave as they are, not as copies.
    const ends = [
      ...graph.outputs.map(({ tensor }) => nodes.op('Identity', `${name}/Identity`, { inputs: [refOf(nodes, values, tensor)] })),
      ...rows.flatMap(({ list }) => elements.get(list.writer) ?? []),
    ]
    const outputArg = ends.map((_, k) => {
      const tensor = graph.outputs[k]?.tensor
      return {
        name: `output_${k}`,
        type: tensor === undefined ? typeName(rows[k - graph.outputs.length]!.tensor.dtype)! : typeAt(tensor, k),
      }
    })
    parts.functions.push({
      signature: { name, inputArg, outputArg },
      nodeDef: nodes.reached(ends),
      ret: Object.fromEntries(outputArg.map((argument, k) => [argument.name, `${ends[k]}:output:0`])),
    })
    return name
  }
