// Static int8 for another engine than the one that is measured. Its operators are not timed alone: every layer that it has an int8 kernel
// for is quantized, in the form that it looks for, and layers fall back to float for the sake of the outputs only. Whether that is faster the
// whole model tells.
import type { Model } from '@whyslow/graph/model.ts'
import type { Int8Form, PrecisionPlan } from '../../remedies/kit/remedy.ts'
import type { Quantizable, Quantized } from '../write/choice.ts'
import { withMarkedRanges } from '../write/marked.ts'
import type { Layers } from './choose.ts'
import { layerRecords } from './layer-records.ts'
import { isPossible, isWanted } from './learned-model.ts'
import { accuracyBench, planId, quantizer, type SearchedPrecisions } from './method-plans.ts'
import type { Recipe } from './recipes.ts'
import { restoreAccuracy } from './restore-accuracy.ts'

/** What is quantized in each form, and how. */
const FORMS = {
  /**
   * OpenVINO computes a convolution or product in int8 where what it reads is quantized. What is between stays in float, where it is
   * fused into them (docs/engines.md, int8 convolutions).
   */
  onnx: { options: { results: 'float' }, takes: isWeighted, write: (quantized: Quantized) => quantized },
  /** LiteRT computes whole regions in int8, without conversions between: whatever has a kernel is quantized, results too. */
  tflite: { options: {}, takes: isStatic, write: marked },
} as const satisfies Record<Int8Form, unknown>

/** A convolution, or a product with constant weights. */
function isWeighted({ opType, precisions, activationsIn }: Quantizable): boolean {
  return precisions.includes('static') && activationsIn.length === 1 && ['Conv', 'Gemm', 'MatMul'].includes(opType)
}

function isStatic({ precisions }: Quantizable): boolean {
  return precisions.includes('static')
}

/**
 * The float model with the ranges of what these layers read and give, in place of the layers as onnxruntime runs them. Others of `all` say
 * that they stay in float: what they read and give may be marked for their neighbours.
 */
function marked(
  quantized: Quantized,
  nodes: readonly Quantizable[],
  { model, ranges }: Recipe,
  all: readonly Quantizable[],
): Quantized {
  const values = new Set(nodes.flatMap(({ activationsIn, activationsOut }) => [...activationsIn, ...activationsOut]))
  const used = new Set(nodes.map(({ node }) => node))
  const inFloat = new Set(all.flatMap(({ node, parts }) => (used.has(node) ? [] : parts)))
  return { ...quantized, model: withMarkedRanges(model, values, ranges, inFloat) }
}

/** What it is called among the plans of one method. */
const planOn = (form: Int8Form): string => `on ${form}`

/** One plan; none if the engine cannot hold the model, if nothing may be quantized, or if what may changes the outputs too much. */
export async function planOnEngine(given: SearchedPrecisions, model: Model, form: Int8Form): Promise<readonly PrecisionPlan[]> {
  const { constraints, bench } = given
  if (!isWanted(constraints, 'static') || !isPossible(constraints, 'static')) return []
  const learned = await given.learned(model)
  // The row of the model in float says why.
  if (bench.canHold?.(learned.model, form) === false) return []
  const { options, takes, write } = FORMS[form]
  const nodes = learned.nodes.filter(takes)
  if (nodes.every(({ movesData }) => movesData)) return []
  // A budget of its own: what the measured engine took is for that.
  const search: SearchedPrecisions = {
    ...given,
    constraints: { ...constraints, options: { ...constraints.options, ...options } },
    restoringMs: 0,
  }
  const recipes = await learned.recipes('static')
  const benchmark = await learned.benchmark()
  const on = { method: 'static', learned, benchmark, seen: new Set<string>(), settled: null } as const
  const choose = (inFloat: ReadonlySet<string>): Layers => ({
    layers: new Map(nodes.flatMap(({ node }) => (inFloat.has(node) ? [] : [[node, 'static'] as const]))),
    savingMs: 0,
  })
  // What takes longest as float is what int8 has most to give for.
  const gains = nodes.flatMap(({ node, opType, movesData }) => {
    if (movesData) return []
    const ms = benchmark.times.get(node)?.floatMs
    return [{ node, opType, gainMs: typeof ms === 'number' ? ms : 0 }]
  })
  const writer = quantizer(search, learned, recipes)
  const chosen = choose(new Set())
  const { layers, recipe, errors } = await restoreAccuracy(accuracyBench(search, on, recipes, writer), {
    first: recipes.first,
    chosen,
    choose,
    nodes: gains,
    errors: new Map(),
  })
  const variant = planOn(form)
  // Its times are not those of this engine.
  const records = layerRecords(learned, { times: new Map() }, chosen, { method: 'static', variant, layers, errors })
  for (const record of records) given.records.set(`${planId(record)} ${record.node}`, record)
  bench.onStep(`int8 for another engine: ${layers?.layers.size ?? 0} of ${nodes.length} layers`)
  if (layers === null) return []
  const quantized = writer.write({ recipe, layers: layers.layers })
  const used = nodes.filter(({ node }) => layers.layers.has(node))
  return [{ variant, quantized: write(quantized, used, recipes.of(recipe), nodes), savingMs: null }]
}
