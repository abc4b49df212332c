// Groups DequantizeLinear - operator - QuantizeLinear that break one of the engine's conditions (measure/engines/onnxruntime/int8/conditions.ts),
// rewritten so that they keep it. What changes are roundings: by half a step of a scale, never a weight.
import { INT8_OPERATORS } from '@whyslow/measure/engines/onnxruntime/int8/int8-kernels.ts'
import type { UnfusedReason } from '@whyslow/measure/engines/onnxruntime/int8/unfused.ts'
import { unquantizedOutputs } from '../../quantize/repair/output-from-int8.ts'
import { quantizedGraph } from '../../quantize/repair/quantized-graph.ts'
import { REQUANTIZE_REMOVES } from '../../quantize/repair/repairable.ts'
import { requantize } from '../../quantize/repair/requantize.ts'
import { defineRemedy, predictedSaving } from '../kit/remedy.ts'

const TREATS = ['unfused-quantization']
/** Their output's range has to be measured. */
const NEEDS_RANGES: ReadonlySet<UnfusedReason> = new Set(['output-not-quantized', 'activation-between'])
/** What may give a value under the name that it had in float. */
const FUSED = new Set([...INT8_OPERATORS, 'DequantizeLinear'])

export const groupRequantization = defineRemedy({
  id: 'group-requantization',
  title: 'Quantized groups rewritten so that they fuse',
  treats: TREATS,
  effect: 'approximate',
  kind: 'rewrite',
  goals: ['latency', 'throughput'],
  repairs({ condition, opType, canMeasureRanges }) {
    if (condition === 'no-int8-kernel') return opType === 'BatchNormalization'
    return REQUANTIZE_REMOVES.has(condition) && (canMeasureRanges || !NEEDS_RANGES.has(condition))
  },
  async apply(setup, evidence, tools) {
    const quantized = quantizedGraph(setup.model)
    const outputs = quantized === undefined ? [] : unquantizedOutputs(quantized).map(({ value }) => value)
    const ranges = outputs.length > 0 && tools.ranges !== undefined ? await tools.ranges(setup, outputs) : new Map()
    const all = requantize(setup.model, ranges)
    const known = ranges.size > 0 ? requantize(setup.model, new Map()) : undefined
    const variants = [{ variant: '', requantized: all }, ...(known ? [{ variant: 'known-scales', requantized: known }] : [])]
    return variants.flatMap(({ variant, requantized }) => {
      if (requantized === undefined) return []
      const { model, changes, nodes } = requantized
      return [
        {
          variant,
          setup: { ...setup, model },
          changes,
          predictedSavingMs: predictedSaving(TREATS, evidence),
          // An operator that fused has another type, and its float output is gone.
          took: ({ nodes: executed }) => {
            const left = executed.filter(
              ({ outputs: made, opType }) => !FUSED.has(opType) && made.some((name) => nodes.has(name)),
            )
            return left.length < nodes.size
          },
        },
      ]
    })
  },
})
