// What a model's own file, and the files next to it, tell of the values of its inputs: the rows it was trained on, the scale that its first
// layers store, the vocabulary of its tokenizer.
import { compilableOf } from '@whyslow/compile/read/index.ts'
import type { Model } from '@whyslow/graph/model.ts'
import type { GraphView } from '@whyslow/graph/types.ts'
import { rowsOf } from './samples/columns.ts'
import { readInputFacts } from './samples/graph-facts.ts'
import type { KnownValues } from './samples/known.ts'
import { SENTENCES } from './samples/sentences.ts'
import { storedScaleOf } from './samples/stored-scale.ts'
import { idsNextTo } from './samples/vocabulary.ts'

/** Models with more nodes are no tables, and following them takes time. */
const MOST_TABULAR_NODES = 200
/** Smaller tables hold categories, not words. */
const LEAST_VOCABULARY = 100

/** By input name; an input of which nothing is known is not in it. */
export function knownValuesOf(model: Model, graph: GraphView): ReadonlyMap<string, KnownValues> {
  const facts = readInputFacts(graph.inputs, graph)
  const rows = graph.nodes.length <= MOST_TABULAR_NODES ? rowsByInput(model) : new Map<string, KnownValues>()
  const file = model.source.file
  const title = `${file.split(/[/\\]/).slice(-2).join(' ')} ${graph.name}`
  return new Map(
    graph.inputs.map(({ name, dtype }): [string, KnownValues] => {
      const tableRows = facts.get(name)!.tableRows ?? 0
      const tokens = tableRows >= LEAST_VOCABULARY ? idsNextTo(file, tableRows, SENTENCES) : undefined
      const scale = dtype === 'string' || tokens !== undefined ? undefined : storedScaleOf(model, name)
      return [
        name,
        {
          title,
          ...rows.get(name),
          ...(tokens === undefined ? {} : { tokens }),
          ...(scale === undefined ? {} : { scale }),
        },
      ]
    }),
  )
}

/** The columns of each input; texts are left to the encoders' own. */
function rowsByInput(model: Model): Map<string, KnownValues> {
  const read = compilableOf(model)
  if (!read.ok) return new Map()
  const { model: tabular, inputs, texts } = read.compilable
  const rows = rowsOf(tabular)
  if (rows === undefined) return new Map()
  let first = 0
  return new Map(
    inputs.map(({ name, columns }): [string, KnownValues] => {
      first += columns
      return [name, { rows, firstColumn: first - columns, columnCount: columns, texts }]
    }),
  )
}
