// LightGBM models in text form, as save_model writes them. Everything is double.
// https://github.com/microsoft/LightGBM/blob/master/src/boosting/gbdt_model_text.cpp
import { assembleForest, plainSum } from '@whyslow/graph/forest/assemble.ts'
import type { Forest, TabularModel, Transform } from '@whyslow/graph/forest/types.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { readWhole } from './file.ts'
import { type Objective, objectiveOf } from './lightgbm/objectives.ts'
import { parseTextModel, type TextBlock, type TextModel } from './lightgbm/text.ts'
import { LinearWriter, listedTree } from './lightgbm/trees.ts'
import { SetWriter } from './tabular/set-writer.ts'
import { MOST_FEATURES, tabularModel } from './tabular/tabular-model.ts'
import { labelOf } from './tabular/transforms.ts'

/** A text of JavaScript's has 2²⁹ characters at most. */
const LIMIT_BYTES = 2 ** 29 - 32
const MOST_CLASSES = 100_000

/**
 * The model in `file`: input `input`, outputs `prediction`, `margin` and, of classifiers, `label`. Throws InputError if the file is damaged
 * or has an objective that is not known.
 */
export async function readLightgbm(file: string): Promise<Model> {
  const bytes = readWhole(file, LIMIT_BYTES, 'a text model above 500 MB is not read')
  const text = new TextDecoder().decode(bytes)
  const tabular = { ...tabularOf(parseTextModel(text, file), file), notes: notesOf(text) }
  return tabularModel(tabular, { file, format: 'lightgbm', parts: [bytes] })
}

/** The last line has the categories of each categorical column of the DataFrame that it was trained on. */
function notesOf(text: string): readonly string[] {
  const at = text.lastIndexOf('\npandas_categorical:')
  const lists =
    at < 0
      ? ''
      : text
          .slice(at + '\npandas_categorical:'.length)
          .split('\n', 1)[0]!
          .trim()
  if (lists === '' || lists === 'null' || lists === '[]') return []
  return [
    'its categories came from a DataFrame: give each as its position in the list of its column, as LightGBM does with frames',
  ]
}

/** As sums of exponentials round it. */
const MOST_PROBABILITY = 1 + 1e-9

/**
 * Whether each leaf of a random forest holds what the objective made of it, so that the mean of trees is the prediction. Versions up to 2.2.2
 * wrote them so, 2.2.3 writes raw scores, and nothing else in their files tells them apart: 'v2' stands in both. Leaves that are all
 * probabilities are no scores; where that is no help, an InputError says so.
 */
function hasMadeLeaves({ header, trees }: TextModel, { transform }: Objective, file: string): boolean {
  const kind = transform[0]?.kind
  if (kind === undefined || !header.has('average_output') || !header.has('version') || header.text('version') !== 'v2')
    return false
  const areAll = (test: (value: number) => boolean) => trees.every((tree) => tree.numbers('leaf_value').every(test))
  if (kind === 'logistic' || kind === 'softmax') return areAll((value) => value >= 0 && value <= MOST_PROBABILITY)
  if (kind !== 'signed-square' && !areAll((value) => value > 0)) return false
  throw new InputError(
    `${file} is a random forest of LightGBM 2 whose leaves may be scores or predictions: versions before 2.2.3 wrote the latter; train it again with a newer one`,
  )
}

function tabularOf(model: TextModel, file: string): TabularModel {
  const { header, trees } = model
  const featureCount = header.count('max_feature_idx', MOST_FEATURES - 1) + 1
  const outputCount = header.has('num_tree_per_iteration')
    ? header.count('num_tree_per_iteration', MOST_CLASSES)
    : header.count('num_class', MOST_CLASSES)
  if (outputCount < 1 || trees.length % outputCount !== 0)
    throw new InputError(
      `${file} has ${trees.length} trees for ${outputCount} outputs; the file is damaged or cut off, save the model again`,
    )
  const said = header.has('objective') ? header.text('objective') : undefined
  const objective = objectiveOf(said, file)
  const names = header.has('feature_names') ? header.text('feature_names').split(' ') : []
  // A random forest's scores are the sum over its trees, and its prediction is made of the mean.
  const isMean = header.has('average_output') && trees.length > outputCount
  const mean: readonly Transform[] = isMean ? [{ kind: 'divide', by: trees.length / outputCount }] : []
  const label = labelOf(objective.classes, outputCount, 'prediction')
  return {
    maker: 'lightgbm',
    objective: said?.split(' ')[0] ?? 'custom',
    input: { dtype: 'float64', featureCount, ...(names.length === featureCount && { names }) },
    prepare: [],
    scores: forestOf(trees, { file, featureCount, outputCount }),
    transform: hasMadeLeaves(model, objective, file) ? mean : [...mean, ...objective.transform],
    ...(label !== undefined && { label }),
    notes: [],
  }
}

interface About {
  readonly file: string
  readonly featureCount: number
  readonly outputCount: number
}

/** Tree t belongs to output t mod K. */
function forestOf(trees: readonly TextBlock[], { file, featureCount, outputCount }: About): Forest {
  const sets = new SetWriter()
  const linear = new LinearWriter()
  const listed = trees.map((tree, t) => listedTree(tree, { target: t % outputCount, featureCount, sets, linear }))
  const linearLeaves = linear.leaves()
  return assembleForest(
    {
      trees: listed,
      compare: 'float64',
      featureCount,
      outputCount,
      sum: plainSum('float64', outputCount),
      categories: 'lightgbm',
      sets: sets.sets(),
      ...(linearLeaves !== undefined && { linearLeaves }),
    },
    file,
  )
}
