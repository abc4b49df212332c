// Graphs whose nodes stand in branches of an If, as in optimum's merged decoders (decoder_model_merged.onnx): one branch for the first call, one for
// those after it, chosen by use_cache_branch.
import type { GraphView, NodeView } from '@whyslow/graph/types.ts'

/** A graph and all graphs within it. */
export const withInner = (graph: GraphView): GraphView[] => [
  graph,
  ...graph.nodes.flatMap(({ subgraphs }) => Object.values(subgraphs).flatMap(withInner)),
]

const isBranched = ({ opType }: Pick<NodeView, 'opType'>): boolean => opType === 'If'

/** The values of its branches that a value given by an If may be, by its name. */
export function branchValues(graph: GraphView): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const node of withInner(graph).flatMap(({ nodes }) => nodes.filter(isBranched)))
    node.outputs.forEach((output, at) => {
      const inner = Object.values(node.subgraphs).flatMap(({ outputs }) => outputs[at]?.name ?? [])
      // A branch may call its value as the If does.
      found.set(
        output,
        inner.filter((name) => name !== output),
      )
    })
  return found
}

/** Whether products run in a branch of which the profile has no node. */
export function hidesBranches(
  graph: GraphView,
  profiled: readonly { readonly parent: string | null; readonly runsPerPrediction: number }[],
): boolean {
  const ran = new Set(
    profiled.flatMap(({ parent, runsPerPrediction }) => (runsPerPrediction > 0 && parent !== null ? [parent] : [])),
  )
  return graph.nodes.some((node) => isBranched(node) && !ran.has(node.name) && Object.values(node.subgraphs).some(hasProducts))
}

const hasProducts = (graph: GraphView): boolean =>
  withInner(graph).some(({ nodes }) => nodes.some(({ opType }) => /MatMul|Gemm/.test(opType)))

/**
 * One graph as a call with a filled cache runs it: an If by the nodes of the branch that decode takes. What an If gives is its branch's value under another
 * name. `past`: inputs that carry the cache.
 */
export function withCacheBranch(graph: GraphView, past: ReadonlySet<string>): GraphView {
  if (!graph.nodes.some(isBranched)) return graph
  const constants = { ...graph.constants }
  const makers = new Map(graph.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)))
  const nodes = graph.nodes.flatMap((node) => {
    const taken = isBranched(node) ? decodeBranch(node, past, makers) : undefined
    if (taken === undefined) return [node]
    const inner = withCacheBranch(taken, past)
    Object.assign(constants, inner.constants)
    return [...inner.nodes, ...node.outputs.flatMap((output, at) => renamed(inner.outputs[at]?.name, output))]
  })
  return { ...graph, nodes, constants }
}

/** The branch that reads more of the cache; if both read as much, the one that a true use_cache_branch takes: exporters name no side. */
function decodeBranch(
  { subgraphs: { then_branch: then, else_branch: other }, inputs }: NodeView,
  past: ReadonlySet<string>,
  makers: ReadonlyMap<string, NodeView>,
): GraphView | undefined {
  if (then === undefined || other === undefined) return then ?? other
  const reads = (branch: GraphView): number =>
    new Set(withInner(branch).flatMap(({ nodes }) => nodes.flatMap((node) => node.inputs.filter((name) => past.has(name))))).size
  const [byThen, byOther] = [reads(then), reads(other)]
  if (byThen !== byOther) return byThen > byOther ? then : other
  return isNegated(inputs[0], makers) ? other : then
}

/** Whether a condition is Not of what it comes from. */
function isNegated(condition: string | undefined, makers: ReadonlyMap<string, NodeView>): boolean {
  const maker = makers.get(condition ?? '')
  if (maker === undefined) return false
  if (maker.opType === 'Not') return !isNegated(maker.inputs[0], makers)
  return /^(Identity|Cast|Squeeze|Reshape)$/.test(maker.opType) && isNegated(maker.inputs[0], makers)
}

const renamed = (from: string | undefined, to: string): NodeView[] =>
  from === undefined || from === to
    ? []
    : [{ name: to, opType: 'Identity', domain: '', inputs: [from], outputs: [to], attributes: {}, subgraphs: {} }]
