// LightGBM's objectives, by the first word of the header's `objective`: what becomes of the raw score, in double.
// src/objective/*.hpp, ConvertOutput
import type { Transform } from '@whyslow/graph/forest/types.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { type Classes, EXP, logistic, SOFTMAX } from '../tabular/transforms.ts'

export interface Objective {
  readonly transform: readonly Transform[]
  readonly classes: Classes
}

const identity: Objective = { transform: [], classes: 'none' }
const exponential: Objective = { transform: [EXP], classes: 'none' }

type Words = readonly string[]

const OBJECTIVES: Readonly<Record<string, (words: Words, file: string) => Objective>> = {
  binary: (words, file) => ({ transform: [logistic(sigmoidOf(words, file))], classes: 'two' }),
  multiclass: () => ({ transform: [SOFTMAX], classes: 'many' }),
  multiclassova: (words, file) => ({ transform: [logistic(sigmoidOf(words, file))], classes: 'many' }),
  cross_entropy: () => ({ transform: [logistic()], classes: 'none' }),
  cross_entropy_lambda: () => ({ transform: [{ kind: 'log1p-exp', precision: 'float64' }], classes: 'none' }),
  // As versions before 2.3 called them.
  xentropy: () => ({ transform: [logistic()], classes: 'none' }),
  xentlambda: () => ({ transform: [{ kind: 'log1p-exp', precision: 'float64' }], classes: 'none' }),
  poisson: () => exponential,
  gamma: () => exponential,
  tweedie: () => exponential,
  regression: squared,
  regression_l1: squared,
  huber: squared,
  fair: squared,
  quantile: squared,
  mape: squared,
  lambdarank: () => identity,
  rank_xendcg: () => identity,
  custom: () => identity,
  none: () => identity,
}

/** The objective that the header names; a model of a custom objective has none. Throws InputError for a word that is not known. */
export function objectiveOf(text: string | undefined, file: string): Objective {
  const words = (text ?? 'custom').split(' ').filter((word) => word !== '')
  const name = words[0] ?? 'custom'
  const make = Object.hasOwn(OBJECTIVES, name) ? OBJECTIVES[name] : undefined
  if (make !== undefined) return make(words, file)
  throw new InputError(
    `${file} has the objective '${name}', which is not read: how its predictions follow from the scores is not known; convert the model to ONNX where it was trained`,
  )
}

/** Trained on the square root of the labels where the word stands there. */
function squared(words: Words): Objective {
  return words.includes('sqrt') ? { transform: [{ kind: 'signed-square' }], classes: 'none' } : identity
}

function sigmoidOf(words: Words, file: string): number {
  const word = words.find((one) => one.startsWith('sigmoid:'))
  const slope = Number(word?.slice('sigmoid:'.length) ?? 1)
  if (!Number.isFinite(slope) || slope <= 0)
    throw new InputError(`${file}: the objective has '${word}', no sigmoid; the file is damaged`)
  return slope
}
