// A compiled program asked as an engine is: tensors by the model's own names.
import type { AnswerOutput, CompilableModel } from '../../compile/read/index.ts'
import type { Predict, Predicted, Wanted } from '../../compile/shipped/compiled.mjs'
import type { Feeds, InputDeclaration, Results, Session, TensorValue } from '../types.ts'

export function openAnswers({ model, input, outputs }: CompilableModel, predict: Predict): Session {
  const { featureCount } = model.input
  const wanted: Wanted = Object.fromEntries(outputs.map(({ what }) => [what, true]))
  let closed = false
  const rowsOf = (feeds: Feeds) => {
    if (closed) throw new Error('the session is closed')
    return checkedRows(feeds, input, featureCount)
  }
  const answer = ({ data, count }: Rows): Results => {
    const predicted = predict(data, count, wanted)
    return Object.fromEntries(
      outputs.map((output) => [output.name, tensorOf(output, predicted, count, model.label?.classes ?? [])]),
    )
  }
  return {
    inputs: [{ name: input.name, isTensor: true, dtype: input.dtype, shape: ['', featureCount] }],
    outputs: outputs.map(
      ({ name, dtype, rank }): InputDeclaration => ({ name, isTensor: true, dtype, shape: rank === 1 ? [''] : ['', ''] }),
    ),
    threads: 1,
    run: async (feeds) => answer(rowsOf(feeds)),
    prepare(feeds) {
      const rows = rowsOf(feeds)
      return async () => answer(rows)
    },
    async close() {
      closed = true
    },
  }
}

interface Rows {
  readonly data: Float32Array | Float64Array
  readonly count: number
}

/** Throws an Error that says what does not fit. */
function checkedRows(feeds: Feeds, input: CompilableModel['input'], featureCount: number): Rows {
  const other = Object.keys(feeds).find((name) => name !== input.name)
  const given = feeds[input.name]
  if (given === undefined || other !== undefined) throw new Error(`the model takes one input, '${input.name}'`)
  const { dtype, shape, data } = given
  if (dtype !== input.dtype) throw new Error(`input '${input.name}' takes ${input.dtype}, and was given ${dtype}`)
  if (shape.length !== 2 || shape[1] !== featureCount)
    throw new Error(`input '${input.name}' takes rows of ${featureCount} features, and was given [${shape.join(', ')}]`)
  return { data: data as Float32Array, count: shape[0]! }
}

function tensorOf(
  { what, dtype, rank, columns }: AnswerOutput,
  predicted: Predicted,
  count: number,
  classes: readonly (number | string)[],
): TensorValue {
  if (what === 'label') return { dtype, shape: rank === 1 ? [count] : [count, 1], data: labels(predicted.label!, dtype, classes) }
  const data = predicted[what]!
  const of = dtype === 'float64' ? Float64Array : Float32Array
  const shape = rank === 1 ? [count] : [count, columns]
  return { dtype, shape, data: data instanceof of ? data : of.from(data as ArrayLike<number>) }
}

function labels(indexes: Int32Array, dtype: AnswerOutput['dtype'], classes: readonly (number | string)[]): TensorValue['data'] {
  if (dtype === 'string') return Array.from(indexes, (index) => String(classes[index] ?? index))
  const numbers = Array.from(indexes, (index) => Number(classes[index] ?? index))
  if (dtype === 'int64') return BigInt64Array.from(numbers, (value) => BigInt(Math.trunc(value)))
  return dtype === 'float64' ? Float64Array.from(numbers) : Float32Array.from(numbers)
}
