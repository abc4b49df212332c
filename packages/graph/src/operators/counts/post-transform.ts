// `post_transform` of classifiers and regressors in ai.onnx.ml: what is done to the scores at the end.

import type { NodeView } from '../../types.ts'
import { numberAttribute, textAttribute } from '../attributes.ts'
import { activationOps, type ElementOps } from './activation-ops.ts'
import { evaluateCounts } from './functions.ts'
import { softmaxOps } from './softmax-ops.ts'

/** A name in most operators, its number in TreeEnsemble 5. */
const BY_NUMBER = ['NONE', 'SOFTMAX', 'LOGISTIC', 'SOFTMAX_ZERO', 'PROBIT']

/** All operations on `rows` rows of `width` scores. */
export function postTransformOps(node: NodeView, rows: number, width: number): ElementOps {
  const name = textAttribute(node, 'post_transform', BY_NUMBER[numberAttribute(node, 'post_transform', 0)] ?? 'NONE')
  const scores = rows * width
  if (name === 'NONE') return { simple: 0, special: 0 }
  if (name.startsWith('SOFTMAX')) return softmaxOps(scores, rows)
  // PROBIT, the inverse of the normal distribution, is a logarithm and a root per score, like the two of the sigmoid.
  const sigmoid = activationOps('sigmoid')!
  const ops = { simple: scores * sigmoid.simple, special: scores * sigmoid.special }
  return name === 'LOGISTIC' ? { ...ops, functions: evaluateCounts(sigmoid.functions, scores) } : ops
}
