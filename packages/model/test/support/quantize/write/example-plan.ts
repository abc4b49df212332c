// A plan as measuring would find it, for the tests of the remedies that use one.
import type { Model } from '@whyslow/graph/model.ts'
import type { Precision, Range } from '../../../../src/quantize/write/choice.ts'
import { quantizableNodes } from '../../../../src/quantize/write/quantizable.ts'
import { quantize } from '../../../../src/quantize/write/quantize.ts'
import type { PrecisionMethod, RemedyTools } from '../../../../src/remedies/kit/remedy.ts'
import { engineTools } from '../../remedies/check-run.ts'
import { here } from './example-options.ts'

/** Tools that choose the precision for every layer of the model as it was first given that can have it, where this method is asked for. */
export function choosing(method: PrecisionMethod, precision: Precision, range: Range = { low: -4, high: 4 }): RemedyTools {
  return {
    ...engineTools,
    async precision(model: Model, asked: PrecisionMethod) {
      if (asked !== method) return []
      const nodes = quantizableNodes(model).filter(({ precisions }) => precisions.includes(precision))
      if (nodes.length === 0) return []
      const values = nodes.flatMap(({ parts, activationsIn, activationsOut }) => [...parts, ...activationsIn, ...activationsOut])
      const choice = {
        layers: new Map(nodes.map(({ node }) => [node, precision])),
        ranges: new Map(values.map((value) => [value, range])),
        options: here,
      }
      return [{ variant: '', quantized: quantize(model, choice), savingMs: 2 }]
    },
  }
}
