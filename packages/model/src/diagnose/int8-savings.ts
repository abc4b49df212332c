// What is known of a float model in int8, and which of its nodes are whose to speak of. Shared by the rules whose nodes int8 may help.
import type { OperatorExperiments } from '@whyslow/measure/timing/operators/types.ts'
import type { NodeCost } from '../analyze/costs.ts'

/** What executed nodes in float would take less in int8, ms, conversions taken off; 0 if they are better left in float. undefined: that was not timed. */
export function int8SavingsByNode(experiments: OperatorExperiments | undefined): ReadonlyMap<string, number> | undefined {
  const int8 = experiments?.int8
  if (int8 === undefined || 'reason' in int8) return undefined
  return new Map(int8.nodes.map(({ name, savesMs }) => [name, savesMs]))
}

/** What says so if they were not: the command that times int8 kernels of these shapes. */
export const INT8_NOT_TIMED =
  'What int8 would save was not timed: quantize first times its kernels of these shapes, conversions included.'

/** The same if some of them were, too few to speak for all. */
export const INT8_PARTLY_TIMED =
  'What int8 would save was timed for some of them only: quantize first times its kernels of the other shapes, conversions included.'

/** Nodes that were timed speak for all if they hold this share of their time. */
const MIN_TIMED_SHARE = 0.8

/** Whether what was found of the timed nodes may be said of all. */
export function speaksForAll(timed: readonly NodeCost[], all: readonly NodeCost[]): boolean {
  const timeOf = (nodes: readonly NodeCost[]) => nodes.reduce((sum, { timeMs }) => sum + timeMs, 0)
  return timed.length > 0 && timeOf(timed) >= MIN_TIMED_SHARE * timeOf(all)
}

/** If fewer than half of the bytes are weights, it is the data that is read, and smaller weights help little. */
const MIN_WEIGHT_SHARE = 0.5

/** Weights below 4.2 MB stay in the second-level caches of a few cores between predictions; reading them from L3 is no finding. */
const MIN_L3_WEIGHT_BYTES = 4 * 2 ** 20

/** True of a node whose weights come from memory or the last cache, and take longer than its arithmetic. */
export function waitsForWeights({ bound, level, cost }: NodeCost): boolean {
  if (bound !== 'memory' || cost === undefined || cost.weightBytes < MIN_WEIGHT_SHARE * cost.bytes || cost.bytes === 0)
    return false
  return level === 'DRAM' || (level === 'L3' && cost.weightBytes >= MIN_L3_WEIGHT_BYTES)
}
