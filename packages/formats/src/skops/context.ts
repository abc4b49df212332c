// What readers of estimators share: the version that wrote the file, and how they refuse.

import type { LabelRule, Preparation, TabularModel } from '@whyslow/graph/forest/types.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { InertObject } from './inert.ts'

export interface SkopsContext {
  readonly file: string
  /** Version of scikit-learn: 1.4 is 104; the newest known version if the file does not say it. */
  readonly version: number
  /** Within an estimator that has functions of scikit-learn's own, which check types and change no number. */
  readonly ownFunctions?: boolean
}

/** A fitted predictor, without what stands before it. */
export type Predictor = Pick<TabularModel, 'scores' | 'transform'> & {
  readonly label?: LabelRule
  readonly prepare?: readonly Preparation[]
}

export function notRead(estimator: InertObject, { file }: SkopsContext, what = ''): InputError {
  const name = estimator.className
  return new InputError(
    `${file}: ${name}${what === '' ? '' : ` ${what}`} is not read; convert the model with skl2onnx where it was trained: skl2onnx.to_onnx(model, X[:1])`,
  )
}

export function versionOf(estimator: InertObject): number {
  if (!estimator.has('_sklearn_version')) return 999
  const [major = 1, minor = 99] = estimator.field('_sklearn_version').text().split('.').map(Number)
  return major * 100 + minor
}

/** Names or whole numbers of the classes; other numbers as texts. */
export function classesOf(estimator: InertObject): readonly number[] | readonly string[] {
  const { numbers, texts } = classesArray(estimator)
  if (texts !== undefined) return texts
  return numbers.every(Number.isSafeInteger) ? [...numbers] : [...numbers].map(String)
}

function classesArray(estimator: InertObject): { readonly numbers: Float64Array; readonly texts?: readonly string[] } {
  const classes = estimator.field('classes_')
  if (classes.isArray()) return classes.array()
  // Of objects, as pandas gives texts.
  const values = classes.items().map((one) => one.plain())
  if (values.every((one) => typeof one === 'number')) return { numbers: Float64Array.from(values as number[]) }
  return { numbers: new Float64Array(0), texts: values.map(String) }
}

/** A number, null if the parameter is None. */
export const optionalField = (estimator: InertObject, name: string): unknown =>
  estimator.has(name) ? estimator.field(name).plain() : null

/** Columns that it is given: of selectors, pipelines and means the first model in them that says so. */
export function featureCountOf(estimator: InertObject): number | undefined {
  if (estimator.has('n_features_in_')) return estimator.field('n_features_in_').number()
  const fields = ['estimator_', 'estimator', 'estimators_', 'steps'].flatMap((name) =>
    estimator.has(name) ? [estimator.field(name)] : [],
  )
  const parts = fields.flatMap((one) => (one.isList() ? one.items() : [one]))
  // A step is its name and an estimator.
  for (const part of parts) {
    const found = featureCountOf(part.isList() ? (part.items()[1] ?? part) : part)
    if (found !== undefined) return found
  }
  return undefined
}
