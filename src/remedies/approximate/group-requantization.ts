// Groups DequantizeLinear - operator - QuantizeLinear that break one of the engine's conditions (operators/quantization/conditions.ts),
// rewritten so that they keep it. What changes are roundings: by half a step of a scale, never a weight.

import { INT8_OPERATORS } from '../../engines/onnxruntime/int8/int8-kernels.ts'
import { unquantizedOutputs } from '../../quantize/repair/output-from-int8.ts'
import { requantize } from '../../quantize/repair/requantize.ts'
import { siteOf } from '../../quantize/repair/site.ts'
import { defineRemedy, predictedBy } from '../../rewrite/remedy.ts'

const TREATS = ['unfused-quantization']
/** What may give a value under the name that it had in float. */
const FUSED = new Set([...INT8_OPERATORS, 'DequantizeLinear'])

export const groupRequantization = defineRemedy({
  id: 'group-requantization',
  title: 'Quantized groups rewritten so that they fuse',
  treats: TREATS,
  effect: 'approximate',
  kind: 'rewrite',
  goals: ['latency', 'throughput'],
  async apply(setup, evidence, tools) {
    const site = siteOf(setup.model)
    const outputs = site === undefined ? [] : unquantizedOutputs(site).map(({ value }) => value)
    const ranges = outputs.length > 0 && tools.ranges !== undefined ? await tools.ranges(setup, outputs) : new Map()
    const all = requantize(setup.model, ranges)
    const known = ranges.size > 0 ? requantize(setup.model, new Map()) : undefined
    const variants = [{ variant: '', mended: all }, ...(known ? [{ variant: 'known-scales', mended: known }] : [])]
    return variants.flatMap(({ variant, mended }) => {
      if (mended === undefined) return []
      const { model, changes, nodes } = mended
      return [
        {
          variant,
          setup: { ...setup, model },
          changes,
          predictedSavingMs: predictedBy(TREATS, evidence),
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
