// What quantized groups that did not fuse cost, and what fusing them would save: times of the corrected profile, and for the operator
// itself the rate at which those of the model ran that did fuse. What no int8 kernel of the model shows is not claimed.

import type { Given } from '@whyslow/diagnosis/rule.ts'
import type { NodeView } from '@whyslow/graph/types.ts'
import { includesLevel } from '@whyslow/measure/engines/onnxruntime/facts/optimizers.ts'
import { keepsInt8 } from '@whyslow/measure/engines/onnxruntime/int8/fused-types.ts'
import { type QuantizedGroup, quantizedGroups } from '@whyslow/measure/engines/onnxruntime/int8/quantized-groups.ts'
import type { AnalyzedEvidence } from '../analyze/analyzed-evidence.ts'
import type { NodeCost } from '../analyze/costs.ts'

export interface TimedGroup extends QuantizedGroup {
  /** Time of the conversions, ms per prediction; null if one of them was not timed. */
  readonly conversionsMs: number | null
  /** Time of the operator in float, ms. */
  readonly operatorMs: number | null
  /** What goes with the conversions, and with the operator at the rate of those in int8, if it has a kernel and the model has such; null if not known. */
  readonly wouldSaveMs: number | null
}

/** What it needs, and what sharpens the answer. */
export type TimedEvidence = Given<AnalyzedEvidence, 'profile' | 'costs', 'graph' | 'model' | 'engine' | 'machine'>

/** The groups of the executed graph that did not fuse, with their times; the largest saving first. */
export function timedGroups({ profile, costs, graph, model, engine, machine }: TimedEvidence): readonly TimedGroup[] {
  const isUnoptimized = !includesLevel(engine?.options.graphOptimization ?? 'all', 'extended')
  // If the model says no opset, the newest behaviour is taken to hold.
  const opset = model?.opsets[''] ?? Number.POSITIVE_INFINITY
  const fusing = { opset, keepsInt8: keepsInt8(machine?.architecture, engine?.options.configEntries) }
  const groups = quantizedGroups(profile.graph, { graph, fusing, isUnoptimized })
  const byName = new Map(costs.nodes.map((node) => [node.name, node]))
  const int8Time = int8Times(costs.nodes)
  const timeOf = (nodes: readonly NodeView[]): number | null => {
    const times = nodes.map(({ name }) => byName.get(name)?.timeMs)
    return times.includes(undefined) ? null : times.reduce<number>((sum, ms) => sum + ms!, 0)
  }
  const timed = groups.map((group): TimedGroup => {
    const conversionsMs = timeOf(group.conversions)
    const kernel = byName.get(group.operator.name)
    // How much faster a product is in int8 that is unpacked to float now is not modelled.
    const isKnown = conversionsMs !== null && group.condition !== 'float-products'
    // ConvInteger is slower than a float kernel: how much shows where it was timed alone.
    const isFaster = group.hasInt8Kernel && group.condition !== 'integer-convolution'
    const kernelSavingMs = kernel === undefined || !isFaster ? 0 : Math.max(0, kernel.timeMs - int8Time(kernel))
    return {
      ...group,
      conversionsMs,
      operatorMs: kernel?.timeMs ?? null,
      wouldSaveMs: isKnown ? conversionsMs + kernelSavingMs : null,
    }
  })
  const rank = ({ wouldSaveMs, operatorMs }: TimedGroup) => wouldSaveMs ?? (operatorMs ?? 0) / 1e6
  return timed.sort((a, b) => rank(b) - rank(a))
}

/** What a float kernel would take in int8: at the rate at which this model's own fused operators ran; if there are none, as long as it does. */
function int8Times(nodes: readonly NodeCost[]): (kernel: NodeCost) => number {
  const fused = nodes.filter(({ cost, timeMs }) => cost?.arithmetic === 'int8' && cost.macs > 0 && timeMs > 0)
  const macs = fused.reduce((sum, { cost }) => sum + cost!.macs, 0)
  const timeMs = fused.reduce((sum, node) => sum + node.timeMs, 0)
  return (kernel) => {
    if (kernel.cost === undefined || kernel.cost.macs === 0 || macs === 0) return kernel.timeMs
    return kernel.cost.macs * (timeMs / macs)
  }
}
