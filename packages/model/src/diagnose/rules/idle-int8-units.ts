// The CPU has units for int8 dot products, int8 kernels were measured to be faster, and the model computes in float32.
// What it would save is what operators timed alone take less in int8, but for those that compute-bound-operators and memory-bound-operators
// speak of; a fact if none were timed.
import { countFact, ms, part, ratio, tell } from '@whyslow/diagnosis/tell.ts'
import { isWorthSaying } from '@whyslow/diagnosis/worth.ts'
import { INT8_NOT_TIMED, int8SavingsByNode, waitsForWeights } from '../int8-savings.ts'
import { quantizeModel } from '../next-command.ts'
import { operators } from '../operators.ts'
import { defineRule } from '../rule.ts'

/** Instructions that multiply and add int8 in one step, by their names in /proc/cpuinfo. */
const INT8_UNITS = ['amx_int8', 'avx512_vnni', 'avx_vnni', 'i8mm', 'dotprod']

/** Quantizing and dequantizing cost something too: below 1.5 times, a whole model rarely gains. */
const MIN_GAIN = 1.5

/** Below a quarter of the p50 there is little for the units to take over. */
const MIN_SHARE = 0.25

export const idleInt8Units = defineRule({
  id: 'idle-int8-units',
  area: 'hardware',
  title: "The CPU's int8 units (VNNI, AMX) are unused",
  needs: ['latency', 'machine', 'roofs', 'costs'],
  wants: ['operatorExperiments'],
  check({ latency, machine, roofs, costs, operatorExperiments }) {
    const units = INT8_UNITS.filter((unit) => machine.isa.includes(unit))
    if (units.length === 0) return 'clear'
    const { float32, int8 } = roofs.flopsPerSecond
    if (float32 === undefined || int8 === undefined) return { notChecked: roofs.reasons.int8 ?? 'the int8 roof was not measured' }
    if (int8 < MIN_GAIN * float32) return 'clear'

    const heavy = costs.nodes.filter(({ cost }) => cost !== undefined && cost.macs > 0 && cost.arithmetic === 'float32')
    const timeMs = heavy.reduce((sum, node) => sum + node.timeMs, 0)
    if (timeMs < MIN_SHARE * latency.p50Ms) return 'clear'
    const savings = int8SavingsByNode(operatorExperiments)
    const own = heavy.filter((node) => node.bound !== 'compute' && !waitsForWeights(node))
    const faster = own.filter(({ name }) => (savings?.get(name) ?? 0) > 0)
    const savingMs = faster.reduce((sum, { name }) => sum + savings!.get(name)!, 0)
    const claims = isWorthSaying(savingMs, latency.p50Ms)
    const alone = claims
      ? tell` Timed alone in int8, ${countFact('node', faster.length)} of them would take ${ms('saving', savingMs)} less, conversions at
          the borders of int8 included.`
      : savings === undefined
        ? ` ${INT8_NOT_TIMED}`
        : ''
    return {
      ...tell`The CPU has ${units.join(', ')}, and int8 kernels reached ${ratio('int8-rate', int8 / float32)} times the float32 rate here.
        ${operators(heavy.map((node) => node.opType))} ${heavy.length === 1 ? 'computes' : 'compute'} in float32 for ${ms('time', timeMs)},
        ${part('time-share', timeMs / latency.p50Ms)} of the p50.${alone}`,
      timeMs,
      wouldSaveMs: claims ? Math.min(savingMs, latency.p50Ms) : 0,
      basis: claims ? 'measured' : 'modelled',
      nodes: heavy.map((node) => node.name),
      next: quantizeModel,
    }
  },
})
