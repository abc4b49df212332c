// A compiled program asked as an engine is: tensors by the model's own names.
import type { AnswerOutput, CompilableModel } from '@whyslow/compile/read/index.ts'
import { openRows, type Predict, type Predicted, type Wanted } from '@whyslow/compile/shipped/compiled.mjs'
import type { Feeds, InputDeclaration, Results, Session, TensorValue } from '../types.ts'

export function openAnswers({ model, inputs, texts, outputs }: CompilableModel, predict: Predict): Session {
  const joined = openRows({ inputs, texts, row: model.input.dtype })
  const wanted: Wanted = Object.fromEntries(outputs.map(({ what }) => [what, true]))
  let closed = false
  const rowsOf = (feeds: Feeds) => {
    if (closed) throw new Error('the session is closed')
    return checkedRows(feeds, inputs)
  }
  const answer = ({ arrays, count }: Rows): Results => {
    const predicted = predict(joined(arrays, count), count, wanted)
    return Object.fromEntries(
      outputs.map((output) => [output.name, tensorOf(output, predicted, count, model.label?.classes ?? [])]),
    )
  }
  return {
    inputs: inputs.map(({ name, dtype, columns }) => ({ name, isTensor: true, dtype, shape: ['', columns] })),
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
  /** Elements of each input, in the inputs' order. */
  readonly arrays: readonly ArrayLike<unknown>[]
  readonly count: number
}

/** Throws an Error that says what does not fit. */
function checkedRows(feeds: Feeds, inputs: CompilableModel['inputs']): Rows {
  const takes = inputs.map(({ name }) => `'${name}'`).join(', ')
  const other = Object.keys(feeds).find((name) => !inputs.some((input) => input.name === name))
  if (other !== undefined) throw new Error(`the model has no input '${other}'; it takes ${takes}`)
  let count: number | undefined
  const arrays = inputs.map(({ name, dtype: wanted, columns }) => {
    const given = feeds[name]
    if (given === undefined) throw new Error(`input '${name}' is missing; the model takes ${takes}`)
    const { dtype, shape, data } = given
    if (dtype !== wanted) throw new Error(`input '${name}' takes ${wanted}, and was given ${dtype}`)
    if (shape.length !== 2 || shape[1] !== columns)
      throw new Error(`input '${name}' takes rows of ${columns} features, and was given [${shape.join(', ')}]`)
    count ??= shape[0]!
    if (shape[0] !== count) throw new Error(`input '${name}' has ${shape[0]} rows, and another input has ${count}`)
    return data as ArrayLike<unknown>
  })
  return { arrays, count: count ?? 0 }
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
