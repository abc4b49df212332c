// What the search for precisions learns of a model, once for all methods: its values' types, what its operators take in each precision,
// and the recipes that it can be quantized by.
import type { Model } from '@whyslow/graph/model.ts'
import { type PrecisionMethod, precisionMethods } from '../../remedies/kit/remedy.ts'
import type { CalibrationMethod } from '../calibrate/index.ts'
import type { Precision, QuantizeOptions, ValueTypes } from '../write/choice.ts'
import { quantizableNodes } from '../write/quantizable.ts'
import type { PrecisionBench } from './bench.ts'
import { benchmarkOperators, type OperatorBenchmark } from './operator-benchmark.ts'
import type { QuantizableModel } from './ranges.ts'
import { type Recipes, recipesOf } from './recipes.ts'
import { typesAsRun } from './types-as-run.ts'

export interface PrecisionConstraints {
  /** The only method; null: those that pay. */
  readonly method: PrecisionMethod | null
  /** Bits of weight-only quantization; null: 8, and 4 if that is faster still. */
  readonly bits: 8 | 4 | null
  /** null: minmax, and others where that misses. */
  readonly calibration: CalibrationMethod | null
  /** Whether ranges may be taken from the inputs there are: real ones, or synthetic ones that were allowed. */
  readonly allowStatic: boolean
  /** Why they may not be, although synthetic inputs were allowed. */
  readonly whyNotStatic?: string
  readonly options: QuantizeOptions
  /** Budget of the whole search, ms. */
  readonly budgetMs: number
}

export interface LearnedModel extends QuantizableModel {
  /** Types without sizes that were computed, which hold for one sample alone. */
  readonly lasting: ValueTypes
  /** Errors of single layers: noise over signal by recipe and layer. */
  readonly errors: Map<string, number>
  /** Measured when it is first requested, for all precisions, so that they are timed together. */
  benchmark(): Promise<OperatorBenchmark>
  recipes(method: PrecisionMethod): Promise<Recipes>
}

/** Share of the budget that timing operators alone may take. */
const BENCHMARK_SHARE = 0.25

/** `prepared`: the model as the engine would run it. */
export async function learn(bench: PrecisionBench, constraints: PrecisionConstraints, prepared: Model): Promise<LearnedModel> {
  const types = await typesAsRun(bench, prepared)
  const lasting = new Map([...types].map(([name, { dtype, shape }]) => [name, { dtype, shape }]))
  const learned = { model: prepared, types, nodes: quantizableNodes(prepared, lasting) }
  const recipes = new Map<PrecisionMethod, Promise<Recipes>>()
  let benchmark: Promise<OperatorBenchmark> | undefined
  return {
    ...learned,
    lasting,
    errors: new Map(),
    benchmark() {
      benchmark ??= benchmarkAll(bench, constraints, learned)
      return benchmark
    },
    recipes(method) {
      const found = recipes.get(method) ?? recipesOf(bench, constraints, learned, method)
      recipes.set(method, found)
      return found
    },
  }
}

function benchmarkAll(bench: PrecisionBench, constraints: PrecisionConstraints, learned: QuantizableModel) {
  const precisions = precisionMethods
    .filter((method) => isWanted(constraints, method) && isPossible(constraints, method))
    .flatMap((method) => precisionsOf(method, constraints.bits))
  bench.onStep(`operators alone, as float32 and ${precisions.map((one) => WORDS[one]).join(', ')}`)
  const wanted = { ...learned, precisions, options: constraints.options }
  return benchmarkOperators(bench, wanted, BENCHMARK_SHARE * constraints.budgetMs)
}

export const isWanted = ({ method: only }: Pick<PrecisionConstraints, 'method'>, method: PrecisionMethod): boolean =>
  only === null || only === method

/** False for static where the inputs may not calibrate. */
export const isPossible = ({ allowStatic }: Pick<PrecisionConstraints, 'allowStatic'>, method: PrecisionMethod): boolean =>
  method !== 'static' || allowStatic

export function precisionsOf(method: PrecisionMethod, bits: 8 | 4 | null): readonly Precision[] {
  if (method !== 'weights') return [method]
  return bits === 4 ? ['weights4'] : bits === 8 ? ['weights8'] : ['weights8', 'weights4']
}

const WORDS: Readonly<Record<Precision, string>> = {
  float32: 'float',
  dynamic: 'dynamic int8',
  static: 'static int8',
  weights8: 'weights of 8 bits',
  weights4: 'weights of 4 bits',
}
