// A tabular model compiled: see program.ts.
import { widthAfter } from '@whyslow/graph/forest/prepare.ts'
import { widthAfterTransform } from '@whyslow/graph/forest/transform.ts'
import type { DenseLayer, LinearScores, NetworkScores, Precision, TabularModel, Transform } from '@whyslow/graph/forest/types.ts'
import { compileForest, programSum } from './compile-forest.ts'
import { ifElseSource } from './if-else.ts'
import { layersModule, placeLayers } from './layers-module.ts'
import type { Program, ProgramScores } from './program.ts'
import type { WalkForm } from './walk-spec.ts'

export interface Compiled {
  readonly program: Program
  /** null: nothing of it is WebAssembly. */
  readonly module: Uint8Array<ArrayBuffer> | null
  /** Source of model-trees.mjs, of a program of kind 'trees'. */
  readonly trees?: string
}

const TREES_BLOCK = 64

/** Nested choices, in JavaScript: see if-else.ts. */
export function compileTrees(model: TabularModel): Compiled {
  const { scores } = model
  if (scores.kind !== 'forest') throw new Error('no forest')
  const { compare, outputCount, sum } = scores
  const inputWidth = preparedWidth(model)
  const program = programOf(model, {
    kind: 'trees',
    compare,
    inputWidth,
    outputCount,
    sum: programSum(sum),
    blockRows: TREES_BLOCK,
  })
  return { program, module: null, trees: ifElseSource(scores) }
}

export interface WalkForms {
  /** Rows can become ranks. */
  readonly hasRanks: boolean
  /** Trees can be walked as full ones. */
  readonly hasFull: boolean
  readonly make: (form: WalkForm) => Compiled
}

/** `make` throws InputError if its tables are too large. */
export function compileWalk(model: TabularModel): WalkForms {
  const { scores: forest } = model
  if (forest.kind !== 'forest') throw new Error('no forest')
  const { hasRanks, hasFull, make } = compileForest(forest, preparedWidth(model))
  return {
    hasRanks,
    hasFull,
    make(form) {
      const { scores, module } = make(form)
      return { program: programOf(model, scores), module, ...(form.nestedUpTo === null ? {} : { trees: ifElseSource(forest) }) }
    },
  }
}

/** A linear model or a network. */
export function compileLayers(model: TabularModel): Compiled {
  const { scores } = model
  if (scores.kind === 'forest' || scores.kind === 'stacked') throw new Error('no layers')
  const { precision, outputCount } = scores
  const placed = placeLayers(layersOf(scores), precision, preparedWidth(model))
  const zeros = new Float64Array(outputCount)
  const end = scores.kind === 'linear' ? scores.end : zeros
  const program = programOf(model, {
    kind: 'layers',
    precision,
    outputCount,
    skipsMissing: scores.kind === 'linear' && scores.missing === 'skipped',
    sum: { precision, start: zeros, divideBy: 1, scale: 1, end },
    ...placed,
  })
  return { program, module: placed.layers.length === 0 ? null : layersModule(placed, precision) }
}

function layersOf(scores: LinearScores | NetworkScores): readonly DenseLayer[] {
  if (scores.kind === 'network') return scores.layers
  const { featureCount, outputCount, weights, start } = scores
  return [{ inputs: featureCount, outputs: outputCount, weights, bias: start, activation: 'identity' }]
}

const preparedWidth = ({ prepare, input }: TabularModel): number =>
  prepare.reduce((width, step) => widthAfter(step, width), input.featureCount)

function programOf(model: TabularModel, scores: ProgramScores): Program {
  const { input, prepare, transform, label } = model
  const precision = precisionOf(model)
  return {
    input: { dtype: input.dtype, featureCount: input.featureCount },
    prepare,
    width: preparedWidth(model),
    scores,
    transform,
    predictionCount: transform.reduce((width, one) => widthAfterTransform(one, width), scores.outputCount),
    label: label === undefined ? null : { from: label.from, by: label.by, cut: label.cut },
    precisions: { margin: precision, prediction: transform.reduce(precisionAfter, precision) },
  }
}

const precisionOf = ({ scores }: TabularModel): Precision => (scores.kind === 'forest' ? scores.sum.precision : scores.precision)

const precisionAfter = (before: Precision, transform: Transform): Precision =>
  'precision' in transform ? transform.precision : before
