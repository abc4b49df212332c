// XGBoost's document as a tabular model: boosters, base score, objective, and which trees count. src/learner.cc, src/gbm/gbtree_model.cc
import { assembleForest, type ListedTree, plainSum } from '@whyslow/graph/forest/assemble.ts'
import type { Forest, LinearScores, TabularModel } from '@whyslow/graph/forest/types.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { DocumentRecord } from '../tabular/record.ts'
import { SetWriter } from '../tabular/set-writer.ts'
import { MOST_FEATURES } from '../tabular/tabular-model.ts'
import { labelOf } from '../tabular/transforms.ts'
import { type Objective, objectiveOf } from './objectives.ts'
import { listedTree } from './trees.ts'

/** Outputs that are read; more would be a number in a damaged file. */
const MOST_OUTPUTS = 100_000
const MOST_TREES = 10_000_000

/** Throws InputError if the document is damaged, or has a booster or an objective that is not known. */
export function tabularOfXgboost(document: DocumentRecord, file: string): TabularModel {
  const learner = document.record('learner')
  const param = learner.record('learner_model_param')
  const name = learner.record('objective').text('name')
  const objective = objectiveOf(name, file)
  const featureCount = param.count('num_feature', MOST_FEATURES)
  const outputCount = outputsOf(param)
  const booster = learner.record('gradient_booster')
  const start = baseMargins(param, { outputCount, objective, file })
  const about: About = { file, learner, featureCount, outputCount, start, notes: [] }
  const scores = scoresOf(booster, about)
  const names = learner.has('feature_names') ? learner.texts('feature_names') : []
  const label = labelOf(objective.classes, outputCount, 'margin')
  return {
    maker: 'xgboost',
    objective: name,
    input: { dtype: 'float32', featureCount, ...(names.length === featureCount && { names }) },
    prepare: [],
    scores,
    transform: objective.transform,
    ...(label !== undefined && { label }),
    notes: about.notes,
  }
}

interface About {
  readonly file: string
  readonly learner: DocumentRecord
  readonly featureCount: number
  readonly outputCount: number
  /** Margin that each output starts with. */
  readonly start: Float64Array
  readonly notes: string[]
}

function outputsOf(param: DocumentRecord): number {
  const classes = param.has('num_class') ? param.count('num_class', MOST_OUTPUTS) : 0
  const targets = param.has('num_target') ? param.count('num_target', MOST_OUTPUTS) : 1
  return Math.max(classes, targets, 1)
}

/** One number in words, and since 3.1 a list in brackets, even of one. */
function baseMargins(
  param: DocumentRecord,
  { outputCount, objective, file }: { readonly outputCount: number; readonly objective: Objective; readonly file: string },
): Float64Array {
  const said = param.raw('base_score')
  const text = typeof said === 'number' ? String(said) : (typeof said === 'string' ? said : '0.5').trim()
  const inside = /^[[(](.*)[\])]$/.exec(text)?.[1] ?? text
  const scores = inside
    .split(',')
    .filter((one) => one.trim() !== '')
    .map((one) => Math.fround(Number(one)))
  const given = scores.length === 0 ? [0.5] : scores
  if (given.some((one) => !Number.isFinite(one)) || (given.length !== 1 && given.length !== outputCount))
    throw new InputError(
      `${file}: base_score ${text.slice(0, 40)} is none for ${outputCount} outputs; the file is damaged, save the model again`,
    )
  const toMargin = param.raw('base_score_is_margin') === true ? (score: number) => score : objective.toMargin
  const all = Array.from({ length: outputCount }, (_, k) => given[given.length === 1 ? 0 : k]!)
  const margins = Float64Array.from(all, (score, k) => toMargin(score, all[k - 1]))
  if (objective.transform[0]?.kind === 'expectiles' && !margins.every(Number.isFinite))
    throw new InputError(`${file}: base_score ${text.slice(0, 40)} does not ascend, as expectiles do; save the model again`)
  return margins
}

function scoresOf(booster: DocumentRecord, about: About): Forest | LinearScores {
  const name = booster.text('name')
  if (name === 'gblinear') return linearScores(booster.record('model'), about)
  if (name === 'gbtree') return forestOf(booster.record('model'), undefined, about)
  // Up to 3.3; later files call it gbtree and keep its weights in the model.
  if (name === 'dart') return forestOf(booster.record('gbtree').record('model'), booster.numbers('weight_drop'), about)
  throw new InputError(`${about.file} has the booster '${name}', which is not read; gbtree, dart and gblinear are`)
}

/** weights[f · K + k], the last row the bias. */
function linearScores(model: DocumentRecord, { file, featureCount, outputCount, start }: About): LinearScores {
  const given = model.numbers('weights')
  if (given.length !== (featureCount + 1) * outputCount)
    throw new InputError(
      `${file} has ${given.length} weights for ${featureCount} features and ${outputCount} outputs; the file is damaged`,
    )
  const weights = new Float64Array(featureCount * outputCount)
  for (let k = 0; k < outputCount; k++)
    for (let f = 0; f < featureCount; f++) weights[k * featureCount + f] = Math.fround(given[f * outputCount + k]!)
  const bias = Float64Array.from({ length: outputCount }, (_, k) =>
    Math.fround(Math.fround(given[featureCount * outputCount + k]!) + start[0]!),
  )
  const end = new Float64Array(outputCount)
  return { kind: 'linear', precision: 'float32', outputCount, featureCount, weights, start: bias, end, missing: 'skipped' }
}

function forestOf(model: DocumentRecord, dropped: ArrayLike<number> | undefined, about: About): Forest {
  const { file, featureCount, outputCount, start } = about
  const listed = model.records('trees')
  const trees = inOrder(listed, file)
  const groups = model.numbers('tree_info')
  if (groups.length !== trees.length)
    throw new InputError(
      `${file}: tree_info has ${groups.length} numbers for ${trees.length} trees; the file is damaged, save the model again`,
    )
  const weights = dropped ?? (model.has('weight_drop') ? model.numbers('weight_drop') : [])
  const count = treesThatCount(model, trees.length, about)
  if (hasFrameCategories(model))
    about.notes.push(
      'its categories came from a DataFrame: give each as its position in the list of its column, as XGBoost does with frames',
    )
  const sets = new SetWriter()
  const read: ListedTree[] = trees.slice(0, count).map((tree, t) => {
    return listedTree(tree, { outputCount, sets, target: groups[t]!, weight: Math.fround(weights[t] ?? 1) })
  })
  const sum = plainSum('float32', outputCount, { start })
  const parts = {
    trees: read,
    compare: 'float32',
    featureCount,
    outputCount,
    sum,
    categories: 'xgboost',
    sets: sets.sets(),
  } as const
  return assembleForest(parts, file)
}

/** Since 3.1 the file has the categories of a frame's columns. */
function hasFrameCategories(model: DocumentRecord): boolean {
  const cats = model.has('cats') ? model.record('cats') : undefined
  return cats?.has('enc') === true && cats.list('enc').length > 0
}

/** Records in order of their id, which need not be their place in the list. */
function inOrder(listed: readonly DocumentRecord[], file: string): DocumentRecord[] {
  const trees: (DocumentRecord | undefined)[] = listed.map(() => undefined)
  for (const [place, tree] of listed.entries()) {
    const id = tree.has('id') ? tree.count('id', MOST_TREES) : place
    if (id >= trees.length || trees[id] !== undefined)
      throw new InputError(
        `${file}: tree ${id} of ${trees.length} appears twice or is one too many; the file is damaged, save the model again`,
      )
    trees[id] = tree
  }
  return trees.map((tree) => tree!)
}

/**
 * XGBoost's own predict uses all trees; that of its scikit-learn classes those up to the best iteration. Both write it into the file;
 * only the second leaves the attribute `scikit_learn` there. Which was followed, and why, is noted.
 */
function treesThatCount(model: DocumentRecord, treeCount: number, { learner, outputCount, notes }: About): number {
  const attributes = learner.has('attributes') ? learner.record('attributes') : undefined
  const best = Number(attributes?.raw('best_iteration') ?? Number.NaN)
  if (!Number.isInteger(best) || best < 0) return treeCount
  const end = treesUpTo(model, { iteration: best, treeCount, outputCount })
  if (end >= treeCount) return treeCount
  if (attributes?.has('scikit_learn')) {
    notes.push(
      `only the first ${end} of ${treeCount} trees count, up to the best iteration (${best}): the file was saved by XGBoost's scikit-learn classes, whose predict stops there; Booster.predict would use all`,
    )
    return end
  }
  notes.push(
    `all ${treeCount} trees count, as in Booster.predict, though the best iteration (${best}) ends after ${end}; XGBoost's scikit-learn classes would stop there`,
  )
  return treeCount
}

interface Range {
  readonly iteration: number
  readonly treeCount: number
  readonly outputCount: number
}

/** Where the trees of an iteration end. */
function treesUpTo(model: DocumentRecord, { iteration, treeCount, outputCount }: Range): number {
  if (model.has('iteration_indptr')) {
    const ends = model.numbers('iteration_indptr')
    return Math.min(ends[iteration + 1] ?? treeCount, treeCount)
  }
  const param = model.has('gbtree_model_param') ? model.record('gbtree_model_param') : undefined
  const parallel = Math.max(Number(param?.raw('num_parallel_tree') ?? 1) || 1, 1)
  return Math.min((iteration + 1) * parallel * outputCount, treeCount)
}
