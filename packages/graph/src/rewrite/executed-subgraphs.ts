// A model with what runs inside its subgraphs lifted into the main graph, so that parts of it can be taken out as from anywhere else:
// the branch of an If that ran in place of the If, and the first round of the body of a Loop or Scan next to it. Values that these graphs
// capture are the same ones there. It predicts what the model predicts while the same branches are taken.
// https://onnx.ai/onnx/operators/onnx__If.html, https://onnx.ai/onnx/operators/onnx__Loop.html, https://onnx.ai/onnx/operators/onnx__Scan.html
import type { AttributeProto, GraphProto, NodeProto, TensorProto } from 'onnx-buf'
import { int64Tensor, node as nodeOf, rawTensor } from '../build.ts'
import { isConstantNode } from '../constants.ts'
import { copyWith } from '../copy.ts'
import { freshNames, readOther, withGraph } from '../edit.ts'
import type { Model } from '../model.ts'
import type { InnerOrigin } from '../types.ts'
import { nodeName } from '../view.ts'
import { definedIn, subgraphsOf } from '../walk.ts'
import { isOperator } from './match.ts'

type Path = InnerOrigin['path']

export interface LiftedModel {
  readonly model: Model
  /** The lifted twins of the user's nodes, by `placeKey`; those of the main graph by their names and first outputs too. */
  readonly nodes: ReadonlyMap<string, NodeProto>
  /** What values of lifted graphs were called there, where that is another name. */
  readonly called: ReadonlyMap<string, string>
}

const keyOf = (path: Path): string => JSON.stringify(path.map(({ node, attribute }) => [node, attribute]))

/** One name for a node in one of the user's graphs. */
export const placeKey = (path: Path, name: string): string => (path.length === 0 ? name : JSON.stringify([keyOf(path), name]))

/** Names that a graph sees otherwise than it calls them. */
type Names = ReadonlyMap<string, string>

/** A graph of the user's, and what the values that it sees are called in the main graph. */
interface Place {
  readonly graph: GraphProto
  readonly path: Path
  readonly names: Names
}

/** What was lifted so far. */
interface Lifting {
  readonly nodes: NodeProto[]
  readonly initializers: TensorProto[]
  readonly twins: Map<string, NodeProto>
  readonly called: Map<string, string>
  /** Names of the main graph, and those that lifted graphs have taken: those of branches side by side may be the same. */
  readonly taken: Set<string>
  readonly fresh: (hint: string) => string
  readonly ran: (path: Path) => boolean
}

/** `paths`: of the subgraphs in which nodes ran. An If of which several branches ran stays unchanged, and so do bodies of other operators. */
export function withExecutedSubgraphs(model: Model, paths: readonly Path[]): LiftedModel {
  const graph = model.proto.graph!
  // If a graph ran, so did those around it.
  const ran = new Set(paths.flatMap((path) => path.map((_, depth) => keyOf(path.slice(0, depth + 1)))))
  const lifting: Lifting = {
    ...{ nodes: [], initializers: [], twins: new Map(), called: new Map(), taken: definedIn(graph), fresh: freshNames(graph) },
    ran: (path) => ran.has(keyOf(path)),
  }
  addNodes(lifting, { graph, path: [], names: new Map() })
  const { nodes, initializers, twins, called } = lifting
  const main = copyWith(graph, { node: nodes, initializer: [...graph.initializer, ...initializers] })
  return { model: ran.size === 0 ? model : withGraph(model, main), nodes: twins, called }
}

function addNodes(lifting: Lifting, { graph, path, names }: Place): void {
  for (const [index, node] of graph.node.entries()) {
    const name = nodeName(node, index)
    const twin = path.length === 0 ? node : renamed(node, names)
    const inner = subgraphsOf(node)
      .map((one): Place => ({ graph: one.graph, path: [...path, { node: name, attribute: one.attribute }], names }))
      .filter((one) => lifting.ran(one.path))
    const [only] = inner.length === 1 ? inner : []
    if (only && isOperator(node, 'If')) {
      addBranch(lifting, only, twin)
      continue
    }
    if (only && isOperator(node, 'Loop', 'Scan')) addFirstRound(lifting, only, twin)
    lifting.nodes.push(twin)
    if (isConstantNode(node)) continue
    for (const known of [node.output.find((one) => one !== ''), node.name])
      if (known) lifting.twins.set(placeKey(path, known), twin)
  }
}

function addBranch(lifting: Lifting, { graph, path, names: outer }: Place, holder: NodeProto): void {
  const names = namesIn(lifting, graph, outer)
  addNodes(lifting, { graph, path, names })
  for (const [k, { name }] of graph.output.entries())
    if (holder.output[k]) lifting.nodes.push(nodeOf('Identity', [names.get(name) ?? name], [holder.output[k]!]))
}

function addFirstRound(lifting: Lifting, { graph, path, names: outer }: Place, holder: NodeProto): void {
  const names = namesIn(lifting, graph, outer)
  for (const [k, { name }] of graph.input.entries()) {
    const given = isOperator(holder, 'Loop') ? inLoop(lifting, holder, k) : inScan(lifting, holder, k)
    if (given === undefined) continue
    lifting.nodes.push(copyWith(given, { output: [names.get(name)!] }))
  }
  addNodes(lifting, { graph, path, names })
  // What the body gives is read by someone.
  for (const { name } of graph.output) lifting.nodes.push(nodeOf('Identity', [names.get(name) ?? name], [lifting.fresh('given')]))
}

/** What a body's input holds in the first round: the round's number, whether to go on, then what is carried along. */
function inLoop(lifting: Lifting, { input }: NodeProto, k: number): NodeProto | undefined {
  if (k === 0) return nodeOf('Identity', [constant(lifting, int64Tensor(lifting.fresh('round'), [], [0]))], [])
  if (k === 1)
    return nodeOf('Identity', [constant(lifting, rawTensor(lifting.fresh('goes_on'), 'bool', [], Uint8Array.of(1)))], [])
  return input[k] ? nodeOf('Identity', [input[k]!], []) : undefined
}

/** States first, then slices. */
function inScan(lifting: Lifting, holder: NodeProto, k: number): NodeProto | undefined {
  const given = holder.input[k]
  const slices = Number(holder.attribute.find(({ name }) => name === 'num_scan_inputs')?.i ?? 0n)
  const states = holder.input.length - slices
  if (!given || k < states) return given ? nodeOf('Identity', [given], []) : undefined
  const axis = Number(axesOf(holder)?.ints[k - states] ?? 0n)
  return nodeOf('Gather', [given, constant(lifting, int64Tensor(lifting.fresh('first_slice'), [], [0]))], [], { axis })
}

function constant({ initializers }: Lifting, tensor: TensorProto): string {
  initializers.push(tensor)
  return tensor.name
}

/** A lifted graph's own values keep their names where no other graph has taken them. */
function namesIn({ taken, called, fresh, initializers }: Lifting, graph: GraphProto, outer: Names): Names {
  const names = new Map(outer)
  for (const name of definedIn(graph)) {
    const own = taken.has(name) ? fresh(name) : name
    names.set(name, own)
    taken.add(own)
    if (own !== name) called.set(own, name)
  }
  for (const tensor of graph.initializer) initializers.push(copyWith(tensor, { name: names.get(tensor.name)! }))
  return names
}

const axesOf = ({ attribute }: NodeProto): AttributeProto | undefined => attribute.find(({ name }) => name === 'scan_input_axes')

function renamed(node: NodeProto, names: Names): NodeProto {
  const read = new Map([...names].filter(([from, to]) => from !== to))
  const twin = read.size === 0 ? node : readOther(node, read)
  return copyWith(twin, { output: node.output.map((name) => names.get(name) ?? name) })
}
