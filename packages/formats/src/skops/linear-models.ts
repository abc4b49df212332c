// Linear models and multi-layer perceptrons. sklearn/linear_model/_base.py, _logistic.py, _glm/glm.py, neural_network/_multilayer_perceptron.py
import type { Activation, DenseLayer, LabelRule, LinearScores, Transform } from '@whyslow/graph/forest/types.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { EXP, logistic, PAIR, SOFTMAX } from '../tabular/transforms.ts'
import { classesOf, notRead, optionalField, type Predictor, type SkopsContext } from './context.ts'
import type { InertObject } from './inert.ts'

/** Values as they are. */
export function linearRegression(estimator: InertObject): Predictor {
  return { scores: linearScores(estimator), transform: [] }
}

/** Poisson, gamma and Tweedie regression: by the link that was fitted. */
export function generalizedLinear(estimator: InertObject): Predictor {
  const power = estimator.className === 'TweedieRegressor' ? Number(optionalField(estimator, 'power') ?? 0) : 1
  const link = estimator.className === 'TweedieRegressor' ? optionalField(estimator, 'link') : 'log'
  const isLog = link === 'log' || (link !== 'identity' && power > 0)
  return { scores: linearScores(estimator), transform: isLog ? [EXP] : [] }
}

/** Scores, without probabilities. */
export function linearClassifier(estimator: InertObject): Predictor {
  const scores = linearScores(estimator)
  return { scores, transform: [], label: linearLabel(estimator, scores.outputCount) }
}

/** Also of linear discriminant analysis, whose scores become probabilities in the same way. */
export function logisticRegression(estimator: InertObject): Predictor {
  const scores = linearScores(estimator)
  const how = optionalField(estimator, 'multi_class')
  const isSeparate = how === 'ovr' || optionalField(estimator, 'solver') === 'liblinear'
  return {
    scores,
    transform: probabilities(scores.outputCount, { isSeparate, slope: how === 'multinomial' ? 2 : 1 }),
    label: linearLabel(estimator, scores.outputCount),
  }
}

/** Probabilities only where it was trained with the logistic loss. */
export function stochasticGradientClassifier(estimator: InertObject, context: SkopsContext): Predictor {
  const loss = estimator.field('loss').text()
  if (loss === 'modified_huber') throw notRead(estimator, context, 'with the loss modified_huber')
  if (loss !== 'log_loss' && loss !== 'log') return linearClassifier(estimator)
  const scores = linearScores(estimator)
  return {
    scores,
    transform: probabilities(scores.outputCount, { isSeparate: true, slope: 1 }),
    label: linearLabel(estimator, scores.outputCount),
  }
}

/** One output is that of the second class; several are softmax, or each its own class against the rest. */
function probabilities(
  outputs: number,
  { isSeparate, slope }: { readonly isSeparate: boolean; readonly slope: number },
): Transform[] {
  if (outputs === 1) return [logistic(slope), PAIR]
  return isSeparate ? [logistic(1), { kind: 'normalize' }] : [SOFTMAX]
}

function linearLabel(estimator: InertObject, outputs: number): LabelRule {
  return { classes: classesOf(estimator), from: 'margin', by: outputs === 1 ? 'above' : 'largest', cut: 0 }
}

function linearScores(estimator: InertObject): LinearScores {
  const { shape, numbers } = estimator.field('coef_').array()
  const featureCount = shape[shape.length - 1] ?? 0
  const outputCount = shape.length === 1 ? 1 : (shape[0] ?? 0)
  if (outputCount < 1 || featureCount < 1)
    throw new InputError(`${estimator.where}: coef_ has no numbers; the model was not fitted`)
  const intercept = estimator.has('intercept_') ? estimator.field('intercept_') : undefined
  const given =
    intercept === undefined
      ? Float64Array.of(0)
      : intercept.isArray()
        ? intercept.array().numbers
        : Float64Array.of(intercept.number())
  const end = Float64Array.from({ length: outputCount }, (_, k) => given[given.length === 1 ? 0 : k] ?? 0)
  return {
    kind: 'linear',
    precision: 'float64',
    outputCount,
    featureCount,
    weights: numbers,
    start: new Float64Array(outputCount),
    end,
    missing: 'missing',
  }
}

const ACTIVATIONS: Readonly<Record<string, Activation>> = {
  identity: 'identity',
  relu: 'relu',
  tanh: 'tanh',
  logistic: 'logistic',
}

/** Layers of weights inputs × outputs. The last one's activation is what makes predictions of its sums. */
export function multiLayerPerceptron(estimator: InertObject, context: SkopsContext): Predictor {
  const activation = ACTIVATIONS[estimator.field('activation').text()]
  const last = estimator.field('out_activation_').text()
  const transform = lastTransform(last)
  if (activation === undefined || transform === undefined) throw notRead(estimator, context, `with the activation ${last}`)
  const biases = estimator.field('intercepts_').items()
  const weights = estimator.field('coefs_').items()
  const layers = weights.map((one, k): DenseLayer => {
    return { ...denseLayer(one, biases[k]), activation: k === weights.length - 1 ? 'identity' : activation }
  })
  const outputCount = layers.at(-1)?.outputs ?? 0
  if (layers.some(({ inputs }, k) => k > 0 && layers[k - 1]!.outputs !== inputs))
    throw new InputError(`${estimator.where}: its layers do not fit each other; the file is damaged`)
  const scores = { kind: 'network', precision: 'float64', outputCount, layers } as const
  if (!estimator.className.endsWith('Classifier')) return { scores, transform }
  const isPair = last === 'logistic' && outputCount === 1
  if (last === 'logistic' && outputCount > 1) throw notRead(estimator, context, 'of several labels')
  const label: LabelRule = { classes: classesOf(estimator), from: 'prediction', by: isPair ? 'above' : 'largest', cut: 0.5 }
  return { scores, transform: isPair ? [...transform, PAIR] : transform, label }
}

function lastTransform(name: string): readonly Transform[] | undefined {
  switch (name) {
    case 'identity':
      return []
    case 'logistic':
      return [logistic(1)]
    case 'softmax':
      return [SOFTMAX]
    case 'exp':
      return [EXP]
    default:
      return undefined
  }
}

function denseLayer(coefficients: InertObject, intercepts: InertObject | undefined): Omit<DenseLayer, 'activation'> {
  const { shape, numbers } = coefficients.array()
  const [inputs = 0, outputs = 0] = shape
  const bias = intercepts?.array().numbers
  if (shape.length !== 2 || bias === undefined || bias.length !== outputs)
    throw new InputError(`${coefficients.where} does not fit its intercepts; the file is damaged`)
  const weights = Float64Array.from(numbers, (_, k) => numbers[(k % inputs) * outputs + Math.floor(k / inputs)]!)
  return { inputs, outputs, weights, bias }
}
