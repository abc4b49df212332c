// Quantization recipes, the ways to quantize the same layers: by ranges of one calibration or another, with biases that take back the mean
// of what rounding costs or without, and from a model whose channels were smoothed first. None of them costs a layer; the later ones are
// made when they are requested.
import type { Model } from '@whyslow/graph/model.ts'
import type { PrecisionMethod } from '../../remedies/kit/remedy.ts'
import type { CalibrationMethod } from '../calibrate/index.ts'
import type { ChannelMeans, Range } from '../write/choice.ts'
import { withSmoothedChannels } from '../write/smooth.ts'
import type { PrecisionBench } from './bench.ts'
import { type CalibrationResult, calibrateRanges, type QuantizableModel } from './ranges.ts'

export interface Recipe {
  /** The float model that is quantized. */
  readonly model: Model
  readonly ranges: ReadonlyMap<string, Range>
  /** Undefined: biases stay unchanged. */
  readonly means: ReadonlyMap<string, ChannelMeans> | undefined
}

export interface Recipes {
  readonly first: string
  of(name: string): Recipe
  others(): Promise<readonly string[]>
}

/** Ranges that cut a few numbers off, so that the others keep more of the steps. */
const NARROWER: readonly CalibrationMethod[] = ['percentile', 'mse']

export async function recipesOf(
  bench: PrecisionBench,
  constraints: { readonly calibration: CalibrationMethod | null; readonly allowStatic: boolean },
  of: QuantizableModel,
  method: PrecisionMethod,
): Promise<Recipes> {
  const known = new Map<string, Recipe>()
  const add = (model: Model, { ranges, means }: CalibrationResult, before = '') => {
    for (const [calibration, found] of ranges) {
      known.set(`${before}${calibration}`, { model, ranges: found, means: undefined })
      known.set(`${before}${calibration}, biases corrected`, { model, ranges: found, means })
    }
  }
  const find = (model: Model, methods: readonly CalibrationMethod[], before?: CalibrationResult) =>
    calibrateRanges(bench, { ...of, model }, methods, before)
  const first = method === 'static' ? (constraints.calibration ?? 'minmax') : 'as it is'
  const own = method === 'static' ? await find(of.model, [constraints.calibration ?? 'minmax']) : undefined
  if (own !== undefined) add(of.model, own)
  else known.set(first, { model: of.model, ranges: new Map(), means: undefined })
  let others: Promise<readonly string[]> | undefined
  const more = async (): Promise<readonly string[]> => {
    if (method === 'static' && constraints.calibration === null) add(of.model, await find(of.model, NARROWER, own))
    // Which channels are large is seen on real inputs, as ranges are.
    if (method !== 'weights' && constraints.allowStatic) {
      const { peaks } = own ?? (await find(of.model, ['minmax']))
      const { model, values } = withSmoothedChannels(of.model, peaks)
      if (values.length > 0 && method === 'static')
        add(model, await find(model, [constraints.calibration ?? 'minmax']), 'smoothed, ')
      if (values.length > 0 && method === 'dynamic') known.set('smoothed', { model, ranges: new Map(), means: undefined })
    }
    return [...known.keys()].filter((name) => name !== first)
  }
  return {
    first,
    of: (name) => known.get(name)!,
    others: () => {
      others ??= more()
      return others
    },
  }
}
