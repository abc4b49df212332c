// A model of doubles written in float32 if that was requested, and what it changes on the rows that were given.
import { tabularGraph } from '@whyslow/formats/tabular/tabular-model.ts'
import { compareRows, hasDoubles, type PrecisionChange, singlePrecision } from '@whyslow/graph/forest/single-precision.ts'
import type { TabularModel } from '@whyslow/graph/forest/types.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { type Model, tabularOf } from '@whyslow/graph/model.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { readData } from '@whyslow/measure/samples/read-data.ts'
import { resolveInputs } from '@whyslow/measure/samples/resolve.ts'
import type { ConvertDocument } from '@whyslow/report/documents/convert.ts'

export interface RoundingOptions {
  /** Write float32 where the model is of doubles. */
  readonly allowRounding: boolean
  /** Rows on which what changes is counted. */
  readonly data: string | null
  /** Name of the labels in them. */
  readonly labels: string | null
}

export interface RoundedModel {
  /** What is to be written. */
  readonly model: Model
  readonly notes: readonly string[]
  readonly rounding: NonNullable<ConvertDocument['rounding']> | null
}

/** Rows of a file that are looked at. */
const MOST_ROWS = 100_000

/** The model as it is to be written. Throws InputError if rounding was asked for and there is none, or the data cannot be read. */
export function roundedModel(model: Model, { allowRounding, data, labels }: RoundingOptions): RoundedModel {
  const tabular = tabularOf(model)
  if (tabular === undefined) {
    if (!allowRounding && data === null) return { model, notes: [], rounding: null }
    throw new InputError(
      `${model.source.file}: --allow-rounding and --data are for tree models and other tabular models, read from their libraries' files`,
    )
  }
  const single = hasDoubles(tabular) ? singlePrecision(tabular) : undefined
  const rows = data === null ? [] : rowsOf(model, tabular, { data, labels })
  const counted = single === undefined || data === null ? null : compareRows(tabular, single, rows)
  if (!allowRounding) return { model, notes: tabular.notes, rounding: null }
  if (!hasDoubles(tabular))
    return { model, notes: [...tabular.notes, 'the model is float32 throughout: nothing had to be rounded'], rounding: null }
  if (single === undefined) {
    const what = tabular.scores.kind === 'stacked' ? 'several models' : 'linear trees'
    throw new InputError(`${model.source.file} has ${what}, which are not written in float32; leave out --allow-rounding`)
  }
  return { model: tabularGraph(single, model), notes: tabular.notes, rounding: roundingOf(counted) }
}

const roundingOf = (counted: PrecisionChange | null): NonNullable<ConvertDocument['rounding']> =>
  counted === null ? { rows: null, otherLeaves: null, otherLabels: null, largestDifference: null } : counted

function rowsOf(
  model: Model,
  { input }: TabularModel,
  { data, labels }: { readonly data: string; readonly labels: string | null },
): ArrayLike<number>[] {
  const graph = viewGraph(model)
  const flags = { shapes: new Map(), values: new Map(), batch: null, limitBytes: Number.POSITIVE_INFINITY }
  // Doubles, so that rounding shows.
  const declared = graph.inputs.map((one) => ({ ...one, dtype: 'float64' as const }))
  const { inputs } = resolveInputs(declared, graph, flags)
  const { samples } = readData(data, inputs, { limit: MOST_ROWS, allowNaN: true, labelsName: labels })
  return samples.flatMap((feeds) => {
    const values = Float64Array.from(feeds.input!.data as unknown as ArrayLike<number>)
    return Array.from({ length: Math.floor(values.length / input.featureCount) }, (_, r) => {
      return values.subarray(r * input.featureCount, (r + 1) * input.featureCount)
    })
  })
}
