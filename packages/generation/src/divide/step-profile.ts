// One call of the engine by its nodes: what each is for, by the graph that the engine ran. Reading it needs a profile (decode-step.ts makes one).
import { sizeInBytes } from '@whyslow/graph/dtype.ts'
import type { GraphView } from '@whyslow/graph/types.ts'
import { time } from '@whyslow/measure/statistics/numbers.ts'
import type { Profile, ProfiledNode } from '@whyslow/measure/timing/types.ts'

/** `matmul`: products with weights. `head`: the one that gives the logits. `cache-copy`: the cache joined with what is new. */
export type NodeRole = 'matmul' | 'head' | 'attention' | 'cache-copy' | 'other'

export interface RoleTime {
  /** Dispatch is not in it. */
  readonly ms: number
  readonly nodes: number
}

export interface StepProfile {
  /** What passing the cache to JavaScript takes of the call; null: nothing but the logits leaves the engine. */
  readonly cacheOutMs: number | null
  /** The same of the logits. */
  readonly logitsOutMs: number
  readonly nodes: number
  readonly dispatchMs: number
  readonly roles: Readonly<Record<NodeRole, RoleTime>>
  /** The head's share of the bytes of all weights that products read, 0..1. */
  readonly headShare: number
  /** Time of each product, by the node's name in the user's file. */
  readonly productMs: Readonly<Record<string, number>>
  /** The kinds of operators that take most of what is no product, no attention and no cache, as in 'Mul 3.10 ms, Pow 1.20 ms'. */
  readonly others: string
  /** Casts from float16 and to it, with one of them. */
  readonly casts: NodesTime
  /** What is computed of constants alone, which each step does again: weights dequantized, turned or cast. */
  readonly constantWork: NodesTime
  /** Nodes that only move keys and values of an encoder, which never change. */
  readonly crossCopies: NodesTime
}

/** Some nodes of a step, their time, and the one that takes longest. */
export interface NodesTime {
  readonly nodes: number
  readonly ms: number
  readonly node: string | null
}

/** Operators that hold weights as an input. */
const PRODUCTS =
  /^(MatMul|Gemm|FusedMatMul|FusedGemm|MatMulNBits|MatMulInteger|MatMulIntegerToFloat|DynamicQuantizeMatMul|QLinearMatMul|MatMulBnb4|MatMulFpQ4)$/
const ATTENTION =
  /^(GroupQueryAttention|MultiHeadAttention|DecoderMaskedMultiHeadAttention|Attention|PackedAttention|QAttention|SparseAttention|Softmax|RotaryEmbedding)$/
const QUANTIZED_INTO = /^(DynamicQuantizeLinear|QuantizeLinear|DequantizeLinear)$/

export interface StepGraph {
  /** Bytes of a value that the file holds, by name; undefined: it is computed. */
  readonly bytesOf: (name: string) => number | undefined
  /** Inputs of the graph that carry the cache. */
  readonly past: ReadonlySet<string>
  /** Those of them that hold keys and values of an encoder. Absent: none do. */
  readonly cross?: ReadonlySet<string>
  readonly logits: string
  /** The values of its branches that a value given by an If may be, by its name. Absent: there are no branches. */
  readonly branchValues?: ReadonlyMap<string, readonly string[]>
}

/** Operators that together take longer than so many of the call that they make up say nothing of it. */
const MOST_CALLS = 3

/** Why a profile is of no use: something else ran on the machine while it was recorded. null: it is of use. */
export function busyReason(nodes: readonly Pick<ProfiledNode, 'timeMs'>[], callMs: number): string | null {
  const calls = nodes.reduce((sum, { timeMs }) => sum + timeMs, 0) / callMs
  if (calls <= MOST_CALLS) return null
  return `while the operators were timed the machine was busy: they took ${calls.toFixed(0)} times as long as the call that they make up; measure again when it is idle`
}

/** A node with branches stands next to the nodes of the branch that ran: its own time is without theirs. */
export function stepProfileOf(
  { nodes, dispatchPerNodeUs }: Pick<Profile, 'nodes' | 'dispatchPerNodeUs'>,
  given: StepGraph,
  times: Pick<StepProfile, 'cacheOutMs' | 'logitsOutMs'>,
): StepProfile {
  const ran = nodes.filter(({ parent, runsPerPrediction }) => parent === null || runsPerPrediction > 0)
  const { made, graph } = withMadeOfConstants(ran, given)
  const role = rolesOf(ran, graph, new Set(made))
  const roles = { matmul: none(), head: none(), attention: none(), 'cache-copy': none(), other: none() }
  const productMs: Record<string, number> = {}
  const bytes = { matmul: 0, head: 0 }
  let dispatchMs = 0
  for (const node of ran) {
    const startMs = Math.min(node.timeMs, (dispatchPerNodeUs / 1000) * node.runsPerPrediction)
    const is = role(node)
    dispatchMs += startMs
    roles[is].ms += node.timeMs - startMs
    roles[is].nodes++
    if (is === 'matmul' || is === 'head') {
      bytes[is] += weightBytes(node, graph)
      const names = node.inner?.nodes ?? node.origin
      for (const name of names) productMs[name] = (productMs[name] ?? 0) + node.timeMs / names.length
    }
  }
  const all = bytes.matmul + bytes.head
  return {
    ...times,
    ...{ dispatchMs, roles, productMs },
    nodes: ran.length,
    headShare: all === 0 ? 0 : bytes.head / all,
    casts: timeOf(ran.filter(isCast)),
    // Casts from float16 are a finding of their own.
    constantWork: timeOf(made.filter((node) => !isCast(node))),
    crossCopies: crossCopiesIn(ran, role, graph.cross),
    others: othersIn(ran.filter((node) => role(node) === 'other')),
  }
}

/** What the call takes outside of the engine, by the bytes of what it returns. */
export function timesOfOutputs(
  { outputs }: Pick<GraphView, 'outputs'>,
  nodes: readonly Pick<ProfiledNode, 'outputs' | 'outputTypes'>[],
  { logits, outsideMs }: { readonly logits: string; readonly outsideMs: number },
): Pick<StepProfile, 'cacheOutMs' | 'logitsOutMs'> {
  const types = new Map(nodes.flatMap((node) => node.outputs.map((name, k) => [name, node.outputTypes[k]] as const)))
  const bytesOf = (name: string): number => {
    const type = types.get(name) ?? null
    return type === null ? 0 : (sizeInBytes(type) ?? 0)
  }
  const others = outputs.filter(({ name }) => name !== logits)
  if (others.length === 0) return { cacheOutMs: null, logitsOutMs: outsideMs }
  const cacheBytes = others.reduce((sum, { name }) => sum + bytesOf(name), 0)
  const cacheOutMs = (outsideMs * cacheBytes) / Math.max(1, cacheBytes + bytesOf(logits))
  return { cacheOutMs, logitsOutMs: outsideMs - cacheOutMs }
}

const MOST_NAMED = 3

function othersIn(nodes: readonly ProfiledNode[]): string {
  const byType = new Map<string, number>()
  for (const { opType, timeMs } of nodes) byType.set(opType, (byType.get(opType) ?? 0) + timeMs)
  return [...byType]
    .sort(([, a], [, b]) => b - a)
    .slice(0, MOST_NAMED)
    .map(([opType, ms]) => `${opType} ${time(ms)}`)
    .join(', ')
}

const isCast = ({ opType, inputTypes, outputTypes }: ProfiledNode): boolean =>
  opType === 'Cast' && [inputTypes[0], outputTypes[0]].some((type) => type?.dtype === 'float16')

function crossCopiesIn(
  nodes: readonly ProfiledNode[],
  role: (node: ProfiledNode) => NodeRole,
  cross: ReadonlySet<string> = new Set(),
): NodesTime {
  const moved = new Set(cross)
  const copies: ProfiledNode[] = []
  for (const node of nodes) {
    if (role(node) !== 'cache-copy' || !node.inputs.some((name) => moved.has(name))) continue
    copies.push(node)
    for (const output of node.outputs) moved.add(output)
  }
  return timeOf(copies)
}

function timeOf(nodes: readonly ProfiledNode[]): NodesTime {
  const [longest] = [...nodes].sort((a, b) => b.timeMs - a.timeMs)
  return { nodes: nodes.length, ms: nodes.reduce((sum, { timeMs }) => sum + timeMs, 0), node: longest?.name ?? null }
}

/** The nodes that read nothing but what the file holds, or what other such nodes made of it; what they make is weights as well. */
function withMadeOfConstants(
  nodes: readonly ProfiledNode[],
  graph: StepGraph,
): { readonly made: readonly ProfiledNode[]; readonly graph: StepGraph } {
  const bytes = new Map<string, number>()
  const bytesOf = (name: string) => graph.bytesOf(name) ?? bytes.get(name)
  const made = nodes.filter((node) => {
    const inputs = node.inputs.filter((name) => name !== '')
    if (inputs.length === 0 || inputs.some((name) => bytesOf(name) === undefined)) return false
    for (const output of node.outputs) bytes.set(output, weightBytes(node, { bytesOf }))
    return true
  })
  return { made, graph: { ...graph, bytesOf } }
}

const none = (): { ms: number; nodes: number } => ({ ms: 0, nodes: 0 })

type Node = Pick<ProfiledNode, 'opType' | 'inputs' | 'outputs'>

/** Scales and zero points included. */
function weightBytes({ inputs }: Pick<Node, 'inputs'>, { bytesOf }: Pick<StepGraph, 'bytesOf'>): number {
  return inputs.reduce((sum, name) => sum + (bytesOf(name) ?? 0), 0)
}

/** A product with fewer is of a scale or a small table. */
const LEAST_BYTES = 512

/** Operators that only move values. */
const MOVES =
  /^(Concat|Expand|Transpose|Reshape|Slice|Split|Gather|Squeeze|Unsqueeze|Cast|Identity|Tile|Where|ScatterND|ScatterElements)$/

function rolesOf(nodes: readonly Node[], graph: StepGraph, made: ReadonlySet<Node>): (node: Node) => NodeRole {
  const makers = new Map(nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)))
  const isProduct = (node: Node) => PRODUCTS.test(node.opType) && weightBytes(node, graph) >= LEAST_BYTES
  const head = headOf(graph, makers, isProduct)
  const roles = new Map<Node, NodeRole>()
  // What is the cache, moved and repeated for more heads; and what products of computed values made: scores, and what they select.
  const cached = new Set(graph.past)
  const attended = new Set<string>()
  const of = (node: Node): NodeRole => {
    if (node === head) return 'head'
    if (made.has(node)) return 'other'
    if (isProduct(node)) return 'matmul'
    if (ATTENTION.test(node.opType) || PRODUCTS.test(node.opType)) return 'attention'
    if (node.inputs.some((name) => attended.has(name))) return 'attention'
    return MOVES.test(node.opType) && node.inputs.some((name) => cached.has(name)) ? 'cache-copy' : 'other'
  }
  // In the order in which they ran.
  for (const node of nodes) {
    const role = of(node)
    roles.set(node, role)
    for (const output of node.outputs) {
      if (role === 'cache-copy') cached.add(output)
      if (role === 'attention') attended.add(output)
    }
  }
  return (node) => roles.get(node)!
}

/** The last product before the logits: what follows it are casts, scales and reshapes. */
function headOf(
  { logits, branchValues }: StepGraph,
  makers: ReadonlyMap<string, Node>,
  isProduct: (node: Node) => boolean,
): Node | undefined {
  const makerOf = (name: string): Node | undefined =>
    (branchValues?.get(name) ?? []).map(makerOf).find((one) => one !== undefined) ?? makers.get(name)
  let node = makerOf(logits)
  for (let steps = 0; node !== undefined && steps < 8; steps++) {
    if (isProduct(node)) return node
    node = node.inputs.map(makerOf).find((one) => one !== undefined && !QUANTIZED_INTO.test(one.opType))
  }
  return undefined
}
