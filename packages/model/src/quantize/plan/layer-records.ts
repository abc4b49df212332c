// What was found of single layers: the rows of the report's section on quantization.
import type { PrecisionMethod } from '../../remedies/kit/remedy.ts'
import type { Layers } from './choose.ts'
import type { LearnedModel } from './learned-model.ts'
import type { OperatorBenchmark } from './operator-benchmark.ts'
import type { RestoredLayers } from './restore-accuracy.ts'

export interface LayerRecord {
  readonly node: string
  /** The node's own name; '' if it has none. */
  readonly name: string
  readonly opType: string
  readonly method: PrecisionMethod
  /** Name of the plan. */
  readonly variant: string
  readonly beforeMs: number | null
  readonly afterMs: number | null
  /** Signal to noise of the worst output with this layer alone quantized, dB; null: not measured. */
  readonly sqnrDb: number | null
  /** It gains, and stays float32 for the sake of accuracy. */
  readonly inFloat: boolean
}

/** One record of each layer chosen. */
export function layerRecords(
  { model, nodes }: LearnedModel,
  { times }: Pick<OperatorBenchmark, 'times'>,
  { layers: chosen }: Layers,
  { method, variant, layers, errors }: Pick<LayerRecord, 'method' | 'variant'> & Pick<RestoredLayers, 'layers' | 'errors'>,
): LayerRecord[] {
  const names = new Map(model.proto.graph!.node.map(({ name, output }) => [output[0] ?? '', name]))
  const numberOr = (ms: number | string | undefined) => (typeof ms === 'number' ? ms : null)
  return nodes.flatMap(({ node, opType }): LayerRecord[] => {
    const precision = chosen.get(node)
    if (precision === undefined) return []
    return [
      {
        node,
        name: names.get(node) ?? '',
        opType,
        method,
        variant,
        beforeMs: numberOr(times.get(node)?.floatMs),
        afterMs: numberOr(times.get(node)?.other[precision]),
        sqnrDb: decibels(errors.get(node)),
        inFloat: !(layers?.layers.has(node) ?? false),
      },
    ]
  })
}

/** Decibels of noise over signal; null if there is none, or nothing but noise. */
export const decibels = (noise: number | undefined): number | null =>
  noise !== undefined && noise > 0 && Number.isFinite(noise) ? -10 * Math.log10(noise) : null
