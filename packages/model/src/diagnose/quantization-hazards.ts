// What can go wrong with a quantized model although its groups fuse: kernels that are slower in int8, results that are not those of the
// graph as written, sums that saturate on other machines, and float16 on a CPU.

import { graphsWithin, type Neighbours, neighboursOf } from '@whyslow/graph/neighbours.ts'
import type { GraphView, NodeView } from '@whyslow/graph/types.ts'
import { biasScaleIsOff } from '@whyslow/measure/engines/onnxruntime/int8/conditions.ts'
import { conversionOf, isDequantize } from '@whyslow/measure/engines/onnxruntime/int8/conversion.ts'
import { bytes, plural, time } from '@whyslow/measure/statistics/numbers.ts'
import type { AnalyzedEvidence } from '../analyze/analyzed-evidence.ts'

export const hazards = ['wrong-result', 'depthwise-int8', 'saturation', 'float16-on-cpu'] as const

export interface Hazard {
  readonly hazard: (typeof hazards)[number]
  /** A sentence its reader would say: sentence case, no full stop. */
  readonly title: string
  readonly detail: string
  /** Time of the nodes concerned, ms per prediction; null if it is not a matter of time, or not known. */
  readonly timeMs: number | null
  /** The user's nodes. */
  readonly nodes: readonly string[]
}

type Facts = Pick<AnalyzedEvidence, 'graph' | 'profile' | 'machine'>

/** Instructions that add products of int8 in 32 bits. */
const WIDE_SUMS = ['amx_int8', 'avx512_vnni', 'avx_vnni']
/** Two products of 255 and at most 64 fit into 16 bits: 2 x 255 x 64 = 32640. */
const SAFE_WEIGHT = 64
/** This many nodes are named in a sentence. */
const NAMED = 3

export function quantizationHazards({ graph, profile, machine }: Facts): readonly Hazard[] {
  const written = graph === undefined ? [] : graphsWithin(graph).map(neighboursOf)
  return [...wrongResults(written), ...depthwise(profile), ...saturation(written, machine.isa), ...float16(graph, profile)]
}

const named = (nodes: readonly NodeView[]): string => {
  const rest = nodes.length > NAMED ? ` and ${nodes.length - NAMED} more` : ''
  return `${nodes
    .slice(0, NAMED)
    .map(({ name }) => name)
    .join(', ')}${rest}`
}

const dequantizerOf = (node: NodeView, index: number, at: Neighbours) => {
  const source = at.producer(node.inputs[index])
  return isDequantize(source) ? conversionOf(source, at) : undefined
}

/** Fused kernels that take for granted what the graph says otherwise. Tried with ONNX Runtime 1.30. */
function wrongResults(graphs: readonly Neighbours[]): Hazard[] {
  const gemms: NodeView[] = []
  const axes: NodeView[] = []
  for (const at of graphs) {
    for (const node of at.graph.nodes) {
      const [input, weights, bias] = [0, 1, 2].map((index) => dequantizerOf(node, index, at))
      if (node.opType === 'Gemm' && input && weights && bias && biasScaleIsOff(input, weights, bias)) gemms.push(node)
      if (input === undefined || (weights?.scale?.length ?? 0) < 2) continue
      const rank = at.graph.constants[weights!.node.inputs[0] ?? '']?.shape.length ?? 0
      const axis = weights!.axis < 0 ? weights!.axis + rank : weights!.axis
      if (node.opType === 'Conv' && axis !== 0) axes.push(node)
      if (node.opType === 'MatMul' && rank > 1 && axis !== rank - 1) axes.push(node)
    }
  }
  const title = 'The engine computes something else than the graph says'
  const found: Hazard[] = []
  if (gemms.length > 0) {
    const detail = `The int8 kernel of Gemm takes its bias's scale to be the product of the input's and the weights' scales, and here it is not: ${named(gemms)}. With graph optimization off the results differ.`
    found.push({ hazard: 'wrong-result', title, detail, timeMs: null, nodes: gemms.map(({ name }) => name) })
  }
  if (axes.length > 0) {
    const detail = `The int8 kernel takes a scale for each output, and here there is one for each input: ${named(axes)}. It fuses all the same, and fails or gives other results.`
    found.push({ hazard: 'wrong-result', title, detail, timeMs: null, nodes: axes.map(({ name }) => name) })
  }
  return found
}

function depthwise(profile: Facts['profile']): Hazard[] {
  const slow = (profile?.nodes ?? []).filter(({ name, opType }) => {
    if (opType !== 'QLinearConv') return false
    const group = profile!.graph.nodes.find((node) => node.name === name)?.attributes.group
    return typeof group === 'number' && group > 1
  })
  if (slow.length === 0) return []
  const timeMs = slow.reduce((sum, node) => sum + node.timeMs, 0)
  const take = slow.length === 1 ? 'takes' : 'take'
  const detail = `${plural(slow.length, 'grouped convolution')} in int8 ${take} ${time(timeMs)}. On x86 such convolutions are often slower in int8 than in float32, where they run in the blocked layout; only a trial shows whether they are on this machine.`
  return [
    {
      hazard: 'depthwise-int8',
      title: 'Depthwise convolutions run in int8',
      detail,
      timeMs,
      nodes: slow.flatMap(({ origin, name }) => origin.find((one) => /conv/i.test(one)) ?? origin[0] ?? name),
    },
  ]
}

/** Operators whose second input is their weights. */
const PRODUCTS = new Set(['Conv', 'MatMul', 'Gemm', 'ConvInteger', 'MatMulInteger', 'QLinearMatMul', 'QGemm', 'QLinearConv'])
const WEIGHTS_AT: Readonly<Record<string, number>> = { QLinearConv: 3, QLinearMatMul: 3, QGemm: 3 }

function saturation(graphs: readonly Neighbours[], isa: readonly string[]): Hazard[] {
  const wide: NodeView[] = []
  for (const at of graphs) {
    for (const node of at.graph.nodes) {
      if (!PRODUCTS.has(node.opType)) continue
      const name = node.inputs[WEIGHTS_AT[node.opType] ?? 1]
      const source = at.producer(name)
      const weights = at.graph.constants[(isDequantize(source) ? source.inputs[0] : name) ?? '']
      // A float activation: nothing is multiplied in int8.
      if (isDequantize(source) && !isDequantize(at.producer(node.inputs[0]))) continue
      if (weights?.dtype !== 'int8' || weights.statistics === undefined) continue
      if (weights.statistics.max > SAFE_WEIGHT || weights.statistics.min < -SAFE_WEIGHT) wide.push(node)
    }
  }
  const isHere = isa.includes('avx2') && !WIDE_SUMS.some((unit) => isa.includes(unit))
  if (wide.length === 0) return []
  const where = isHere ? 'This CPU has no VNNI: it adds' : 'CPUs with AVX2 or AVX-512 and no VNNI add'
  return [
    {
      hazard: 'saturation',
      title: isHere ? 'Sums of int8 products may saturate' : 'Sums of int8 products may saturate on other machines',
      detail: `${where} pairs of uint8 x int8 products in 16 bits, which saturate where weights lie beyond ±${SAFE_WEIGHT} (${named(wide)}). There, quantize with 7-bit weights (reduce_range), or give --session-config session.x64quantprecision=1.`,
      timeMs: null,
      nodes: wide.map(({ name }) => name),
    },
  ]
}

function float16(graph: GraphView | undefined, profile: Facts['profile']): Hazard[] {
  const halves = Object.values(graph?.constants ?? {}).filter(({ dtype, shape }) => dtype === 'float16' && shape.length > 0)
  if (halves.length === 0) return []
  const casts = (profile?.nodes ?? []).filter(
    ({ opType, inputTypes, outputTypes }) =>
      opType === 'Cast' && [inputTypes[0]?.dtype, outputTypes[0]?.dtype].includes('float16'),
  )
  const timeMs = casts.reduce((sum, node) => sum + node.timeMs, 0)
  const size = halves.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  return [
    {
      hazard: 'float16-on-cpu',
      title: 'float16 saves memory on a CPU, not time',
      detail: `${bytes(size)} of weights are float16, and the CPU provider computes nearly all operators in float32: ${plural(casts.length, 'Cast')} between the two ${casts.length === 1 ? 'takes' : 'take'} ${time(timeMs)}.`,
      timeMs,
      nodes: casts.map(({ name }) => name),
    },
  ]
}
