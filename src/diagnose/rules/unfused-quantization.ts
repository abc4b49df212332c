// Quantized groups that the engine did not fuse: the model is written as DequantizeLinear - operator - QuantizeLinear, and where the
// group breaks one of the engine's conditions it converts at every prediction and computes in float all the same.
// Conditions as ONNX Runtime has them: onnxruntime/core/optimizer/qdq_transformer/selectors_actions.
import type { NodeCost } from '../../analyze/costs.ts'
import type { NodeView } from '../../graph/types.ts'
import type { Roofs } from '../../machine/types.ts'
import { graphsWithin, neighboursOf } from '../neighbours.ts'
import { quantizedGroups } from '../quantized-groups.ts'
import { defineRule } from '../rule.ts'
import { isWorthSaying, sayCount, sayMs, sayShare } from '../worth.ts'

/** So many groups are named in the sentence, the longest first; all their nodes are listed. */
const NAMED = 3

export const unfusedQuantization = defineRule({
  id: 'unfused-quantization',
  area: 'software',
  title: 'Quantized operators run in float, converting at every prediction',
  needs: ['latency', 'profile', 'costs', 'roofs'],
  check({ latency, profile, costs, roofs }) {
    const { p50Ms } = latency
    const groups = graphsWithin(profile.graph).flatMap((graph) => quantizedGroups(neighboursOf(graph)))
    const byName = new Map(costs.nodes.map((node) => [node.name, node]))
    const int8Time = int8Times(costs.nodes, roofs)
    const timeOf = (nodes: readonly NodeView[]) => nodes.reduce((sum, { name }) => sum + (byName.get(name)?.timeMs ?? 0), 0)

    const timed = groups
      .map((group) => {
        const conversionsMs = timeOf(group.conversions)
        const kernel = byName.get(group.operator.name)
        const kernelSavingMs = kernel !== undefined && group.hasInt8Kernel ? Math.max(0, kernel.timeMs - int8Time(kernel)) : 0
        return { ...group, timeMs: conversionsMs + timeOf([group.operator]), savingMs: conversionsMs + kernelSavingMs }
      })
      .sort((a, b) => b.savingMs - a.savingMs)
    const timeMs = timed.reduce((sum, group) => sum + group.timeMs, 0)
    const savingMs = timed.reduce((sum, group) => sum + group.savingMs, 0)
    if (timed.length === 0 || !isWorthSaying(savingMs, p50Ms)) return 'clear'

    const named = timed.slice(0, NAMED).map(({ operator, breaks }) => `${operator.name} (${operator.opType}): ${breaks}`)
    const rest = timed.length > NAMED ? `; and ${timed.length - NAMED} more` : ''
    return {
      found: {
        detail:
          `${sayCount(timed.length, 'group')} did not fuse and ${timed.length === 1 ? 'takes' : 'take'} ${sayMs(timeMs)}, ${sayShare(timeMs / p50Ms)} of the p50. ` +
          `${named.join('; ')}${rest}.`,
        timeMs,
        wouldSaveMs: Math.min(savingMs, p50Ms),
        basis: 'modelled',
        nodes: timed.flatMap(({ operator, conversions }) => [operator.name, ...conversions.map(({ name }) => name)]),
        next: null,
      },
    }
  },
})

/**
 * What a float kernel would take in int8: at the rate at which this model's own fused operators ran, where there are any; else with its
 * floor divided by the measured int8 rate over the float32 rate.
 */
function int8Times(nodes: readonly NodeCost[], roofs: Roofs): (kernel: NodeCost) => number {
  const fused = nodes.filter(({ cost, timeMs }) => cost?.arithmetic === 'int8' && cost.macs > 0 && timeMs > 0)
  const macs = fused.reduce((sum, { cost }) => sum + cost!.macs, 0)
  const timeMs = fused.reduce((sum, node) => sum + node.timeMs, 0)
  const { float32, int8 } = roofs.flopsPerSecond
  const gain = float32 === undefined || int8 === undefined ? 1 : Math.max(1, int8 / float32)
  return (kernel) => {
    if (kernel.cost === undefined || kernel.cost.macs === 0) return kernel.timeMs
    return macs > 0 ? kernel.cost.macs * (timeMs / macs) : kernel.timeMs - kernel.cappedFloorMs * (1 - 1 / gain)
  }
}
