// How good the first trees of a forest are without the others, on the user's labelled rows.
import { compilableOf } from '../compile/read/index.ts'
import type { ChosenInputs } from '../evidence/choose-inputs.ts'
import { judgedInputs } from '../evidence/judged-inputs.ts'
import { type FirstTrees, firstTrees, MOST_ROWS } from '../graph/forest/first-trees.ts'
import type { Model } from '../graph/model.ts'
import type { GraphView } from '../graph/types.ts'
import { classLabels } from './class-labels.ts'
import type { WhyOptions } from './options.ts'

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

/** Nothing where the model has no trees; else what was found, or why it was not. Throws InputError where the data cannot be read. */
export function firstTreesOf(
  { model, graph, inputs, folder }: Given,
  options: Pick<WhyOptions, 'data' | 'labels' | 'pictures' | 'batch'>,
): Found {
  if (!graph.nodes.some(({ domain, opType }) => domain === 'ai.onnx.ml' && opType.startsWith('TreeEnsemble'))) return {}
  if (inputs.labels === null) return { absent: 'the rows have no labels: give some with --data rows.csv --labels COLUMN' }
  const found = compilableOf(model)
  if (!found.ok) return { absent: `its trees cannot be told apart: ${found.reason}` }
  const { model: tabular, input } = found.compilable
  const judged = judgedInputs(model, { ...options, folder }, inputs, MOST_ROWS)
  const told = classLabels(judged.labels ?? [], tabular.label?.classes)
  if ('unknown' in told)
    return { absent: `the label of row ${told.row}, ${JSON.stringify(told.unknown)}, is no class of the model` }
  const width = tabular.input.featureCount
  const samples = judged.samples.map((feeds) => feeds[input.name]!.data as Float32Array)
  if (samples.some(({ length }) => length !== width)) return { absent: 'each sample is a batch: give rows with --batch 1' }
  if (samples.length < LEAST_ROWS)
    return { absent: `${samples.length} labelled rows show too little; give ${LEAST_ROWS} at least` }
  const rows = new Float64Array(samples.length * width)
  samples.forEach((row, r) => {
    rows.set(row, r * width)
  })
  const trees = firstTrees(tabular, rows, told.labels)
  return trees === undefined ? { absent: 'it has one tree, or the labels are all alike' } : { firstTrees: trees }
}
