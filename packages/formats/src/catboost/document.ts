// CatBoost's JSON as a tabular model: features, trees, scale and bias, and what becomes of the sum by the loss that it was trained with.
// catboost/libs/model/eval_processing.cpp, catboost/private/libs/options/loss_description

import { range } from '@whyslow/graph/builder/range.ts'
import { assembleForest, type ListedTree, plainSum } from '@whyslow/graph/forest/assemble.ts'
import type { Forest, LabelRule, TabularModel, Transform } from '@whyslow/graph/forest/types.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { jsonValue } from '@whyslow/graph/json.ts'
import type { DocumentRecord } from '../tabular/record.ts'
import { EXP, logistic, PAIR, SOFTMAX } from '../tabular/transforms.ts'
import { type Features, numericFeatures } from './features.ts'
import { anyShapeTree, obliviousParts, obliviousTree } from './trees.ts'

const MOST_OUTPUTS = 100_000

export function tabularOfCatboost(document: DocumentRecord, file: string): TabularModel {
  const features = numericFeatures(document.record('features_info'), file)
  const { scale, biases } = scaleAndBias(document, file)
  const scores = forestOf(document, { file, features, scale, biases })
  const info = document.has('model_info') ? document.record('model_info') : undefined
  const loss = lossOf(info)
  const { transform, isClassifier } = transformOf(loss, scores.outputCount, file)
  const label = isClassifier ? labelOf(classesOf(info), scores.outputCount, file) : undefined
  return {
    maker: 'catboost',
    objective: loss,
    input: { dtype: 'float32', featureCount: features.count, ...(features.names !== undefined && { names: features.names }) },
    prepare: [],
    scores,
    transform,
    ...(label !== undefined && { label }),
    notes: [],
  }
}

interface About {
  readonly file: string
  readonly features: Features
  readonly scale: number
  readonly biases: ArrayLike<number>
}

function forestOf(document: DocumentRecord, { file, features, scale, biases }: About): Forest {
  const isOblivious = document.has('oblivious_trees')
  const trees = isOblivious ? document.records('oblivious_trees') : document.records('trees')
  const bias = biases.length > 0 ? biases : [0]
  const listed = trees.map((tree) => (isOblivious ? obliviousTree(tree, features) : anyShapeTree(tree, features)))
  const outputCount = Math.max(bias.length, listed[0]?.width ?? 1)
  if (
    outputCount > MOST_OUTPUTS ||
    bias.length > outputCount ||
    (bias.length !== 1 && bias.length !== outputCount) ||
    listed.some(({ width }) => width !== outputCount)
  )
    throw new InputError(
      `${file}: its trees and its bias differ in the number of outputs; the file is damaged, save the model again`,
    )
  const end = Float64Array.from({ length: outputCount }, (_, k) => bias[bias.length === 1 ? 0 : k]!)
  const forest = assembleForest(
    {
      trees: listed satisfies readonly ListedTree[],
      compare: 'float32',
      featureCount: features.count,
      outputCount,
      sum: plainSum('float64', outputCount, { scale, end }),
    },
    file,
  )
  return isOblivious ? { ...obliviousParts(trees, features, forest) } : forest
}

/** [scale, [bias…]], or [scale, bias] in older files; files before have none. */
function scaleAndBias(document: DocumentRecord, file: string): { readonly scale: number; readonly biases: ArrayLike<number> } {
  if (!document.has('scale_and_bias')) return { scale: 1, biases: [0] }
  const [scale, bias] = document.list('scale_and_bias')
  const biases = Array.isArray(bias) ? bias : [bias ?? 0]
  if (typeof scale !== 'number' || !biases.every((one): one is number => typeof one === 'number'))
    throw new InputError(`${file}: scale_and_bias is none; the file is damaged, save the model again`)
  return { scale, biases }
}

/** 'Logloss', without its parameters; '' where the file does not say it. Older files hold the parameters as a text of JSON. */
function lossOf(info: DocumentRecord | undefined): string {
  const loss = fieldOf(fieldOf(info?.raw('params'), 'loss_function'), 'type')
  return typeof loss === 'string' ? loss.split(':')[0]! : ''
}

/** Losses whose own prediction is a probability or an exponent; of all others it is the sum itself. */
function transformOf(
  loss: string,
  outputCount: number,
  file: string,
): { readonly transform: readonly Transform[]; readonly isClassifier: boolean } {
  switch (loss) {
    case 'Logloss':
    case 'CrossEntropy':
    case 'Focal':
      return { transform: [logistic(), PAIR], isClassifier: true }
    case 'MultiClass':
      return { transform: [SOFTMAX], isClassifier: true }
    case 'MultiClassOneVsAll':
      return { transform: [logistic()], isClassifier: true }
    case 'MultiLogloss':
    case 'MultiCrossEntropy':
      return { transform: [logistic()], isClassifier: false }
    case 'Poisson':
    case 'Tweedie':
      return { transform: [EXP], isClassifier: false }
    case 'RMSEWithUncertainty':
    case 'LogCosh':
      if (outputCount === 1) return { transform: [], isClassifier: false }
      throw new InputError(
        `${file} was trained with the loss ${loss}, whose predictions are not read; convert the model to ONNX where it was trained`,
      )
    default:
      return { transform: [], isClassifier: false }
  }
}

type Classes = readonly number[] | readonly string[]

/** Their names, in the order of the outputs; older files keep them among the options of training. */
function classesOf(info: DocumentRecord | undefined): Classes | undefined {
  const names =
    fieldOf(info?.raw('class_params'), 'class_names') ??
    fieldOf(fieldOf(info?.raw('params'), 'data_processing_options'), 'class_names')
  if (!Array.isArray(names) || names.length === 0) return undefined
  if (names.every((name): name is number => typeof name === 'number' && Number.isSafeInteger(name))) return names
  return names.map(String)
}

/** A field of an object, or of a text of JSON that is one. */
function fieldOf(value: unknown, key: string): unknown {
  const record = typeof value === 'string' ? jsonValue(value) : value
  return (record as Readonly<Record<string, unknown>> | null | undefined)?.[key]
}

function labelOf(classes: Classes | undefined, outputCount: number, file: string): LabelRule {
  const count = outputCount === 1 ? 2 : outputCount
  const names = classes ?? range(0, count)
  if (names.length !== count)
    throw new InputError(`${file} names ${names.length} classes and has ${count}; the file is damaged, save the model again`)
  return { classes: names, from: 'margin', by: outputCount === 1 ? 'above' : 'largest', cut: 0 }
}
