// The model that a reader of a tabular format returns: what the file says exactly, and with it the graph that means the same.
import type { TabularModel } from '@whyslow/graph/forest/types.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { type BuiltFrom, builtModel } from '../settle/built-model.ts'
import { writeTabular } from './write-tabular.ts'

/** A count of features costs a file no bytes, and a row of them is made for each prediction: more would be a number in a damaged file. */
export const MOST_FEATURES = 10_000_000

/** Throws InputError if the model cannot be written as a graph. */
export function tabularModel(tabular: TabularModel, from: BuiltFrom): Model {
  const model = builtModel(writeTabular(tabular, from.file), from)
  return { ...model, tabular: { of: model.proto, model: tabular } }
}

/** Another tabular model as a graph, in place of the one that was read: what was made of it. Throws InputError as `tabularModel` does. */
export function tabularGraph(tabular: TabularModel, { source }: Model): Model {
  const { proto, origins } = builtModel(writeTabular(tabular, source.file), { ...source, parts: [] })
  return { proto, origins, source, weights: new Map(), tabular: { of: proto, model: tabular } }
}
