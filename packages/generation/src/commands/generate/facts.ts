// What rules want of an ONNX decoder's graph: every matrix of weights with its type, bytes and time, and how cache and logits go through it.
import { elementCount, sizeInBytes } from '@whyslow/graph/dtype.ts'
import type { GraphView, NodeView, TensorType } from '@whyslow/graph/types.ts'
import type { StepProfile } from '../../divide/step-profile.ts'
import type { GenerationFacts, GraphFact, WeightFact } from '../../facts.ts'
import { withCacheBranch } from '../../recognize/branches.ts'
import type { CacheEntry } from '../../recognize/layout.ts'
import type { StepGraph } from './recognized.ts'

/** Between weights that are kept and the product that reads them; behind a product, what only changes its result. */
const PASSES = /^(Transpose|Cast|DequantizeLinear|Identity|Reshape|Squeeze|Unsqueeze)$/
const PRODUCTS =
  /^(MatMul|Gemm|FusedMatMul|MatMulNBits|MatMulInteger|MatMulIntegerToFloat|DynamicQuantizeMatMul|QLinearMatMul|MatMulBnb4)$/
const LEAST_ELEMENTS = 256
const MOST_STEPS = 8

export interface KnownOfGraph extends Pick<StepGraph, 'graph' | 'layout'> {
  /** Positions that an encoder gives; absent: there is none, or it was not run. */
  readonly positions?: number
  /** Whether the engine wrote each cache into the buffer that it read; absent: it did not. */
  readonly isInPlace?: boolean
}

export function graphFacts(given: KnownOfGraph, step: StepProfile | null): GenerationFacts {
  const { layout, positions, isInPlace = false } = given
  const graph = withCacheBranch(given.graph, new Set(layout.cache.map(({ past }) => past)))
  const makers = new Map(graph.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)))
  const head = headOf(graph, layout.logits.name, makers)
  const weights = graph.nodes.flatMap((node) => weightOf({ node, graph, makers, head, step }) ?? [])
  // A decoder has weights: none that is found is none that is known.
  return {
    ...(weights.length === 0 ? {} : { weights }),
    graph: graphFact({ graph, layout, makers, isInPlace, ...(positions === undefined ? {} : { positions }) }, head, step),
  }
}

interface Looking {
  readonly node: NodeView
  readonly graph: GraphView
  readonly makers: ReadonlyMap<string, NodeView>
  readonly head: NodeView | undefined
  readonly step: StepProfile | null
}

/** The constant behind a value, if only its layout or its type changes on the way. */
function constantBehind(
  name: string,
  graph: GraphView,
  makers: ReadonlyMap<string, NodeView>,
): { name: string; type: TensorType } | undefined {
  let at = name
  for (let k = 0; k < MOST_STEPS; k++) {
    const type = graph.constants[at]
    if (type !== undefined) return { name: at, type }
    const maker = makers.get(at)
    if (maker === undefined || !PASSES.test(maker.opType)) return undefined
    at = maker.inputs[0] ?? ''
  }
  return undefined
}

function weightOf({ node, graph, makers, head, step }: Looking): WeightFact | undefined {
  if (!PRODUCTS.test(node.opType)) return undefined
  const found = node.inputs
    .flatMap((name) => constantBehind(name, graph, makers) ?? [])
    .reduce<{ name: string; type: TensorType } | undefined>(
      (top, one) => (top === undefined || elementCount(one.type.shape) > elementCount(top.type.shape) ? one : top),
      undefined,
    )
  if (found === undefined || elementCount(found.type.shape) < LEAST_ELEMENTS) return undefined
  const others = node.inputs.filter((name) => name !== found.name && graph.constants[name] !== undefined)
  const scaleBytes =
    node.opType === 'MatMulNBits' ? others.reduce((sum, name) => sum + (sizeInBytes(graph.constants[name]!) ?? 0), 0) : 0
  const number = (attribute: string) => {
    const value = node.attributes[attribute]
    return typeof value === 'number' ? value : null
  }
  const isBlocks = node.opType === 'MatMulNBits'
  const elements = isBlocks ? (number('K') ?? 0) * (number('N') ?? 0) : elementCount(found.type.shape)
  return {
    node: node.name,
    operator: node.opType,
    role: node === head ? 'head' : 'body',
    dtype: isBlocks ? `int${number('bits') ?? 4}` : found.type.dtype,
    elements,
    bytes: (sizeInBytes(found.type) ?? 0) + scaleBytes,
    scaleBytes: isBlocks ? scaleBytes : null,
    blockSize: isBlocks ? number('block_size') : null,
    accuracyLevel: number('accuracy_level'),
    decodeMs: step?.productMs[node.name] ?? null,
  }
}

function headOf(graph: GraphView, logits: string, makers: ReadonlyMap<string, NodeView>): NodeView | undefined {
  let node = makers.get(logits)
  for (let k = 0; node !== undefined && k < MOST_STEPS; k++) {
    const inputs = node.inputs
    if (PRODUCTS.test(node.opType) && inputs.some((name) => constantBehind(name, graph, makers) !== undefined)) return node
    node = inputs.map((name) => makers.get(name)).find((one) => one !== undefined)
  }
  return undefined
}

const LOGITS = { all: 'all', last: 'last', chosen: 'selectable' } as const

interface Shown extends Pick<KnownOfGraph, 'graph' | 'layout' | 'positions'> {
  readonly makers: ReadonlyMap<string, NodeView>
  readonly isInPlace: boolean
}

/** Bytes that an output of the encoder's keys has in each step; null: a size is not declared. */
function bytesOf({ present, shape, axes, dtype }: CacheEntry, { graph, makers, positions }: Shown): number | null {
  // A branch that has nothing to give returns a constant without elements.
  const constant = constantBehind(present!, graph, makers)
  if (constant !== undefined) return sizeInBytes(constant.type) ?? null
  const sizes = shape.map((size, axis) => (axis === axes.batch ? 1 : axis === axes.length ? (positions ?? size) : size))
  const known = sizes.filter((size) => typeof size === 'number')
  return known.length < sizes.length ? null : (sizeInBytes({ dtype, shape: known }) ?? null)
}

const sumOrNull = (numbers: readonly (number | null)[]): number | null =>
  numbers.reduce((sum, one) => (sum === null || one === null ? null : sum + one), 0)

function graphFact(shown: Shown, head: NodeView | undefined, step: StepProfile | null): GraphFact {
  const { graph, layout } = shown
  const past = new Set(layout.cache.map((entry) => entry.past))
  const reads = graph.nodes.filter(({ inputs }) => inputs.some((name) => past.has(name)))
  const joins = reads.find(({ opType }) => opType === 'Concat') ?? reads[0]
  const cross = layout.cache.filter(({ role, present }) => role === 'cross' && present !== null)
  const kind = shown.isInPlace ? 'in-place' : layout.capacity === null ? 'concatenated' : 'shared-buffer'
  return {
    cache: layout.cache.length === 0 ? 'none' : kind,
    cacheNode: joins?.name ?? null,
    logits: LOGITS[layout.positions],
    headNode: head?.name ?? null,
    casts: { nodes: step?.casts.nodes ?? 0, decodeMs: step?.casts.ms ?? null, node: step?.casts.node ?? null },
    constantWork:
      step === null ? null : { nodes: step.constantWork.nodes, decodeMs: step.constantWork.ms, node: step.constantWork.node },
    constantOutputs: {
      names: cross.map(({ present }) => present!),
      bytes: sumOrNull(cross.map((entry) => bytesOf(entry, shown))),
    },
    crossCopies: {
      nodes: step?.crossCopies.nodes ?? 0,
      decodeMs: step?.crossCopies.ms ?? null,
      node: step?.crossCopies.node ?? null,
    },
  }
}
