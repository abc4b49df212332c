// What a model's own file, and the files next to it, tell of the values of its inputs: the rows it was trained on, the scale that its first
// layers store, the vocabulary of its tokenizer.
import path from 'node:path'
import { compilableOf } from '@whyslow/compile/read/index.ts'
import { TEST } from '@whyslow/graph/forest/types.ts'
import { type Model, tabularOf } from '@whyslow/graph/model.ts'
import { numbersAttribute, textsAttribute } from '@whyslow/graph/operators/attributes.ts'
import type { GraphView, NodeView } from '@whyslow/graph/types.ts'
import { MOST_COLUMNS, type Rows, rowsOf, rowsOfTrees } from './samples/columns.ts'
import { readInputFacts } from './samples/graph-facts.ts'
import type { KnownValues } from './samples/known.ts'
import { SENTENCES } from './samples/sentences.ts'
import { storedScalesOf } from './samples/stored-scale.ts'
import { idsNextTo, vocabularyReader } from './samples/vocabulary.ts'

/** Models with more nodes are no tables, and following them takes time. */
const MOST_TABULAR_NODES = 200
const MOST_TABULAR_BYTES = 20e6
/** Smaller tables hold categories, not words. */
const LEAST_VOCABULARY = 100

/** What is known of each input, keyed by its name. */
export function knownValuesOf(model: Model, graph: GraphView): ReadonlyMap<string, KnownValues> {
  const facts = readInputFacts(graph.inputs, graph)
  const rows = rowsByInput(model, graph)
  const file = model.source.file
  // However the path was given, and wherever the folder is.
  const scaleOf = storedScalesOf(model)
  const read = vocabularyReader()
  const title = `${path.resolve(file).split(path.sep).slice(-2).join(' ')} ${graph.name}`
  return new Map(
    graph.inputs.map(({ name }): [string, KnownValues] => {
      const tableRows = facts.get(name)!.tableRows ?? 0
      const tokens = tableRows >= LEAST_VOCABULARY ? idsNextTo(file, tableRows, SENTENCES, read) : undefined
      const known = { title, ...rows.get(name), scale: () => scaleOf(name) }
      return [name, tokens === undefined ? known : { ...known, tokens }]
    }),
  )
}

/** The columns of each input, by the cheapest way that knows them. */
function rowsByInput(model: Model, graph: GraphView): ReadonlyMap<string, KnownValues> {
  const tabular = tabularOf(model)
  const trees = graph.nodes.find(({ opType, inputs }) => TREES.test(opType) && inputs[0] === graph.inputs[0]?.name)
  if (tabular !== undefined || trees !== undefined) {
    const rows = tabular === undefined ? rowsOfNode(trees!) : rowsOf(tabular)
    const known = rows && { rows, firstColumn: 0, columnCount: rows.columns.length }
    return new Map(known === undefined ? [] : [[graph.inputs[0]!.name, known]])
  }
  if (graph.nodes.length > MOST_TABULAR_NODES || model.source.sizeBytes > MOST_TABULAR_BYTES) return new Map()
  const width = graph.inputs.reduce((sum, { shape }) => sum + (Number(shape?.at(-1)) || 0), 0)
  if (width > MOST_COLUMNS) return new Map()
  const read = compilableOf(model)
  const rows = read.ok ? rowsOf(read.compilable.model) : undefined
  if (!read.ok || rows === undefined) return new Map()
  const { inputs, texts } = read.compilable
  let first = 0
  return new Map(
    inputs.map(({ name, columns }): [string, KnownValues] => {
      first += columns
      return [name, { rows, firstColumn: first - columns, columnCount: columns, texts }]
    }),
  )
}

const TREES = /^TreeEnsemble(Classifier|Regressor)$/

/** Trees of ONNX that read the input itself. Which way they send missing values does not say that they saw any. */
function rowsOfNode(node: NodeView): Rows | undefined {
  const features = numbersAttribute(node, 'nodes_featureids') ?? []
  const modes = textsAttribute(node, 'nodes_modes') ?? []
  const threshold = Float64Array.from(numbersAttribute(node, 'nodes_values') ?? [])
  if (modes.length !== features.length || threshold.length !== features.length) return undefined
  const feature = Int32Array.from(features, (one, k) => (modes[k] === 'LEAF' ? -1 : one))
  const flags = Uint8Array.from(modes, (mode) => TESTS[mode] ?? TEST.lessOrEqual)
  const none = new Int32Array(0)
  const count = 1 + feature.reduce((most, one) => Math.max(most, one), -1)
  return rowsOfTrees(
    { nodes: { feature, threshold, flags, yes: none, no: none }, sets: { starts: none, words: new Uint32Array(0) } },
    count,
  )
}

/** The test of each mode; which branch has the smaller values is all the same here. */
const TESTS: Readonly<Record<string, number>> = {
  BRANCH_LT: TEST.less,
  BRANCH_GTE: TEST.less,
  BRANCH_EQ: TEST.equal,
  BRANCH_NEQ: TEST.equal,
}
