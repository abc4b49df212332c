// Quantization that an executed graph still shows: operators in float between conversions, pairs of QuantizeLinear - DequantizeLinear
// that only round, weights dequantized at every prediction, integer products whose scaling was left unfused, 4-bit products computed in
// float; each with the condition it breaks. Reasons are looked for in the graph as it is written, since that is what can be repaired.

import { graphsWithin, type Neighbours, neighboursOf } from '@whyslow/graph/neighbours.ts'
import { int8KernelOf } from '@whyslow/graph/operators/index.ts'
import type { GraphView, NodeView } from '@whyslow/graph/types.ts'
import { type BrokenCondition, brokenCondition, endOf } from './conditions.ts'
import { conversionOf, isDequantize, isQuantize } from './conversion.ts'
import { type FusionSettings, typeAsFused } from './fused-types.ts'
import type { UnfusedReason } from './unfused.ts'

export interface QuantizedGroup {
  /** What computes in float between the conversions. */
  readonly operator: NodeView
  /** The user's node that it is; undefined if it cannot be told. */
  readonly written: NodeView | undefined
  /** The conversions that would go; no node is in two groups. */
  readonly conversions: readonly NodeView[]
  readonly condition: UnfusedReason
  /** The condition that the group breaks, as half a sentence. */
  readonly breaks: string
  /** True where the engine could compute the operator in int8. */
  readonly hasInt8Kernel: boolean
}

/** What is known in addition to the executed graph. */
export interface GroupContext {
  /** The user's graph; undefined: reasons are looked for in the executed one. */
  readonly graph?: GraphView | undefined
  readonly fusing: FusionSettings
  /** The engine's graph optimization is below 'extended', if nothing quantized is fused. */
  readonly isUnoptimized: boolean
}

interface Search {
  /** Neighbours in the executed graph. */
  readonly at: Neighbours
  readonly fusing: FusionSettings
  readonly isUnoptimized: boolean
  /** The user's node for an executed one, with its neighbours. */
  readonly written: (executed: NodeView) => { readonly node: NodeView; readonly at: Neighbours } | undefined
  /** The user's graph is known. */
  readonly hasWritten: boolean
}

/** Linear operators that quantizers convert. */
const LINEAR = new Set(['Conv', 'FusedConv', 'ConvTranspose', 'MatMul', 'FusedMatMul', 'Gemm', 'FusedGemm'])
const CONVERSIONS = new Set(['QuantizeLinear', 'DequantizeLinear', 'DynamicQuantizeLinear'])
/** The accuracy level at which MatMulNBits multiplies in int8 on CPUs. */
const INT8_ACCURACY = 4
const LATE = 'the engine put it in itself, for the layout of its neighbours, when it had done with fusing'
const NOT_OPTIMIZED = 'the engine fuses quantized operators at graph optimization level extended and above'

/** All groups of the executed graph and its subgraphs that did not fuse. */
export function quantizedGroups(executed: GraphView, written: GroupContext): readonly QuantizedGroup[] {
  const find = finderOf(written.graph)
  return graphsWithin(executed).flatMap((graph) => {
    const { fusing, isUnoptimized } = written
    return groupsOf({ at: neighboursOf(graph), fusing, isUnoptimized, written: find, hasWritten: written.graph !== undefined })
  })
}

function finderOf(graph: GraphView | undefined): Search['written'] {
  const all = graph === undefined ? [] : graphsWithin(graph).map(neighboursOf)
  const known = new Map<string, { node: NodeView; at: Neighbours }>()
  for (const at of all) for (const node of at.graph.nodes) if (!known.has(node.name)) known.set(node.name, { node, at })
  return (executed) => {
    const named = known.get(executed.name)
    if (named !== undefined && named.node.opType === plainType(executed)) return named
    // The engine renames what it moves; the values around keep their names. An activation may have been taken in.
    for (const at of all) {
      let node = at.producer(executed.outputs[0])
      if (node !== undefined && node.opType !== plainType(executed)) node = at.producer(node.inputs[0])
      if (node?.opType === plainType(executed)) return { node, at }
    }
    return undefined
  }
}

const plainType = ({ opType }: NodeView): string => opType.replace(/^Fused(?=Conv|MatMul|Gemm)/, '')

function groupsOf(search: Search): QuantizedGroup[] {
  const taken = new Set<NodeView>()
  const once = (nodes: readonly NodeView[]) =>
    nodes.filter((node) => {
      const isNew = !taken.has(node)
      taken.add(node)
      return isNew
    })
  const { nodes } = search.at.graph
  const found = [
    ...nodes.flatMap((node) => linearGroup(node, search)),
    ...nodes.flatMap((node) => enclosed(node, search)),
    ...nodes.flatMap((node) => scalingApart(node, search)),
    ...nodes.flatMap((node) => floatProducts(node, search)),
  ]
  const groups = found.map((group) => ({ ...group, conversions: once(group.conversions) }))
  // If the QuantizeLinear ends a linear operator's group, its DequantizeLinear stays when that group fuses.
  const pairs = nodes
    .flatMap((node) => floatPair(node, search))
    .filter(({ conversions }) => !conversions.some((node) => taken.has(node)))
  const weights = nodes.flatMap((node) => (taken.has(node) ? [] : dequantizedWeights(node, search)))
  return [...groups, ...pairs, ...weights]
}

/** A linear operator in float that reads a dequantized value. */
function linearGroup(operator: NodeView, search: Search): QuantizedGroup[] {
  const { at } = search
  if (!LINEAR.has(operator.opType)) return []
  const dequantized = operator.inputs.map(at.producer).filter(isDequantize)
  if (dequantized.length === 0) return []
  const quantized = at.readers(endOf(operator, at).outputs[0]).filter(isQuantize)
  const conversions = [...dequantized, ...quantized]
  if (quantized.length === 0 && dequantized.every((node) => isWeights(node, at))) {
    const breaks = 'only its weights are quantized: they are dequantized at every prediction, and it computes in float'
    return [
      { operator, written: search.written(operator)?.node, conversions, condition: 'weights-only', breaks, hasInt8Kernel: false },
    ]
  }
  return [{ operator, conversions, ...reasonOf(operator, search) }]
}

/** Any other operator that stands in float between a DequantizeLinear and a QuantizeLinear. */
function enclosed(operator: NodeView, search: Search): QuantizedGroup[] {
  const { at } = search
  if (LINEAR.has(operator.opType) || CONVERSIONS.has(operator.opType)) return []
  const indices = int8KernelOf(operator.opType)?.data ?? null
  const data = indices === null ? operator.inputs : indices.flatMap((index) => operator.inputs[index] ?? [])
  const dequantized = data.map(at.producer).filter(isDequantize)
  const quantized = operator.outputs.flatMap((name) => at.readers(name)).filter(isQuantize)
  if (dequantized.length === 0 || quantized.length === 0) return []
  return [{ operator, conversions: [...dequantized, ...quantized], ...reasonOf(operator, search) }]
}

function reasonOf(operator: NodeView, { at, fusing, isUnoptimized, written, hasWritten }: Search) {
  const user = written(operator)
  const broken: BrokenCondition | undefined =
    user === undefined ? brokenCondition(operator, at, fusing) : brokenCondition(user.node, user.at, fusing)
  const hasInt8Kernel = broken?.condition !== 'no-int8-kernel'
  const reason = { written: user?.node, hasInt8Kernel }
  if (broken !== undefined) return { ...reason, condition: broken.condition, breaks: broken.says }
  if (isUnoptimized) return { ...reason, condition: 'optimization-level' as const, breaks: NOT_OPTIMIZED }
  if (user === undefined && hasWritten) return { ...reason, condition: 'inserted-late' as const, breaks: LATE }
  return { ...reason, condition: 'not-known' as const, breaks: unfit(operator, at, fusing) }
}

/** What is seen of a group whose condition is not known. */
function unfit(operator: NodeView, at: Neighbours, fusing: FusionSettings): string {
  const typesOf = (nodes: readonly (NodeView | undefined)[]) =>
    nodes
      .flatMap((node) =>
        isDequantize(node) || isQuantize(node) ? [typeAsFused(conversionOf(node, at), at, fusing) ?? 'a type not known'] : [],
      )
      .join(', ')
  const given = endOf(operator, at).outputs.flatMap((name) => at.readers(name))
  const made = typesOf(given)
  return `it keeps every condition known here: it reads ${typesOf(operator.inputs.map(at.producer))} and gives ${made === '' ? 'float' : made}`
}

/** A QuantizeLinear whose value is dequantized at once, for an operator in float: it only rounds. */
function floatPair(dequantize: NodeView, { at, written }: Search): QuantizedGroup[] {
  const { producer, readers, isGraphOutput } = at
  if (!isDequantize(dequantize)) return []
  const quantize = producer(dequantize.inputs[0])
  const [operator, ...others] = readers(dequantize.outputs[0])
  if (!isQuantize(quantize) || operator === undefined || isGraphOutput(dequantize.outputs[0])) return []
  if ([operator, ...others].some(({ opType }) => LINEAR.has(opType))) return []
  if (readers(quantize.outputs[0]).length !== 1) return []
  const breaks = 'its input is quantized and dequantized again, and it computes in float'
  const conversions = [quantize, dequantize]
  return [{ operator, written: written(operator)?.node, conversions, condition: 'float-pair', breaks, hasInt8Kernel: false }]
}

/** Constants that are converted at every prediction, on their way to whatever reads them. */
function dequantizedWeights(dequantize: NodeView, { at, written }: Search): QuantizedGroup[] {
  if (!isDequantize(dequantize) || !isWeights(dequantize, at)) return []
  const [operator] = at.readers(dequantize.outputs[0])
  if (operator === undefined) return []
  const breaks =
    operator.opType === 'Gather'
      ? 'the whole table is dequantized at every prediction, and some rows of it are read'
      : 'its weights are dequantized at every prediction'
  const conversions = [dequantize]
  return [{ operator, written: written(operator)?.node, conversions, condition: 'weights-only', breaks, hasInt8Kernel: false }]
}

/** Reads a constant. */
function isWeights({ inputs }: NodeView, { graph }: Neighbours): boolean {
  return graph.constants[inputs[0] ?? ''] !== undefined
}

/** MatMulInteger or ConvInteger - Cast - Mul: one operator, where the engine fuses it. */
function scalingApart(operator: NodeView, { at, isUnoptimized, written }: Search): QuantizedGroup[] {
  if (operator.opType !== 'MatMulInteger' && operator.opType !== 'ConvInteger') return []
  const [reader] = at.readers(operator.outputs[0])
  const cast = reader?.opType === 'Cast' ? reader : undefined
  const scale = cast === undefined ? undefined : at.readers(cast.outputs[0]).find(({ opType }) => opType === 'Mul')
  if (cast === undefined || scale === undefined) return []
  const group = { operator, written: written(operator)?.node, conversions: [cast, scale], hasInt8Kernel: false }
  if (operator.opType === 'ConvInteger') {
    const breaks =
      'ConvInteger has no fast kernel, and its scaling runs apart: the engine fuses quantized convolutions only in their static form'
    const conversions = [...quantizerOf(operator, at), cast, ...scalesAround(scale, at)]
    return [{ ...group, conversions, condition: 'integer-convolution', breaks }]
  }
  if (isUnoptimized) {
    const breaks = "its scaling runs apart: it fuses at graph optimization 'extended' and above, with constant scales"
    return [{ ...group, condition: 'optimization-level', breaks }]
  }
  const isReadBetween = [operator, cast].some(({ outputs: [value] }) => at.readers(value).length > 1 || at.isGraphOutput(value))
  const breaks = isReadBetween
    ? 'its scaling runs apart: what is between its product and its scaling is read by others too'
    : 'its scaling runs separately: the engine looks for one Mul after the Cast, by the product of the two scales'
  const others = isReadBetween ? [] : at.readers(scale.outputs[0]).filter(({ opType }) => opType === 'Mul')
  return [{ ...group, conversions: [cast, scale, ...others], condition: 'scaling-apart', breaks }]
}

/** What quantizes the input by its own range, where integer convolutions alone read it: it goes when they are in float. */
function quantizerOf({ inputs }: NodeView, { producer, readers }: Neighbours): readonly NodeView[] {
  const quantize = producer(inputs[0])
  if (quantize?.opType !== 'DynamicQuantizeLinear') return []
  return readers(quantize.outputs[0]).every(({ opType }) => opType === 'ConvInteger') ? [quantize] : []
}

/** The Mul behind a Cast, with the one that makes its scale of two, or the one behind it that takes the second. */
function scalesAround(scale: NodeView, { graph, producer, onlyReader }: Neighbours): readonly NodeView[] {
  const before = scale.inputs.map(producer).find((one) => one?.opType === 'Mul')
  if (before !== undefined) return [scale, before]
  const behind = onlyReader(scale)
  const isScale = (name: string) => graph.constants[name] !== undefined || producer(name)?.opType === 'DynamicQuantizeLinear'
  return behind?.opType === 'Mul' && behind.inputs.some(isScale) ? [scale, behind] : [scale]
}

/** MatMulNBits whose products are computed in float. */
function floatProducts(operator: NodeView, { written }: Search): QuantizedGroup[] {
  if (operator.opType !== 'MatMulNBits') return []
  const { accuracy_level: level = 0 } = operator.attributes
  if (level === INT8_ACCURACY) return []
  const breaks = `its accuracy_level is ${level === 0 ? 'not set' : level}, so that its weights are unpacked to float; ${INT8_ACCURACY} multiplies in int8`
  return [
    { operator, written: written(operator)?.node, conversions: [], condition: 'float-products', breaks, hasInt8Kernel: true },
  ]
}
