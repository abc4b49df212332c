// Quantized operators that fused, and whose int8 kernels are slower than float ones: on x86 grouped convolutions, which in float32 run in the
// blocked layout, and products of two int8 operands. Timed alone in both precisions where that was measured; else grouped convolutions far
// above what a float kernel needs.
import type { NodeCost } from '../../analyze/costs.ts'
import { INT8_OPERATORS } from '../../engines/onnxruntime/int8/int8-kernels.ts'
import type { Int8Twin } from '../../evidence/evidence.ts'
import type { Roofs } from '../../machine/types.ts'
import type { Profile } from '../../measure/timing/types.ts'
import { defineRule } from '../rule.ts'
import { counted, ms, operators, share, tell } from '../tell.ts'
import { isWorthSaying } from '../worth.ts'

/** Of the float32 roof: what a float kernel of few channels is taken to reach at least, where its twin was not measured. */
const FLOAT_EFFICIENCY = 0.25
/** Bytes of a float32 over those of an int8. */
const FLOAT_BYTES = 4

interface Slower {
  readonly node: NodeCost
  readonly floatMs: number
}

export const int8SlowerThanFloat = defineRule({
  id: 'int8-slower-than-float',
  area: 'software',
  title: 'Kernels in int8 are slower here than those in float',
  needs: ['latency', 'profile', 'costs'],
  wants: ['int8Twins', 'roofs'],
  check({ latency: { p50Ms }, profile, costs, int8Twins, roofs }) {
    const inInt8 = costs.nodes.filter(({ opType }) => INT8_OPERATORS.has(opType))
    const slower = int8Twins === undefined ? modelled(inInt8, profile, roofs) : measured(inInt8, int8Twins)
    const timeMs = slower.reduce((sum, { node }) => sum + node.timeMs, 0)
    const floatMs = slower.reduce((sum, one) => sum + one.floatMs, 0)
    if (slower.length === 0 || !isWorthSaying(timeMs - floatMs, p50Ms)) return 'clear'
    const how = int8Twins === undefined ? 'by the arithmetic and bytes of them' : 'measured on each operator alone'
    return {
      ...tell`${operators(slower.map(({ node }) => node.opType))}: ${counted('node', slower.length)} in int8 ${slower.length === 1 ? 'takes' : 'take'}
          ${ms('time', timeMs)}, ${share('time-share', timeMs / p50Ms)} of the p50. In float32 ${slower.length === 1 ? 'it' : 'they'} would take
          ${ms('float-time', floatMs)}, ${how}.`,
      timeMs,
      wouldSaveMs: Math.min(timeMs - floatMs, p50Ms),
      basis: int8Twins === undefined ? 'modelled' : 'measured',
      nodes: slower.map(({ node }) => node.name),
      next: 'whyslow fix MODEL -o fast/ --max-loss 0.01',
    }
  },
})

/** Those that are slower over the whole interval of their ratio. */
function measured(nodes: readonly NodeCost[], twins: readonly Int8Twin[]): Slower[] {
  const slower = twins.filter(({ ratioLow }) => ratioLow > 1)
  return nodes.flatMap((node) => {
    const twin = slower.find((one) => one.nodes.includes(node.name))
    return twin === undefined ? [] : [{ node, floatMs: node.timeMs * (twin.floatMs / twin.asIsMs) }]
  })
}

function modelled(nodes: readonly NodeCost[], { graph }: Profile, roofs: Roofs | undefined): Slower[] {
  const rate = roofs?.flopsPerSecond.float32
  if (rate === undefined) return []
  const grouped = new Set(
    graph.nodes.flatMap(({ name, attributes: { group } }) => (typeof group === 'number' && group > 1 ? [name] : [])),
  )
  return nodes.flatMap((node) => {
    if (node.opType !== 'QLinearConv' || !grouped.has(node.name) || node.cost === undefined) return []
    const floatMs = ((2 * node.cost.macs) / (rate * FLOAT_EFFICIENCY)) * 1000 + FLOAT_BYTES * node.cappedFloorMs
    return floatMs < node.timeMs ? [{ node, floatMs }] : []
  })
}
