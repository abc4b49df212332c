// What makes a model unusable for any engine, found before an engine is asked: the rules of the ONNX IR that a damaged or
// badly made file breaks. https://github.com/onnx/onnx/blob/main/docs/IR.md (SSA, order of nodes, names)
import type { ModelProto } from 'onnx-buf'
import { tensorProblem } from './tensor-data.ts'
import { topologicalOrder } from './topology.ts'
import { nodeName } from './view.ts'
import { definedIn, holdersOf, inputNames, type NodeHolder, outputNames, subgraphsOf, tensorsIn } from './walk.ts'

export interface Problem {
  readonly code:
    | 'no-graph'
    | 'no-ir-version'
    | 'no-opset'
    | 'no-operator'
    | 'tensor'
    | 'duplicate-value'
    | 'duplicate-function'
    | 'undefined-value'
    | 'cycle'
  /** One line: what is wrong, where, what to do. */
  readonly message: string
}

/** Everything found, the most basic first; empty if the model can be given to an engine. Reads no external data. */
export function problemsOf(proto: ModelProto): Problem[] {
  if (proto.graph === undefined) return [problem('no-graph', 'The file holds no graph; it is not an ONNX model, or not whole')]
  if (proto.irVersion < 1n) return [problem('no-ir-version', 'The file names no IR version; it is not an ONNX model, or damaged')]
  if (proto.opsetImport.length === 0) {
    return [problem('no-opset', 'The model names no operator set (opset); the file is not whole, or must be exported again')]
  }
  return [
    ...holdersOf(proto).flatMap((holder) => [...operatorProblems(holder), ...tensorProblems(holder), ...duplicates(holder)]),
    ...duplicateFunctions(proto),
    ...undefinedValues(proto.graph, [], 'the graph'),
    ...proto.functions.flatMap((body) => undefinedValues(body, [], `function '${body.name}'`)),
    ...holdersOf(proto).flatMap(cycle),
  ]
}

function problem(code: Problem['code'], message: string): Problem {
  return { code, message }
}

function operatorProblems(holder: NodeHolder): Problem[] {
  const index = holder.node.findIndex(({ opType }) => opType === '')
  if (index < 0) return []
  const where = nodeName(holder.node[index]!, index)
  return [problem('no-operator', `Node '${where}' (${index}) names no operator; the file is damaged`)]
}

function tensorProblems(holder: NodeHolder): Problem[] {
  return tensorsIn(holder).flatMap(({ tensor, name }) => {
    const message = tensorProblem(tensor, name)
    return message === undefined ? [] : [problem('tensor', message)]
  })
}

/** A value has one maker (static single assignment): an input that is no initializer, or one output of one node. */
function duplicates(holder: NodeHolder): Problem[] {
  const makers = new Map<string, number>()
  const found: Problem[] = []
  const title = (index: number) => {
    return index < 0 ? 'an input' : `node '${nodeName(holder.node[index]!, index)}' (${holder.node[index]!.opType})`
  }
  const make = (name: string, maker: number) => {
    const other = makers.get(name)
    makers.set(name, maker)
    if (other === undefined) return
    const message = `Value '${name}' is made twice, by ${title(other)} and by ${title(maker)}; give each its own name`
    found.push(problem('duplicate-value', message))
  }
  for (const name of inputNames(holder)) make(name, -1)
  holder.node.forEach((node, index) => {
    for (const name of node.output) if (name !== '') make(name, index)
  })
  return found
}

function duplicateFunctions(proto: ModelProto): Problem[] {
  const seen = new Set<string>()
  return proto.functions.flatMap(({ domain, name, overload }) => {
    const key = JSON.stringify([domain, name, overload])
    if (seen.has(key))
      return [problem('duplicate-function', `Function '${domain}.${name}' is defined twice; export the model again`)]
    seen.add(key)
    return []
  })
}

/** `outer`: the names of the graphs around this one, the nearest last. */
function undefinedValues(holder: NodeHolder, outer: readonly ReadonlySet<string>[], place: string): Problem[] {
  const scopes = [...outer, definedIn(holder)]
  const isMissing = (name: string) => name !== '' && !scopes.some((scope) => scope.has(name))
  const found: Problem[] = []
  holder.node.forEach((node, index) => {
    const missing = node.input.find(isMissing)
    const where = () => `node '${nodeName(node, index)}' (${node.opType})`
    if (missing !== undefined) {
      const message = `Value '${missing}', an input of ${where()}, is made nowhere in ${place}; export the model again`
      found.push(problem('undefined-value', message))
    }
    for (const { attribute, graph } of subgraphsOf(node)) {
      for (const one of undefinedValues(graph, scopes, `'${attribute}' of ${where()}`)) found.push(one)
    }
  })
  const output = outputNames(holder).find(isMissing)
  if (output !== undefined) {
    found.push(problem('undefined-value', `Output '${output}' of ${place} is made by no node; export the model again`))
  }
  return found
}

function cycle(holder: NodeHolder): Problem[] {
  const order = topologicalOrder(holder)
  if (!order.cyclic) return []
  const shown = order.cycle.slice(0, 4).map((node) => `'${nodeName(node, holder.node.indexOf(node))}' (${node.opType})`)
  const more = order.cycle.length > shown.length ? ` and ${order.cycle.length - shown.length} more` : ''
  const ring =
    order.cycle.length === 1
      ? `Node ${shown[0]} reads its own output`
      : `Nodes read one another in a ring: ${shown.join(', ')}${more}`
  return [problem('cycle', `${ring}; such a graph cannot run, export the model again`)]
}
