// One thing changed of a part that was taken out of a model: what each change shows is said in measure/timing/operators/types.ts.

import { floatTensor, node, valueInfo } from '@whyslow/graph/build.ts'
import { constantsIn, isConstantNode, isOverridable } from '@whyslow/graph/constants.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import { elementCount } from '@whyslow/graph/dtype.ts'
import { withGraph } from '@whyslow/graph/edit.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { COSTLY_OPERATORS } from '@whyslow/graph/operators/counts/costly.ts'
import { declaration } from '@whyslow/graph/view.ts'
import type { EngineOptions } from '@whyslow/measure/engines/types.ts'
import type { VariantKind } from '@whyslow/measure/timing/operators/types.ts'
import type { NodeProto, TensorProto, ValueInfoProto } from 'onnx-buf'
import type { Remedy, RemedyEvidence } from '../../remedies/kit/remedy.ts'
import { chainOf } from './chain.ts'
import { fourSamples, SAMPLES } from './four-samples.ts'

export interface Variant {
  readonly kind: VariantKind
  readonly remedy: string | null
  readonly detail: string
  readonly model: Model
  readonly options: Partial<EngineOptions>
  /** Share of its time that compares with the part's: less than 1 if it does more work. */
  readonly share: number
}

/** `row`: the part several times in a row, or the part itself. */
export interface TimedPart {
  readonly part: Model
  readonly row: Model
}

export interface VariantsGiven {
  readonly options: EngineOptions
  /** Channels in a block of the engine's kernels. */
  readonly lanes: number
  readonly threadsInUse: number
  /** It takes so long that one thread is the last that is likely to be faster, where it is a product. */
  readonly isLong: boolean
  readonly remedies: readonly Remedy[]
  /** Operators that the engine runs the part as. */
  readonly opTypes: readonly string[]
  readonly evidence: RemedyEvidence
}

const PRODUCTS = new Set([
  'Conv',
  'FusedConv',
  'ConvTranspose',
  'MatMul',
  'FusedMatMul',
  'Gemm',
  'FusedGemm',
  'ConvInteger',
  'MatMulInteger',
  'LSTM',
  'GRU',
  'RNN',
])
const IN_BLOCKS = new Set(['Conv', 'MaxPool', 'AveragePool', 'GlobalAveragePool', 'ConvTranspose'])

/** One remedy's rewrite of a part first, since its time is what a command gets; then changes that only explain. */
export async function variantsOf({ part, row }: TimedPart, given: VariantsGiven): Promise<readonly Variant[]> {
  const same = { remedy: null, model: row, share: 1, options: {} }
  const operators = part.proto.graph!.node.filter((node) => !isConstantNode(node))
  const variants: Variant[] = [...(await rewritesOf(row, given))]
  const alone: Variant[] =
    given.threadsInUse > 1 ? [{ ...same, kind: 'one-thread', detail: 'on one thread', options: { threads: 1 } }] : []
  const isProduct = given.isLong && operators.some(({ opType }) => PRODUCTS.has(opType))
  if (!isProduct) variants.push(...alone)
  const filled = filledChannels(part, given.lanes, { inARow: row !== part })
  const wide = filled && (row === part ? filled.model : chainOf(filled.model))
  if (filled && wide) variants.push({ ...same, ...filled, model: wide, kind: 'filled-channels' })
  const spread = spreadOperands(row)
  if (spread) variants.push({ ...same, kind: 'spread-operands', detail: 'with its operands written out', model: spread })
  const wider = fourSamples(row)
  if (wider) variants.push({ ...same, ...wider, kind: 'four-samples', share: 1 / SAMPLES })
  const relu = withRelu(row)
  if (relu) variants.push({ ...same, kind: 'relu', detail: 'as a Relu', model: relu })
  if (operators.some(({ opType }) => IN_BLOCKS.has(opType))) {
    const options = { graphOptimization: 'extended' as const }
    variants.push({ ...same, kind: 'plain-layout', detail: 'in the plain layout', options })
  }
  return isProduct ? [...variants, ...alone] : variants
}

/** A single costly function, with a Relu in its place. */
function withRelu(part: Model): Model | undefined {
  const graph = part.proto.graph!
  const [one, ...others] = graph.node.filter((each) => !isConstantNode(each))
  if (others.length > 0 || !COSTLY_OPERATORS.has(one!.opType) || one!.output.filter((name) => name !== '').length !== 1)
    return undefined
  const relu = node('Relu', [one!.input[0]!], [one!.output[0]!])
  return withGraph(part, copyWith(graph, { node: graph.node.map((each) => (each === one ? relu : each)) }))
}

/** What the exact remedies that rewrite a model make of the part; one that throws or needs more than the part has nothing to say. */
async function rewritesOf(part: Model, { remedies, evidence, options, opTypes }: VariantsGiven): Promise<readonly Variant[]> {
  const setup = { model: part, options, batchFactor: 1, machineBound: false }
  const tools = { optimize: () => Promise.reject(new Error('the engine is not asked about parts')) }
  const found: Variant[] = []
  for (const remedy of remedies) {
    if (remedy.kind !== 'rewrite' || !remedy.goals.includes('latency')) continue
    if (remedy.effect === 'approximate' || remedy.late || remedy.onlyWhenNamed) continue
    try {
      for (const {
        setup: { model },
        changes,
      } of await remedy.apply(setup, evidence, tools)) {
        if (isLeftOutAnyway(part, model, opTypes)) continue
        found.push({ kind: 'rewrite', remedy: remedy.id, detail: changes.join('; '), model, options: {}, share: 1 })
      }
    } catch {
      // It needs what a part does not have.
    }
  }
  return found
}

/** What is rewritten is less by operators that the engine runs without, too, or by inputs that it takes for constants. */
function isLeftOutAnyway(part: Model, changed: Model, opTypes: readonly string[]): boolean {
  const [was, is] = [part.proto.graph!, changed.proto.graph!]
  const isSame = was.input.length > is.input.length && is.node.every((one, k) => one === was.node[k])
  if (isSame && !constantsIn(was).some((one) => isOverridable(part, one))) return true
  const [before, after] = [countsOf(part), countsOf(changed)]
  const isMore = [...after].some(([opType, count]) => count > (before.get(opType) ?? 0))
  const less = [...before.keys()].filter((opType) => (after.get(opType) ?? 0) < before.get(opType)!)
  return !isMore && less.length > 0 && less.every((opType) => !opTypes.includes(opType))
}

function countsOf({ proto }: Model): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const one of proto.graph!.node) if (!isConstantNode(one)) counts.set(one.opType, (counts.get(one.opType) ?? 0) + 1)
  return counts
}

/**
 * Blocks of output channels that the blocked kernels compute from each number they load, in two dimensions; of fewer, loading is what they wait
 * for: FilterSetSize in onnxruntime/core/mlas/lib/snchwc.cpp.
 */
const BLOCKS_AT_ONCE = 4
/** Most sets that are filled up whole: with more, one block more or less at the end says little. */
const FEW_SETS = 2
/** Elements of a widened output: 64 MiB of float32. */
const MOST_WIDENED = 2 ** 24

/** Channels filled up to sets of blocks; fewer than a block are filled up to one block, since four would take many times as long as the convolution. */
function filledUp(channels: number, lanes: number, dimensions: number): number {
  const [blocks, set] = [Math.ceil(channels / lanes), BLOCKS_AT_ONCE * lanes]
  const sets = Math.ceil(channels / set)
  return channels < lanes || sets > FEW_SETS || dimensions !== 2 ? blocks * lanes : sets * set
}

const ACTIVATIONS = new Set(['Relu', 'LeakyRelu', 'Clip', 'Sigmoid', 'Tanh', 'HardSigmoid', 'HardSwish', 'Elu'])

/** What the engine carries along with a convolution, whatever its channels. */
const goesAlong = ({ opType, input }: NodeProto, before: NodeProto): boolean =>
  input[0] === before.output[0] && (opType === 'BatchNormalization' || ACTIVATIONS.has(opType))

/**
 * A convolution with few channels, and what the engine carries along with it, given zeros as further ones; undefined if its channels are all that the kernels take at once.
 * `inARow`: as many come in as go out.
 */
function filledChannels(
  part: Model,
  lanes: number,
  { inARow }: { readonly inARow: boolean },
): Pick<Variant, 'model' | 'detail' | 'share'> | undefined {
  const graph = part.proto.graph!
  const operators = graph.node.filter((node) => !isConstantNode(node))
  const [conv, ...behind] = operators
  if (conv?.opType !== 'Conv' || conv.attribute.some(({ name, i }) => name === 'group' && i !== 1n)) return undefined
  if (!behind.every((one, k) => goesAlong(one, operators[k]!))) return undefined
  const weights = graph.initializer.find(({ name }) => name === conv.input[1])
  if (weights === undefined) return undefined
  const byChannel = new Set([
    conv.input[2],
    ...behind.flatMap(({ opType, input }) => (opType === 'BatchNormalization' ? input.slice(1) : [])),
  ])
  const [m, c, ...kernel] = weights.dims.map(Number) as [number, number, ...number[]]
  const wideM = filledUp(m, lanes, kernel.length)
  // Few input channels have kernels of their own.
  const wideC = inARow ? wideM : c < lanes && c > 4 ? lanes : c
  if (wideM === m && wideC === c) return undefined
  const widened = (declaration(graph.output[0]!).shape ?? []).map(Number).reduce((all, size) => all * size, wideM / m)
  if (!(widened <= MOST_WIDENED)) return undefined
  const zeros = (name: string, shape: readonly number[]) => floatTensor(name, shape, new Float32Array(elementCount(shape)))
  const resized = (one: ValueInfoProto, channels: number): ValueInfoProto => {
    const { name, dtype, shape } = declaration(one)
    return valueInfo(
      name,
      dtype!,
      shape!.map((size, axis) => (axis === 1 ? channels : size!)),
    )
  }
  const initializer = graph.initializer.map((tensor): TensorProto => {
    if (tensor === weights) return zeros(tensor.name, [wideM, wideC, ...kernel])
    return byChannel.has(tensor.name) ? zeros(tensor.name, [wideM]) : tensor
  })
  const wide = copyWith(graph, {
    initializer,
    input: graph.input.map((one) => (one.name === conv.input[0] ? resized(one, wideC) : one)),
    output: graph.output.map((one) => resized(one, wideM)),
    valueInfo: [],
  })
  return {
    model: withGraph(part, wide),
    detail: `with ${wideC} to ${wideM} channels instead of ${c} to ${m}, per channel`,
    share: (m * c) / (wideM * wideC),
  }
}

const BROADCASTS = new Set(['Add', 'Sub', 'Mul', 'Div', 'Pow', 'Max', 'Min', 'Where', 'PRelu'])

/** A single elementwise operator whose operands are broadcast, with operands as large as its result. */
function spreadOperands(part: Model): Model | undefined {
  const graph = part.proto.graph!
  const operators = graph.node.filter((node) => !isConstantNode(node))
  const [one] = operators
  if (operators.length !== 1 || !BROADCASTS.has(one!.opType)) return undefined
  const { shape } = declaration(graph.output[0]!)
  const sizes = shape?.filter((size) => typeof size === 'number')
  if (sizes === undefined || sizes.length !== shape!.length) return undefined
  const count = elementCount(sizes)
  const isSmall = (dims: readonly (number | string | null)[]) => dims.reduce<number>((all, size) => all * Number(size), 1) < count
  const input = graph.input.map((value) => {
    const { name, dtype, shape: own } = declaration(value)
    return own !== null && dtype !== null && isSmall(own) ? valueInfo(name, dtype, sizes) : value
  })
  const initializer = graph.initializer.filter((tensor) => !(tensor.dataType === 1 && isSmall(tensor.dims.map(Number))))
  const written = graph.initializer
    .filter((tensor) => !initializer.includes(tensor))
    .map(({ name }) => valueInfo(name, 'float32', sizes))
  if (written.length === 0 && input.every((value, i) => value === graph.input[i])) return undefined
  return withGraph(part, copyWith(graph, { input: [...input, ...written], initializer }))
}
