// A tabular model as a graph: input `input`, outputs `prediction`, `margin` and, of classifiers, `label`. Comparisons are the maker's own,
// in its precision; sums follow its order where the engine's do (onnxruntime: on one thread).
import type { LabelRule, LinearScores, NetworkScores, Precision, TabularModel } from '@whyslow/graph/forest/types.ts'
import { GraphBuilder, type Value } from '../build/graph-builder.ts'
import { writeForest } from './write-forest.ts'
import { cast, numbers, writePreparations } from './write-preparations.ts'
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
  const isMissing = builder.op('IsNaN', [row], { dtype: 'bool', shape: row.shape })
  return builder.op('Where', [isMissing, numbers(builder, row.dtype as Precision, [], [0]), row], row)
}

function writeNetwork(builder: GraphBuilder, { precision, layers }: NetworkScores, row: Value): Value {
  return layers.reduce(
    (value, layer) => writeActivation(builder, layer, dense(builder, value, layer)),
    cast(builder, row, precision),
  )
}

interface Dense {
  readonly inputs: number
  readonly outputs: number
  readonly weights: Float64Array
  readonly bias: Float64Array
}

function dense(builder: GraphBuilder, value: Value, { inputs, outputs, weights, bias }: Dense): Value {
  const precision = value.dtype as Precision
  const matrix = numbers(builder, precision, [outputs, inputs], weights)
  return builder.op(
    'Gemm',
    [value, matrix, numbers(builder, precision, [outputs], bias)],
    { dtype: precision, shape: [value.shape[0]!, outputs] },
    { transB: 1 },
  )
}

function writeLabel(builder: GraphBuilder, { classes, by, cut }: LabelRule, values: Value): Value {
  const rows = [values.shape[0]!]
  const index = by === 'largest' ? largest(builder, values) : cutAt(builder, values, { by, cut })
  if (classes.every((one, k) => one === k)) return index
  const names = classes.map(String)
  const table =
    typeof classes[0] === 'string'
      ? builder.constant({ dtype: 'string', shape: [names.length], data: names }, 'classes')
      : builder.constant(
          { dtype: 'int64', shape: [names.length], data: BigInt64Array.from(classes as readonly number[], BigInt) },
          'classes',
        )
  return builder.op('Gather', [table, index], { dtype: table.dtype, shape: rows }, { axis: 0 })
}

function largest(builder: GraphBuilder, values: Value): Value {
  return builder.op('ArgMax', [values], { dtype: 'int64', shape: [values.shape[0]!] }, { axis: 1, keepdims: 0 })
}

function cutAt(builder: GraphBuilder, values: Value, { by, cut }: Pick<LabelRule, 'by' | 'cut'>): Value {
  const [rows, columns] = [values.shape[0]!, Number(values.shape[1])]
  const last = builder.op(
    'Gather',
    [values, builder.constant(int64(columns - 1), 'last')],
    { dtype: values.dtype, shape: [rows] },
    { axis: 1 },
  )
  const limit = numbers(builder, values.dtype as Precision, [], [cut])
  const above = builder.op(by === 'above' ? 'Greater' : 'GreaterOrEqual', [last, limit], { dtype: 'bool', shape: [rows] })
  return builder.op('Cast', [above], { dtype: 'int64', shape: [rows] }, { to: 7 })
}

const int64 = (value: number) => ({ dtype: 'int64', shape: [], data: BigInt64Array.of(BigInt(value)) }) as const
