// A tabular model as a graph: input `input`, outputs `prediction`, `margin` and, of classifiers, `label`. Comparisons are the maker's own,
// in its precision; sums follow its order where the engine's do (onnxruntime: on one thread).

import { cast, scalar, where, withNumber } from '@whyslow/graph/builder/broadcast.ts'
import { int64s } from '@whyslow/graph/builder/constant-data.ts'
import { GraphBuilder, type Value } from '@whyslow/graph/builder/graph-builder.ts'
import { range } from '@whyslow/graph/builder/range.ts'
import { indexOf } from '@whyslow/graph/builder/reduce.ts'
import { concat, gather, reshape, takeEntry } from '@whyslow/graph/builder/shapes.ts'
import type {
  Forest,
  LabelRule,
  LinearScores,
  NetworkScores,
  StackedMember,
  StackedScores,
  TabularModel,
} from '@whyslow/graph/forest/types.ts'
import { isNan } from '../tensorflow/functions.ts'
import { takeColumns } from './row-values.ts'
import { type ForestsWriting, isEnsemble, writeForest } from './write-forest.ts'
import { dense, writePreparations } from './write-preparations.ts'
import { writeActivation, writeTransform } from './write-transforms.ts'

/** Axis of an input that no row has been given yet. */
const ROWS = 'batch'

/** Throws InputError if a forest is too large to be written. `file` begins what is said. */
export function writeTabular(model: TabularModel, file: string): GraphBuilder {
  const builder = new GraphBuilder()
  builder.reserve(['prediction', 'margin', 'label'])
  const input = builder.input('input', model.input.dtype, [ROWS, model.input.featureCount])
  const asEnsembles = model.scores.kind === 'stacked' && forestsOf(model.scores).some(isEnsemble)
  const { margin, prediction, label } = writeModel(builder, model, input, { file, asEnsembles })
  builder.output('prediction', named(builder, prediction, [input, margin]))
  builder.output('margin', named(builder, margin, [input]))
  if (model.label !== undefined) builder.output('label', label(model.label.classes))
  return builder
}

const forestsOf = (scores: TabularModel['scores']): readonly Forest[] =>
  scores.kind === 'stacked'
    ? [scores.last, ...scores.members.map(({ model }) => model.scores)].flatMap(forestsOf)
    : scores.kind === 'forest'
      ? [scores]
      : []

interface Written {
  readonly margin: Value
  readonly prediction: Value
  /** Written where it is asked for, by what the classes are called. */
  readonly label: (classes: LabelRule['classes']) => Value
}

function writeModel(builder: GraphBuilder, model: TabularModel, input: Value, writing: ForestsWriting): Written {
  const prepared = builder.within('prepare', () => writePreparations(builder, model.prepare, input))
  const margin = writeScores(builder, model.scores, prepared, writing)
  const prediction = builder.within('prediction', () => {
    return model.transform.reduce((value, transform) => writeTransform(builder, transform, value), margin)
  })
  const label = (classes: LabelRule['classes']) =>
    builder.within('label', () =>
      writeLabel(builder, { ...model.label!, classes }, model.label!.from === 'margin' ? margin : prediction),
    )
  return { margin, prediction, label }
}

/** An output has its own value: one that another output or the input has already is passed on. */
function named(builder: GraphBuilder, value: Value, taken: readonly Value[]): Value {
  return taken.includes(value) ? builder.within('prediction', () => builder.op('Identity', [value], value)) : value
}

function writeScores(builder: GraphBuilder, scores: TabularModel['scores'], row: Value, writing: ForestsWriting): Value {
  switch (scores.kind) {
    case 'forest':
      return builder.within('trees', () => writeForest(builder, scores, row, writing))
    case 'linear':
      return builder.within('linear', () => writeLinear(builder, scores, row))
    case 'network':
      return builder.within('layers', () => writeNetwork(builder, scores, row))
    case 'stacked':
      return writeStacked(builder, scores, row, writing)
  }
}

function writeStacked(builder: GraphBuilder, scores: StackedScores, row: Value, writing: ForestsWriting): Value {
  const outputs = scores.members.map((member, k) =>
    builder.within(`member-${k + 1}`, () => writeMember(builder, member, row, writing)),
  )
  const all = concat(builder, scores.passthrough ? [...outputs, cast(builder, row, scores.precision)] : outputs, 1)
  const prepared = builder.within('prepare', () => writePreparations(builder, scores.prepare, all))
  return writeScores(builder, scores.last, prepared, writing)
}

function writeMember(
  builder: GraphBuilder,
  { model, output, columns }: StackedMember,
  row: Value,
  writing: ForestsWriting,
): Value {
  const { label, ...numbers } = writeModel(builder, model, cast(builder, row, model.input.dtype), writing)
  if (output === 'label') {
    const place = label(range(0, model.label!.classes.length))
    return cast(builder, reshape(builder, place, [place.shape[0]!, 1]), 'float64')
  }
  const value = cast(builder, numbers[output], 'float64')
  return columns.length === value.shape[1] && columns.every((one, k) => one === k) ? value : takeColumns(builder, value, columns)
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
