// Which layers get which precision, by the measured times: whole regions for static int8, each product for itself for the others.
import type { Model } from '@whyslow/graph/model.ts'
import { linksOf } from '@whyslow/graph/walk.ts'
import type { Precision, Quantizable } from '../write/choice.ts'
import type { OperatorBenchmark } from './operator-benchmark.ts'
import { chooseRegions, costOf, type RegionNode } from './regions.ts'

/** Layers that change, by node, and what they save together, ms. */
export interface Layers {
  readonly layers: ReadonlyMap<string, Precision>
  readonly savingMs: number
}

/** Activations that the engine computes inside the convolution before them, in float. */
const FUSED = new Set(['Relu', 'Clip', 'Sigmoid', 'LeakyRelu', 'HardSigmoid', 'Tanh'])

/** How much the measured times are trusted: as they are, or with a leaning to int8, whose regions then are larger. */
export const leaningFactors = { '': 1, wide: 0.6 } as const
export type Leaning = keyof typeof leaningFactors

/** What layers are chosen by. */
export interface BenchmarkedModel {
  readonly model: Model
  readonly nodes: readonly Quantizable[]
  readonly benchmark: OperatorBenchmark
}

/** Static int8. `inFloat`: nodes that stay so. */
export function staticLayers(benchmarked: BenchmarkedModel, inFloat: ReadonlySet<string>, leaning: Leaning = ''): Layers {
  const { model, nodes, benchmark } = benchmarked
  const graph = model.proto.graph!
  const measured = regionNodes(benchmarked, inFloat)
  const share = leaningFactors[leaning]
  const region = measured.map((one) => ({ ...one, int8Ms: one.int8Ms === undefined ? undefined : one.int8Ms * share }))
  const outputs = graph.output.map(({ name }) => name)
  const border = (value: string) => {
    const elements = benchmark.elementsOf(value)
    // Float convolutions work in a layout of their own, which ends where int8 begins.
    const reorderMs = benchmark.isImage(value) ? benchmark.reorderMs(elements) : 0
    return { quantizeMs: benchmark.quantizeMs(elements) + reorderMs, dequantizeMs: benchmark.dequantizeMs(elements) + reorderMs }
  }
  const { int8 } = chooseRegions(region, outputs, border)
  const allFloat = measured.reduce((sum, { floatMs }) => sum + floatMs, 0)
  const totalMs = costOf(measured, outputs, border, int8)
  // What only moves numbers is in a region of others or not worth a change.
  const names = [...int8]
  const works = names.some((name) => nodes.some((one) => one.node === name && !one.movesData))
  return works
    ? { layers: new Map(names.map((name) => [name, 'static'])), savingMs: allFloat - totalMs }
    : { layers: new Map(), savingMs: 0 }
}

/** What the cut must know of: layers with their parts, and all other nodes of the main graph that read or make their values. */
function regionNodes({ model, nodes, benchmark }: BenchmarkedModel, inFloat: ReadonlySet<string>): readonly RegionNode[] {
  const graph = model.proto.graph!
  const { producers, consumers } = linksOf(graph)
  const outputs = new Set(graph.output.map(({ name }) => name))
  const inOthers = new Set(nodes.flatMap(({ parts }) => parts.slice(1)))
  return nodes.flatMap((one): RegionNode[] => {
    const { node: name, activationsIn: reads, activationsOut: makes } = one
    if (inOthers.has(name)) return []
    const time = benchmark.times.get(name)
    const int8 = time?.other.static
    const afterConv = producers.get(name)!.input.some((value) => {
      const isOnlyReader = (consumers.get(value)?.length ?? 0) === 1 && !outputs.has(value)
      return isOnlyReader && producers.get(value)?.opType === 'Conv'
    })
    // The engine adds inside the convolution too.
    const inConv = afterConv && (FUSED.has(one.opType) || one.opType === 'Add')
    const floatMs = inConv || typeof time?.floatMs !== 'number' ? 0 : time.floatMs
    const possible = one.precisions.includes('static') && typeof int8 === 'number' && typeof time?.floatMs === 'number'
    return [{ name, floatMs, int8Ms: possible && !inFloat.has(name) ? int8 : undefined, reads, makes }]
  })
}

/** Dynamic int8: products that read one value share its conversion, so that they are decided together. */
export function dynamicLayers({ nodes, benchmark }: Omit<BenchmarkedModel, 'model'>, inFloat: ReadonlySet<string>): Layers {
  const groups = new Map<string, { node: string; gainMs: number }[]>()
  for (const one of nodes) {
    const times = benchmark.times.get(one.node)
    const int8 = times?.other.dynamic
    const value = one.activationsIn[0]
    if (inFloat.has(one.node) || value === undefined || typeof int8 !== 'number' || typeof times?.floatMs !== 'number') continue
    const conversionMs = benchmark.dynamicMs(benchmark.elementsOf(value))
    const group = groups.get(value) ?? []
    groups.set(value, group)
    group.push({ node: one.node, gainMs: times.floatMs - Math.max(0, int8 - conversionMs) })
  }
  const layers = new Map<string, Precision>()
  let savingMs = 0
  for (const [value, group] of groups) {
    const gainers = group.filter(({ gainMs }) => gainMs > 0)
    const gain = gainers.reduce((sum, { gainMs }) => sum + gainMs, 0) - benchmark.dynamicMs(benchmark.elementsOf(value))
    if (gain <= 0) continue
    savingMs += gain
    for (const { node } of gainers) layers.set(node, 'dynamic')
  }
  return { layers, savingMs }
}

/** Weights alone: each product in the fastest of the widths allowed. */
export function weightLayers(
  { nodes, benchmark }: Omit<BenchmarkedModel, 'model'>,
  widths: readonly ('weights8' | 'weights4')[],
  inFloat: ReadonlySet<string>,
): Layers {
  const layers = new Map<string, Precision>()
  let savingMs = 0
  for (const { node } of nodes) {
    const times = benchmark.times.get(node)
    if (inFloat.has(node) || typeof times?.floatMs !== 'number') continue
    const timed = widths.flatMap((width) => {
      const ms = times.other[width]
      return typeof ms === 'number' ? [{ width, ms }] : []
    })
    const [best] = timed.sort((a, b) => a.ms - b.ms)
    if (best === undefined || best.ms >= times.floatMs) continue
    layers.set(node, best.width)
    savingMs += times.floatMs - best.ms
  }
  return { layers, savingMs }
}
