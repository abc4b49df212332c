// Nodes that wait for their weights: with one sample each weight is read once and used once, so the bytes and not the arithmetic
// set the time. Weights in int8 are a quarter of the bytes.

import { bytes, ms, share, tell } from '@whyslow/diagnosis/tell.ts'
import { isWorthSaying } from '@whyslow/diagnosis/worth.ts'
import type { NodeCost } from '../../analyze/costs.ts'
import { fixModel } from '../next-command.ts'
import { operatorsTake } from '../operators.ts'
import { defineRule } from '../rule.ts'

/** Where fewer than half of the bytes are weights, it is the data that is read, and smaller weights help little. */
const MIN_WEIGHT_SHARE = 0.5

/** Bytes of int8 compared with float32. */
const QUANTIZED_BYTES = 1 / 4

/** Operators whose weights are packed below a byte already, though they compute in float. */
const PACKED = /NBits|Bnb4|FpQ4|BlockQuantized/

/** Weights below 4.2 MB stay in the second-level caches of a few cores between predictions; reading them from L3 is no finding. */
const MIN_L3_WEIGHT_BYTES = 4 * 2 ** 20

export const memoryBoundOperators = defineRule({
  id: 'memory-bound-operators',
  area: 'hardware',
  title: 'Memory-bound: operators wait for weights from memory',
  needs: ['latency', 'costs'],
  check({ latency, costs }) {
    const { p50Ms } = latency
    const bound = costs.nodes.filter(waitsForWeights)
    const timeMs = bound.reduce((sum, node) => sum + node.timeMs, 0)
    const savingMs = bound.reduce((sum, { cost, cappedFloorMs, opType }) => {
      const shrinks = cost!.arithmetic === 'float32' && !PACKED.test(opType)
      return shrinks ? sum + cappedFloorMs * (cost!.weightBytes / cost!.bytes) * (1 - QUANTIZED_BYTES) : sum
    }, 0)
    if (!isWorthSaying(savingMs, p50Ms)) return 'clear'

    const weightBytes = bound.reduce((sum, node) => sum + node.cost!.weightBytes, 0)
    const where = bound.some((node) => node.level === 'DRAM') ? 'memory, too large for the cache' : 'the last-level cache'
    return {
      ...tell`${operatorsTake(bound.map((node) => node.opType))} ${ms('time', timeMs)}, ${share('time-share', timeMs / p50Ms)} of the p50,
        to read ${bytes('weights', weightBytes)} of weights from ${where}, at every prediction. Weights in int8 are a quarter of that;
        several samples in one batch share one reading.`,
      timeMs,
      wouldSaveMs: Math.min(savingMs, p50Ms),
      basis: 'modelled',
      nodes: bound.map((node) => node.name),
      next: fixModel(),
    }
  },
})

function waitsForWeights({ bound, level, cost }: NodeCost): boolean {
  if (bound !== 'memory' || cost === undefined || cost.weightBytes < MIN_WEIGHT_SHARE * cost.bytes || cost.bytes === 0)
    return false
  return level === 'DRAM' || (level === 'L3' && cost.weightBytes >= MIN_L3_WEIGHT_BYTES)
}
