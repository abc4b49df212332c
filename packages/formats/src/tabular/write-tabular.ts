// A tabular model as a graph: input `input`, outputs `prediction`, `margin` and, of classifiers, `label`. Comparisons are the maker's own,
// in its precision; sums follow its order where the engine's do (onnxruntime: on one thread).

import { cast, scalar, where, withNumber } from '@whyslow/graph/builder/broadcast.ts'
import { int64s } from '@whyslow/graph/builder/constant-data.ts'
import { GraphBuilder, type Value } from '@whyslow/graph/builder/graph-builder.ts'
import { indexOf } from '@whyslow/graph/builder/reduce.ts'
import { gather, takeEntry } from '@whyslow/graph/builder/shapes.ts'
import type { LabelRule, LinearScores, NetworkScores, TabularModel } from '@whyslow/graph/forest/types.ts'
import { isNan } from '../tensorflow/functions.ts'
import { writeForest } from './write-forest.ts'
import { dense, writePreparations } from './write-preparations.ts'
import { writeActivation, writeTransform } from './write-transforms.ts'

/** Axis of an input that no row has been given yet. */
const ROWS = 'batch'

/** Throws InputError if a forest is too large to be written. `file` begins what is said. */
export function writeTabular(model: TabularModel, file: string): GraphBuilder {
  const builder = new GraphBuilder()
  builder.reserve(['prediction', 'margin', 'label'])
  const input = builder.input('input', model.input.dtype, [ROWS, model.input.featureCount])
  const prepared = builder.within('prepare', () => writePreparations(builder, model.prepare, input))
  const margin = writeScores(builder, model, prepared, file)
  const prediction = builder.within('prediction', () => {
    return model.transform.reduce((value, transform) => writeTransform(builder, transform, value), margin)
  })
  builder.output('prediction', named(builder, prediction, [input, margin]))
  builder.output('margin', named(builder, margin, [input]))
  const { label } = model
  if (label !== undefined)
    builder.output(
      'label',
      builder.within('label', () => writeLabel(builder, label, label.from === 'margin' ? margin : prediction)),
    )
  return builder
}

/** An output has its own value: one that another output or the input has already is passed on. */
function named(builder: GraphBuilder, value: Value, taken: readonly Value[]): Value {
  return taken.includes(value) ? builder.within('prediction', () => builder.op('Identity', [value], value)) : value
}

function writeScores(builder: GraphBuilder, { scores }: TabularModel, row: Value, file: string): Value {
  switch (scores.kind) {
    case 'forest':
      return builder.within('trees', () => writeForest(builder, scores, row, file))
    case 'linear':
      return builder.within('linear', () => writeLinear(builder, scores, row))
    case 'network':
      return builder.within('layers', () => writeNetwork(builder, scores, row))
  }
}

function writeLinear(builder: GraphBuilder, scores: LinearScores, row: Value): Value {
  const { precision, featureCount, outputCount, weights, start, end, missing } = scores
  const given = cast(builder, row, precision)
  const present = missing === 'skipped' ? withoutMissing(builder, given) : given
  const bias = start.map((one, k) => (precision === 'float32' ? Math.fround(one + end[k]!) : one + end[k]!))
  return dense(builder, present, { inputs: featureCount, outputs: outputCount, weights, bias })
}

/** Zero where NaN is: it adds nothing. */
function withoutMissing(builder: GraphBuilder, row: Value): Value {
  return where(builder, isNan(builder, row), scalar(builder, row.dtype, 0), row)
}

function writeNetwork(builder: GraphBuilder, { precision, layers }: NetworkScores, row: Value): Value {
  return layers.reduce(
    (value, layer) => writeActivation(builder, layer, dense(builder, value, layer)),
    cast(builder, row, precision),
  )
}

function writeLabel(builder: GraphBuilder, { classes, by, cut }: LabelRule, values: Value): Value {
  const index = by === 'largest' ? indexOf(builder, 'ArgMax', values, { axis: 1 }) : cutAt(builder, values, { by, cut })
  if (classes.every((one, k) => one === k)) return index
  const names = classes.map(String)
  const data =
    typeof classes[0] === 'string'
      ? { dtype: 'string' as const, shape: [names.length], data: names }
      : int64s(classes as readonly number[])
  return gather(builder, builder.constant(data, 'classes'), index)
}

function cutAt(builder: GraphBuilder, values: Value, { by, cut }: Pick<LabelRule, 'by' | 'cut'>): Value {
  const last = takeEntry(builder, values, { axis: 1, index: Number(values.shape[1]) - 1 })
  return cast(builder, withNumber(builder, by === 'above' ? 'Greater' : 'GreaterOrEqual', last, cut), 'int64')
}
