// Nodes that wait for their weights: with one sample each weight is read once and used once, so the bytes and not the arithmetic
// set the time. Weights in int8 are a quarter of the bytes.

import { bytes, countFact, ms, part, tell } from '@whyslow/diagnosis/tell.ts'
import { isWorthSaying } from '@whyslow/diagnosis/worth.ts'
import { int8SavingsByNode, speaksForAll, waitsForWeights } from '../int8-savings.ts'
import { fixModel, quantizeModel } from '../next-command.ts'
import { operatorsTake } from '../operators.ts'
import { defineRule } from '../rule.ts'

/** Bytes of int8 compared with float32. */
const QUANTIZED_BYTES = 1 / 4

/** Operators whose weights are packed below a byte already, though they compute in float. */
const PACKED = /NBits|Bnb4|FpQ4|BlockQuantized/

const unknown = (which: string): string =>
  `int8 kernels of ${which} shapes, and the conversions around them, were not timed: quantize times them first`

export const memoryBoundOperators = defineRule({
  id: 'memory-bound-operators',
  area: 'hardware',
  title: 'Memory-bound: operators wait for weights from memory',
  needs: ['latency', 'costs'],
  wants: ['operatorExperiments'],
  check({ latency, costs, operatorExperiments }) {
    const { p50Ms } = latency
    const bound = costs.nodes.filter(waitsForWeights)
    const timeMs = bound.reduce((sum, node) => sum + node.timeMs, 0)
    const shrinking = bound.filter(({ cost, opType }) => cost!.arithmetic === 'float32' && !PACKED.test(opType))
    const readingMs = shrinking.reduce(
      (sum, { cost, cappedFloorMs }) => sum + cappedFloorMs * (cost!.weightBytes / cost!.bytes) * (1 - QUANTIZED_BYTES),
      0,
    )
    const savings = int8SavingsByNode(operatorExperiments)
    const timed = shrinking.filter(({ name }) => savings?.has(name))
    const savingMs = timed.reduce((sum, { name }) => sum + savings!.get(name)!, 0)
    const claims = isWorthSaying(savingMs, p50Ms)
    const isKnown = speaksForAll(timed, shrinking)
    if (!claims && !isWorthSaying(readingMs, p50Ms)) return 'clear'

    const weightBytes = bound.reduce((sum, node) => sum + node.cost!.weightBytes, 0)
    const where = bound.some((node) => node.level === 'DRAM') ? 'memory, too large for the cache' : 'the last-level cache'
    const inInt8 = claims
      ? tell`Timed alone in int8, ${countFact('node', timed.length)} would take ${ms('saving', savingMs)} less, conversions at the borders of
          int8 included;`
      : isKnown
        ? 'Timed alone in int8 they are hardly faster;'
        : 'Weights in int8 are a quarter of that;'
    return {
      ...tell`${operatorsTake(bound.map((node) => node.opType))} ${ms('time', timeMs)}, ${part('time-share', timeMs / p50Ms)} of the p50,
        to read ${bytes('weights', weightBytes)} of weights from ${where}, at every prediction. ${inInt8} several samples in one batch share
        one reading.`,
      timeMs,
      ...(claims
        ? { wouldSaveMs: Math.min(savingMs, p50Ms), basis: 'measured' }
        : isKnown
          ? { wouldSaveMs: 0, basis: 'measured' }
          : { wouldSaveMs: null, savingUnknown: unknown(timed.length > 0 ? 'some of these' : 'these'), basis: 'modelled' }),
      nodes: bound.map((node) => node.name),
      next: claims || !isKnown ? quantizeModel : fixModel(),
    }
  },
})
