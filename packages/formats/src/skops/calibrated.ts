// Two classes with calibrated probabilities: the mean over the folds. Of a linear classifier by Platt's sigmoid that is a network of one layer.
// sklearn/calibration.py
import type { DenseLayer } from '@whyslow/graph/forest/types.ts'
import { PAIR } from '../tabular/transforms.ts'
import { classesOf, notRead, type Predictor, type SkopsContext } from './context.ts'
import type { InertObject } from './inert.ts'
import { calibratedKinds, type ReadModel } from './stacked.ts'

export function calibrated(estimator: InertObject, context: SkopsContext, read: ReadModel): Predictor {
  const classes = classesOf(estimator)
  if (classes.length !== 2) throw notRead(estimator, context, 'of more than two classes')
  const folds = estimator.field('calibrated_classifiers_').items()
  const found = folds.map(lineOf)
  if (found.some((one) => one === undefined)) return calibratedKinds(estimator, { context, read })
  const lines = found as readonly Line[]
  const inputs = lines[0]?.weights.length ?? 0
  const first: DenseLayer = {
    inputs,
    outputs: lines.length,
    weights: Float64Array.from(lines.flatMap(({ weights }) => [...weights])),
    bias: Float64Array.from(lines, ({ bias }) => bias),
    activation: 'logistic',
  }
  const mean: DenseLayer = {
    inputs: lines.length,
    outputs: 1,
    weights: new Float64Array(lines.length).fill(1 / lines.length),
    bias: new Float64Array(1),
    activation: 'identity',
  }
  return {
    scores: { kind: 'network', precision: 'float64', outputCount: 1, layers: [first, mean] },
    transform: [PAIR],
    label: { classes, from: 'prediction', by: 'above', cut: 0.5 },
  }
}

interface Line {
  readonly weights: Float64Array
  readonly bias: number
}

/** logistic(-(a * (w x + c) + b)): what is in the exponent; undefined of another classifier, or calibration. */
function lineOf(fold: InertObject): Line | undefined {
  const inner = fold.has('estimator') ? fold.field('estimator') : fold.field('base_estimator')
  const [calibrator] = fold.field('calibrators').items()
  if (!calibrator?.has('a_') || !inner.has('coef_')) return undefined
  const [a, b] = [calibrator.field('a_').number(), calibrator.field('b_').number()]
  const intercept = inner.field('intercept_')
  const c = intercept.isArray() ? (intercept.array().numbers[0] ?? 0) : intercept.number()
  return {
    weights: inner
      .field('coef_')
      .array()
      .numbers.map((w) => -a * w),
    bias: -(a * c + b),
  }
}
