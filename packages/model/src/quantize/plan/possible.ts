// For a run that tries nothing: what the search for precisions would choose from. Every layer that can be in fewer bits is; nothing is
// timed, calibrated or compared.
import type { Model } from '@whyslow/graph/model.ts'
import type { PrecisionMethod } from '../../remedies/kit/remedy.ts'
import type { Precision } from '../write/choice.ts'
import { quantizableNodes } from '../write/quantizable.ts'
import { quantize } from '../write/quantize.ts'
import { isPossible, isWanted, type PrecisionConstraints } from './learned-model.ts'
import type { PrecisionSearch } from './precision.ts'

/** Ranges are made up, so that what is written can be counted; nobody may run it. */
const RANGE = { low: -1, high: 1 }
const PRECISION: Readonly<Record<PrecisionMethod, Precision>> = { dynamic: 'dynamic', static: 'static', weights: 'weights8' }

export function possiblePrecisions(
  constraints: Pick<PrecisionConstraints, 'method' | 'allowStatic' | 'options'>,
  prepare: (model: Model) => Promise<Model>,
): PrecisionSearch {
  return {
    async plan(given, method) {
      if (!isWanted(constraints, method) || !isPossible(constraints, method)) return []
      const model = await prepare(given)
      const nodes = quantizableNodes(model).filter(({ precisions }) => precisions.includes(PRECISION[method]))
      if (nodes.every(({ movesData }) => movesData)) return []
      const values = nodes.flatMap(({ parts, activationsIn, activationsOut }) => [...parts, ...activationsIn, ...activationsOut])
      const choice = {
        layers: new Map(nodes.map(({ node }) => [node, PRECISION[method]])),
        ranges: new Map(values.map((value) => [value, RANGE])),
        options: constraints.options,
      }
      return [{ variant: '', quantized: quantize(model, choice), savingMs: null }]
    },
    // What another engine is given follows from ranges, and is tried where they are known.
    planOn: async () => [],
    records: () => [],
    measureErrors: async () => {},
    reasons: () => new Map(),
  }
}
