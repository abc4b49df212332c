// Linear models and support vector machines of ai.onnx.ml. https://onnx.ai/onnx/operators/onnx_aionnxml_LinearClassifier.html ,
// …_SVMClassifier.html. Their weights are attributes, read once per prediction. A single input row may have rank 1.

import { sizeInBytes } from '../dtype.ts'
import type { NodeView, TensorType } from '../types.ts'
import { numberAttribute, numbersAttribute, textAttribute } from './attributes.ts'
import { sumFunctionCounts } from './counts/functions.ts'
import { postTransformOps } from './counts/post-transform.ts'
import { defineFamily, type Formula, formula, type OperatorFacts, sameFor } from './family.ts'
import type { ReadInput } from './input-use.ts'
import type { Work } from './work.ts'

function rowsOf(x: TensorType): number {
  return x.shape.length > 1 ? x.shape[0]! : 1
}

/** Weights in attributes are float32. */
function floatBytes(count: number): number {
  return sizeInBytes({ dtype: 'float32', shape: [count] })!
}

// coefficients: scores * features, intercepts: scores
const linear: Formula = formula([0], [], ([x], _, { node }) => {
  const coefficients = numbersAttribute(node, 'coefficients')
  if (coefficients === undefined) return 'it has no coefficients'
  const rows = rowsOf(x)
  const scores = coefficients.length / x.shape.at(-1)!
  const intercepts = numbersAttribute(node, 'intercepts')?.length ?? 0
  const after = postTransformOps(node, rows, scores)
  return {
    macs: rows * coefficients.length,
    simpleOps: (intercepts > 0 ? rows * scores : 0) + after.simple,
    specialOps: after.special,
    functions: after.functions ?? {},
    attributeBytes: floatBytes(coefficients.length + intercepts),
  }
})

/** All kernels of `rows` rows with `vectors` support vectors. */
function kernelWork(node: NodeView, rows: number, vectors: number, features: number): Work {
  const kernels = rows * vectors
  switch (textAttribute(node, 'kernel_type', 'LINEAR')) {
    case 'LINEAR':
      return { macs: kernels * features, simpleOps: 0, specialOps: 0 }
    case 'RBF':
      // exp(-gamma * |x - v|^2): subtract, multiply-add; multiply, exp
      return { macs: kernels * features, simpleOps: kernels * (features + 1), specialOps: kernels, functions: { exp: kernels } }
    default:
      // pow or tanh of gamma * x * v + coef0
      return { macs: kernels * features, simpleOps: kernels * 2, specialOps: kernels }
  }
}

/** Cost of an SVM; one without support vectors has the coefficients of a linear model. */
const svm = (vectorsOf: (node: NodeView) => number): Formula => {
  const withVectors = formula([0], [], ([x], _, { node }) => {
    const vectors = vectorsOf(node)
    const coefficients = numbersAttribute(node, 'coefficients')?.length ?? vectors
    const rows = rowsOf(x)
    const features = x.shape.at(-1)!
    const kernels = kernelWork(node, rows, vectors, features)
    const after = postTransformOps(node, rows, Math.max(1, numbersAttribute(node, 'vectors_per_class')?.length ?? 1))
    return {
      macs: kernels.macs! + rows * coefficients,
      simpleOps: kernels.simpleOps! + after.simple,
      specialOps: kernels.specialOps! + after.special,
      functions: sumFunctionCounts(kernels.functions, after.functions),
      attributeBytes: floatBytes(vectors * features + coefficients),
    }
  })
  return (context) => (vectorsOf(context.node) === 0 ? linear(context) : withVectors(context))
}

function vectorsOfClassifier(node: NodeView): number {
  return (numbersAttribute(node, 'vectors_per_class') ?? []).reduce((sum, count) => sum + count, 0)
}

function vectorsOfRegressor(node: NodeView): number {
  return numberAttribute(node, 'n_supports', 0)
}

/** coefficients: scores * features */
const weighted: ReadInput = ({ node }) => {
  const coefficients = numbersAttribute(node, 'coefficients')
  const scores = numbersAttribute(node, 'intercepts')?.length ?? numberAttribute(node, 'targets', 1)
  return coefficients && { axes: [[-1, { meaning: 'features', size: coefficients.length / Math.max(1, scores) }]] }
}

const facts: OperatorFacts = { reads: sameFor(['ai.onnx.ml:LinearClassifier', 'ai.onnx.ml:LinearRegressor'], weighted) }

export const linearMlFamily = defineFamily('linear-ml', facts, {
  'ai.onnx.ml:LinearClassifier': linear,
  'ai.onnx.ml:LinearRegressor': linear,
  'ai.onnx.ml:SVMClassifier': svm(vectorsOfClassifier),
  'ai.onnx.ml:SVMRegressor': svm(vectorsOfRegressor),
})
