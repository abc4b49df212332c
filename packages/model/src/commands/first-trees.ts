// How good the first trees of a forest are without the others, on the user's labelled rows.
import type { WhyOptions } from '@whyslow/command/options.ts'
import { compilableOf } from '@whyslow/compile/read/index.ts'
import { openRows } from '@whyslow/compile/shipped/compiled.mjs'
import { type FirstTrees, firstTrees, MOST_ROWS } from '@whyslow/graph/forest/first-trees.ts'
import type { Model } from '@whyslow/graph/model.ts'
import type { GraphView } from '@whyslow/graph/types.ts'
import type { ChosenInputs } from '@whyslow/measure/choose-inputs.ts'
import type { Feeds } from '@whyslow/measure/engines/types.ts'
import { judgedInputs } from '../evidence/judged-inputs.ts'
import { classLabels } from './class-labels.ts'

/** Fewer show no difference that is not chance. */
const LEAST_ROWS = 100

interface Given {
  readonly model: Model
  readonly graph: GraphView
  readonly inputs: ChosenInputs
  /** Temporary. */
  readonly folder: string
}

type Found = { readonly firstTrees: FirstTrees } | { readonly absent: string } | Record<never, never>

/** Nothing if the model has no trees; else what was found, or why it was not. Throws InputError if the data cannot be read. */
export function firstTreesOf(
  { model, graph, inputs, folder }: Given,
  options: Pick<WhyOptions, 'data' | 'labels' | 'pictures' | 'batch'>,
): Found {
  if (!graph.nodes.some(({ domain, opType }) => domain === 'ai.onnx.ml' && opType.startsWith('TreeEnsemble'))) return {}
  if (inputs.labels === null) return { absent: 'the rows have no labels: give some with --data rows.csv --labels COLUMN' }
  const found = compilableOf(model)
  if (!found.ok) return { absent: `its trees cannot be separated: ${found.reason}` }
  const { model: tabular, inputs: asked, texts } = found.compilable
  const judged = judgedInputs(model, { ...options, folder }, inputs, MOST_ROWS)
  const width = tabular.input.featureCount
  const labels = (judged.labels ?? []).flatMap(({ data }) => Array.from(data as ArrayLike<unknown>))
  const told = classLabels(
    labels.map((label) => ({ data: [label] })),
    tabular.label?.classes,
  )
  if ('unknown' in told)
    return { absent: `the label of row ${told.row}, ${JSON.stringify(told.unknown)}, is not a class of the model` }
  // A sample is a row, or a batch of them.
  const { samples } = judged
  const rowsIn = (feeds: Feeds) => feeds[asked[0]!.name]!.shape[0]!
  const count = samples.reduce((sum, feeds) => sum + rowsIn(feeds), 0)
  if (count !== labels.length) return { absent: `there are ${labels.length} labels for ${count} rows` }
  if (count < LEAST_ROWS) return { absent: `${count} labelled rows show too little; give ${LEAST_ROWS} at least` }
  const joined = openRows({ inputs: asked, texts, row: tabular.input.dtype })
  const rows = new Float64Array(count * width)
  let at = 0
  for (const feeds of samples) {
    const arrays = asked.map(({ name }) => feeds[name]!.data as ArrayLike<unknown>)
    rows.set(joined(arrays, rowsIn(feeds)), at * width)
    at += rowsIn(feeds)
  }
  const trees = firstTrees(tabular, rows, told.labels.subarray(0, MOST_ROWS))
  return trees === undefined
    ? { absent: 'it has one tree, or several outputs that are not classes, or all labels are the same' }
    : { firstTrees: trees }
}
