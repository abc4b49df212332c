// Nodes that compute as fast as this machine can at their precision: only less arithmetic, or cheaper arithmetic, helps them.
// The roofs were measured with the engine's own kernels; what int8 saves is claimed only if its kernels and conversions were timed.

import { countFact, ms, part, ratio, type Sentence, tell } from '@whyslow/diagnosis/tell.ts'
import { isWorthSaying } from '@whyslow/diagnosis/worth.ts'
import type { Roofs } from '@whyslow/measure/machine/types.ts'
import type { NodeCost } from '../../analyze/costs.ts'
import { INT8_NOT_TIMED, INT8_PARTLY_TIMED, int8SavingsByNode, speaksForAll } from '../int8-savings.ts'
import { fixModel, quantizeModel } from '../next-command.ts'
import { operatorsTake } from '../operators.ts'
import { defineRule } from '../rule.ts'

/** A note without a saving is worth a line only where the arithmetic at the measured roof makes up a quarter of the p50. */
const MIN_NOTE_SHARE = 0.25

/** Kernels whose work is multiply-adds have int8 twins; the steps of recurrent ones wait for one another whatever the precision. */
const MAX_SERIAL_STEPS = 1

export const computeBoundOperators = defineRule({
  id: 'compute-bound-operators',
  area: 'architecture',
  title: 'Compute-bound: the arithmetic itself takes the time',
  needs: ['latency', 'costs', 'roofs'],
  wants: ['operatorExperiments'],
  check({ latency, costs, roofs, operatorExperiments }) {
    const { p50Ms } = latency
    const bound = costs.nodes.filter(
      ({ bound, cost }) => bound === 'compute' && cost !== undefined && cost.macs > 0 && cost.serialSteps <= MAX_SERIAL_STEPS,
    )
    const floorMs = sum(bound, ({ cappedFloorMs }) => cappedFloorMs)
    const float = bound.filter(({ cost }) => cost!.arithmetic === 'float32')
    const alone = int8SavingsByNode(operatorExperiments)
    const timed = float.filter(({ name }) => alone?.has(name))
    const faster = timed.filter(({ name }) => alone!.get(name)! > 0)
    const savingMs = sum(faster, ({ name }) => alone!.get(name)!)
    const claims = isWorthSaying(savingMs, p50Ms)
    if (!claims && floorMs < MIN_NOTE_SHARE * p50Ms) return 'clear'

    const timeMs = sum(bound, (node) => node.timeMs)
    const isFloat = isWorthSaying(
      sum(float, ({ cappedFloorMs }) => cappedFloorMs),
      p50Ms,
    )
    const isKnown = speaksForAll(timed, float)
    const isWide = isDouble(bound, floorMs)
    const isUnknown = isFloat && !isKnown && mayGain(roofs)
    const lower = claims
      ? tell`Timed alone in int8, ${countFact('node', faster.length)} would take ${ms('saving', savingMs)} less, conversions at the borders of
          int8 included.`
      : isUnknown
        ? timed.length > 0
          ? INT8_PARTLY_TIMED
          : INT8_NOT_TIMED
        : isWide
          ? 'It is float64: in float32 the same arithmetic takes half as long, if its fewer digits are enough: fix tries that.'
          : whyNoGain(isFloat, isKnown, int8Gain(roofs))
    return {
      ...tell`${operatorsTake(bound.map((node) => node.opType))} ${ms('time', timeMs)}, ${part('time-share', timeMs / p50Ms)} of the p50;
        ${ms('floor', floorMs)} of it is arithmetic at the fastest rate measured on this machine. ${lower}`,
      timeMs,
      wouldSaveMs: claims ? Math.min(savingMs, p50Ms) : 0,
      basis: claims ? 'measured' : 'modelled',
      nodes: bound.map((node) => node.name),
      next: claims || isUnknown ? quantizeModel : isWide ? fixModel('--max-loss', '0.01') : fixModel(),
    }
  },
})

/** The int8 rate over the float32 rate; undefined if one was not measured. */
function int8Gain({ flopsPerSecond: { float32, int8 } }: Roofs): number | undefined {
  return float32 === undefined || int8 === undefined ? undefined : int8 / float32
}

/** Most of the arithmetic is in 64 bits, of which a vector holds half as many. */
const isDouble = (bound: readonly NodeCost[], floorMs: number): boolean =>
  sum(
    bound.filter(({ cost }) => cost!.arithmetic === 'float64'),
    ({ cappedFloorMs }) => cappedFloorMs,
  ) >
  floorMs / 2

const mayGain = (roofs: Roofs): boolean => (int8Gain(roofs) ?? 1) > 1

function whyNoGain(inFloat: boolean, wasTimed: boolean, gain: number | undefined): string | Sentence {
  if (!inFloat)
    return 'It is int8 or another precision already, so only less arithmetic helps: a smaller input, fewer channels or layers.'
  if (wasTimed)
    return 'Timed alone in int8 with the conversions around it, it is hardly faster, so less arithmetic is what helps.'
  if (gain === undefined) return 'What int8 would give is not known: its roof was not measured.'
  return tell`int8 kernels reached only ${ratio('int8-rate', gain)} times the float32 rate here, so less arithmetic is what helps.`
}

function sum(nodes: readonly NodeCost[], of: (node: NodeCost) => number): number {
  return nodes.reduce((total, node) => total + of(node), 0)
}
